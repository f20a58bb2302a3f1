"""Mentions from bare names, and what a resolution made of them."""

from collections.abc import Callable, Iterable, Sequence

import pytest

from relex_kg.canon.decisions import Decisions
from relex_kg.canon.resolver import Resolver
from relex_kg.ids import document_id, mention_id
from relex_kg.types import Mention, Resolution, Span

Placed = tuple[str, str]
Documents = Iterable[Sequence[Placed]]


def _mentions(documents: Documents) -> list[Mention]:
    found = []
    for number, names in enumerate(documents):
        document = document_id(f"file:{number}")
        start = 0
        for type, name in names:
            span = Span(start, start + len(name))
            found.append(Mention(mention_id(document, *(span.start, span.end), type), document, span, name, type, 0.9))
            start = span.end + 2
    return found


@pytest.fixture(scope="session")
def mentions() -> Callable[[Documents], list[Mention]]:
    """Documents, each a list of (type, name), to mentions two characters apart."""
    return _mentions


@pytest.fixture(scope="session")
def groups() -> Callable[[Resolution], list[list[str]]]:
    """The names of each cluster, the chosen one first."""
    return lambda resolution: sorted([cluster.name, *cluster.aliases] for cluster in resolution.clusters)


@pytest.fixture(scope="session")
def resolver() -> Resolver:
    """The rules alone."""
    return Resolver(Decisions.none())


@pytest.fixture(scope="session")
def resolve(mentions: Callable[[Documents], list[Mention]], resolver: Resolver) -> Callable[[Documents], Resolution]:
    """Documents to what the rules make of them."""
    return lambda documents: resolver.resolve(mentions(documents))


@pytest.fixture(scope="session")
def apart(
    resolve: Callable[[Documents], Resolution], groups: Callable[[Resolution], list[list[str]]]
) -> Callable[..., list[list[str]]]:
    """The clusters of names of one type, each in a document of its own."""
    return lambda type, *names: groups(resolve([[(type, name)] for name in names]))


@pytest.fixture(scope="session")
def together(
    resolve: Callable[[Documents], Resolution], groups: Callable[[Resolution], list[list[str]]]
) -> Callable[..., list[list[str]]]:
    """The clusters of names of one type, all in one document."""
    return lambda type, *names: groups(resolve([[(type, name) for name in names]]))
