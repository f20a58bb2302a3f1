"""What a graph costs as it grows: writing documents, settling them, one more, one less, and nothing at all.

python bench/settle.py --documents 100000
python bench/settle.py --documents 100000 --store bolt://localhost:7687 --password secret

Documents are made up: twenty mentions and ten relations each, of people and organisations whose names follow a skewed
distribution, so that some are in every tenth document and most are rare, with initials, titles, legal forms and slips
of the pen among them. The model has no part in it. The graph stays in the store: a run goes on from the documents that
are there, and one that is stopped can be started again.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from relex_kg.canon.decisions import Decisions
from relex_kg.canon.resolver import Resolver
from relex_kg.graph.bolt import BoltStore
from relex_kg.graph.connect import is_address, open_store
from relex_kg.graph.rows import DocumentRows, document_rows
from relex_kg.ids import chunk_id, document_id, mention_id, relation_id
from relex_kg.settlement.run import settle
from relex_kg.types import Chunk, Document, Extraction, Mention, Relation, Span

RESOLVER = Resolver(Decisions.none())
SIZES = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000)
REPEATS = 5  # of what is done with one document
_SYLLABLES = (
    "ba",
    "den",
    "gor",
    "hil",
    "ka",
    "lum",
    "mar",
    "nes",
    "or",
    "pra",
    "quin",
    "ros",
    "sel",
    "tan",
    "ul",
    "ver",
)
_GIVEN = ("Anna", "Boris", "Carla", "David", "Elena", "Frank", "Greta", "Hugo", "Irene", "Jonas", "Karin", "Louis")
_FORMS = ("", "", " Ltd", " Inc.", " Group", " Institute", " University")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; times are in seconds, memory in MiB."""

    documents: int
    written_a_second: float
    settled_a_second: float
    one_more: float
    one_removed: float
    nothing: float
    client: int
    server: int


def make_document(number: int, *, version: int = 0) -> DocumentRows:
    """The document of this number, the same whenever it is asked for; versions of it say other things."""
    chance = random.Random(f"{number} {version}")
    uri = f"made-up:{number}"
    id = document_id(uri)
    words: list[str] = []
    mentions: list[Mention] = []
    position = 0
    for _ in range(20):
        type = chance.choice(("Person", "Organization"))
        text = _person(chance) if type == "Person" else _organisation(chance)
        span = Span(position, position + len(text))
        mentions.append(Mention(mention_id(id, span.start, span.end, type), id, span, text, type, 0.9))
        words.append(text)
        position = span.end + 2
    text = ", ".join(words)
    relations = [
        Relation(relation_id(head.id, type, tail.id), head.id, tail.id, type, round(chance.uniform(0.5, 1), 4))
        for head, tail in zip(mentions[::2], mentions[1::2], strict=True)
        if (type := "WORKS_FOR" if tail.type == "Organization" else "KNOWS")
    ]
    chunk = Chunk(chunk_id(id, 0, len(text)), id, 0, Span(0, len(text)), text)
    return document_rows(
        Document(id, uri, f"Document {number}", text, "text/plain"),
        [chunk],
        Extraction(id, tuple(mentions), tuple(relations), {}),
        RESOLVER.name(mentions),
        resolver=RESOLVER.fingerprint,
        model="none",
        schema="none",
        symmetric=frozenset({"KNOWS"}),
        ingested_at="2026-01-01T00:00:00Z",
    )


def _rank(chance: random.Random) -> int:
    """A whole number whose logarithm is spread evenly: low ones are common, and there are ever more high ones."""
    return int(8 * 250_000 ** chance.random()) - 8


def _word(number: int) -> str:
    letters = ""
    while number or not letters:
        number, syllable = divmod(number, len(_SYLLABLES))
        letters += _SYLLABLES[syllable]
    return letters.capitalize()


def _person(chance: random.Random) -> str:
    rank = _rank(chance)
    given, surname = _GIVEN[rank % len(_GIVEN)], _word(rank // len(_GIVEN) + 20)
    match chance.randrange(10):
        case 0:
            return f"{given[0]}. {surname}"
        case 1:
            return f"Dr. {given} {surname}"
        case _:
            return f"{given} {surname}"


def _organisation(chance: random.Random) -> str:
    rank = _rank(chance)
    name = f"{_word(rank + 400)}{_FORMS[rank % len(_FORMS)]}"
    return name.upper() if chance.randrange(20) == 0 else name


def measure(store: BoltStore, sizes: list[int], server: Callable[[], int]) -> Iterator[Row]:
    """Grow the graph from size to size, and measure at each."""
    settle(store, RESOLVER)
    there = store.counts().documents
    for size in sizes:
        if size <= there:
            continue
        began = perf_counter()
        for number in range(there, size):
            store.replace_document(make_document(number))
            tell(f"{number + 1:,} of {size:,} documents written")
        written = perf_counter()
        settle(store, RESOLVER, on_progress=lambda done: tell(f"{done:,} documents settled"))
        settled = perf_counter()
        documents, there = size - there, size
        more, less = zip(*(_one(store, size + number) for number in range(REPEATS)), strict=True)
        nothing = perf_counter()
        assert settle(store, RESOLVER) is None
        yield Row(
            documents=size,
            written_a_second=round(documents / (written - began), 1),
            settled_a_second=round(documents / (settled - written), 1),
            one_more=round(median(more), 3),
            one_removed=round(median(less), 3),
            nothing=round(perf_counter() - nothing, 3),
            client=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            server=server(),
        )


def _one(store: BoltStore, number: int) -> tuple[float, float]:
    """Add one document, and remove it again: the seconds of both, settling included."""
    rows = make_document(number)
    began = perf_counter()
    store.replace_document(rows)
    settle(store, RESOLVER)
    added = perf_counter()
    store.remove_document(rows.document.id)
    settle(store, RESOLVER)
    return added - began, perf_counter() - added


def tell(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text}\033[K", end="", file=sys.stderr)


def server_memory(store: str) -> int:
    """MiB of the embedded store's server, or of the Neo4j server on this machine; 0 where it cannot be told."""
    mark = "org.neo4j" if is_address(store) else str(Path(store).absolute() / "server.args")
    listing = subprocess.run(["ps", "-ww", "-eo", "rss=,command="], capture_output=True, text=True, check=True).stdout
    sizes = [int(line.split()[0]) for line in listing.splitlines() if mark in line and "java" in line]
    return max(sizes, default=0) // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--documents", type=int, default=10_000, help="how far to grow (%(default)s)")
    parser.add_argument("--store", default="./settle-graph", help="a folder, or a server's address (%(default)s)")
    parser.add_argument("--password", help="of the server's user neo4j")
    parser.add_argument("--json", action="store_true", help="one JSON document a line")
    given = parser.parse_args()
    sizes = [size for size in SIZES if size < given.documents] + [given.documents]
    columns = (
        "documents",
        "written/s",
        "settled/s",
        "one more s",
        "one removed s",
        "nothing s",
        "client MiB",
        "server MiB",
    )
    if not given.json:
        print("".join(f"{column:>15}" for column in columns), flush=True)
    with open_store(given.store, password=given.password, heap="1g") as store:
        store.prepare()
        for row in measure(store, sizes, lambda: server_memory(given.store)):
            tell("")
            line = json.dumps(asdict(row)) if given.json else "".join(f"{value:>15,}" for value in asdict(row).values())
            print(line, flush=True)


if __name__ == "__main__":
    main()
