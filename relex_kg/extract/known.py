"""Mentions that are known beforehand, so that only the relations between them are asked for."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from relex_kg.errors import ModelError
from relex_kg.extract.decoding import Candidates
from relex_kg.extract.encoding import EncodedText
from relex_kg.extract.request import Request
from relex_kg.extract.windows import Window
from relex_kg.types import Span, TextMention

KnownMention = tuple[Span, str]  # where it stands in its text, and its entity label


@dataclass(frozen=True, slots=True)
class Known:
    """The known mentions of one text.

    Shapes: ``mentions`` in the order given (M); ``words``, first and last word of the text (M, 2); ``labels``, indices
    of the entity labels asked for (M,).
    """

    mentions: tuple[TextMention, ...]
    words: Tensor
    labels: Tensor

    @classmethod
    def of(cls, text: str, encoded: EncodedText, given: Sequence[KnownMention], request: Request) -> "Known":
        """Find the words of mentions; a mention's own span need not fall on words.

        Raises:
            ModelError: a mention is outside the text, touches none of its words, or has a label not asked for.
        """
        row = {asked.label: index for index, asked in enumerate(request.entities)}
        for span, label in given:
            if span.end > len(text):
                raise ModelError(
                    f"the mention at {span.start}..{span.end} is outside its text, which has {len(text)} characters",
                    cause="its offsets are those of another text, or count bytes",
                    fix="give character offsets into the text itself, the end exclusive",
                )
            if label not in row:
                raise ModelError(
                    f"the mention {span.of(text)!r} has the label {label!r}, which is not among the entity labels",
                    fix="add it to the entity labels, or leave these out to take them from the mentions",
                )
        return cls(
            mentions=tuple(TextMention(span, span.of(text), label, 1.0) for span, label in given),
            words=torch.tensor([_touched(text, encoded, span) for span, _ in given], dtype=torch.long).view(-1, 2),
            labels=torch.tensor([row[label] for _, label in given], dtype=torch.long),
        )

    def within(self, window: Window) -> Tensor:
        """Which of the mentions (M',) are whole in a window."""
        inside = (self.words[:, 0] >= window.first) & (self.words[:, 1] < window.first + len(window.text.words))
        return inside.nonzero().squeeze(1)

    def candidates(self, window: Window) -> Candidates:
        """The mentions whole in a window, in the order given, by the window's words."""
        rows = self.within(window)
        return Candidates(self.words[rows] - window.first, self.labels[rows], torch.ones(len(rows)), 0)


def labels_of(mentions: Sequence[Sequence[KnownMention]]) -> tuple[str, ...]:
    """The labels that mentions have, each once, in the order in which they come."""
    return tuple(dict.fromkeys(label for given in mentions for _, label in given))


def _touched(text: str, encoded: EncodedText, span: Span) -> tuple[int, int]:
    """The first and the last word that a span touches."""
    first = bisect_right(encoded.words, span.start, key=lambda word: word.end)
    last = bisect_left(encoded.words, span.end, key=lambda word: word.start) - 1
    if last < first:
        raise ModelError(
            f"the mention {span.of(text)!r} at {span.start}..{span.end} touches no word of its text",
            cause="its offsets are those of another text",
            fix="give the offsets of a piece of text that is not white space",
        )
    return first, last
