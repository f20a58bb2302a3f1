"""Sources without characters of their own: files in which text lies in many parcels, such as paragraphs in XML."""

from collections.abc import Iterator
from contextlib import contextmanager

from relex_kg.source_map import Place
from relex_kg.spans import Span
from relex_kg.text.blocks import Fragment


class Parcels:
    """Numbers the characters of a file in the order in which they are read, and remembers where they were.

    Attributes:
        places: of what was read so far.
    """

    def __init__(self) -> None:
        self.places: list[Place] = []
        self._length = 0
        self._place = ""
        self._page: int | None = None

    @contextmanager
    def within(self, place: str, page: int | None = None) -> Iterator[None]:
        """What is read in this context stands in ``place``: ``paragraph 12``."""
        before = self._place, self._page
        self._place, self._page = place, page
        yield
        self._place, self._page = before

    def fragment(self, text: str) -> Fragment:
        """Take up characters."""
        start, self._length = self._length, self._length + len(text)
        if text:
            last = self.places[-1] if self.places else None
            if last and last.name == self._place and last.span.end == start:
                self.places[-1] = Place(Span(last.span.start, self._length), self._place, self._page)
            else:
                self.places.append(Place(Span(start, self._length), self._place, self._page))
        return Fragment(text, start, self._length)
