"""What a build costs where nothing has changed: all files are read, compared with the graph, and left as they are.

python bench/unchanged.py
python bench/unchanged.py --files 10000 --store bolt://localhost:7687 --password secret

The files are made up, a few sentences each, half as text and half as Markdown; what a first build would find in them is
written without the model. The folder and the graph stay: a run goes on from those that are there. What is timed is the
command, from start to end: relex-kg build FOLDER --store STORE --json.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from relex_kg.canon.decisions import Decisions
from relex_kg.canon.resolver import Resolver
from relex_kg.extract.extractor import Extractor
from relex_kg.graph.connect import open_store
from relex_kg.graph.rows import DocumentRows, document_rows
from relex_kg.graph.store import Store
from relex_kg.ids import chunk_id, mention_id, relation_id
from relex_kg.ontology import Schema
from relex_kg.reading import Reader
from relex_kg.settlement.run import settle
from relex_kg.text.readers import read
from relex_kg.types import Chunk, Document, Extraction, Mention, Relation, Span

SENTENCES = 8
ROUNDS = 3
_STATEMENT = re.compile(r"(Person \d+) works for (Company \d+)")


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """What documents in the graph were extracted with."""

    model: str
    schema: str


def make_files(folder: Path, count: int) -> list[Path]:
    """The files, made where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{number}.{'md' if number % 2 else 'txt'}" for number in range(count)]
    for number, file in enumerate(files):
        if not file.exists():
            chance = random.Random(number)
            pairs = [(chance.randrange(count), chance.randrange(1 + count // 10)) for _ in range(SENTENCES)]
            file.write_text(
                "".join(f"Person {person} works for Company {company}, and likes it.\n" for person, company in pairs)
            )
    return files


def fill(store: Store, files: Sequence[Path], fingerprints: Fingerprints) -> None:
    """Write what a first build would, as far as the graph lacks it."""
    resolver = Resolver(Decisions.none())
    known = store.documents()
    for file in files:
        (document,) = read(file)
        assert isinstance(document, Document), document
        if document.id not in known:
            store.replace_document(_rows(document, resolver, fingerprints))
    settle(store, resolver)


def _rows(document: Document, resolver: Resolver, fingerprints: Fingerprints) -> DocumentRows:
    whole = Span(0, len(document.text))
    mentions: list[Mention] = []
    relations: list[Relation] = []
    for statement in _STATEMENT.finditer(document.text):
        head, tail = (
            Mention(mention_id(document.id, *place, type), document.id, Span(*place), text, type, 0.9)
            for type, place, text in (
                ("Person", statement.span(1), statement[1]),
                ("Organization", statement.span(2), statement[2]),
            )
        )
        mentions += [head, tail]
        relations.append(Relation(relation_id(head.id, "WORKS_FOR", tail.id), head.id, tail.id, "WORKS_FOR", 0.9))
    return document_rows(
        document,
        [Chunk(chunk_id(document.id, 0, len(whole)), document.id, 0, whole, document.text)],
        Extraction(document.id, tuple(mentions), tuple(relations), {}),
        resolver.name(mentions),
        resolver=resolver.fingerprint,
        model=fingerprints.model,
        schema=fingerprints.schema,
        symmetric=frozenset(),
        ingested_at="2026-01-01T00:00:00Z",
    )


def time_build(folder: Path, store: str, count: int) -> tuple[float, float]:
    """The seconds that a build takes, and those of the processor."""
    command = [sys.executable, "-m", "relex_kg.cli", "build", str(folder), "--store", store, "--json"]
    before, began = os.times(), perf_counter()
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, after = perf_counter() - began, os.times()
    report = json.loads(output)
    if report["changed"] or report["documents"]["unchanged"] != count:
        raise SystemExit(f"the build changed something: {report['documents']}")
    processor = (after.children_user + after.children_system) - (before.children_user + before.children_system)
    return seconds, processor


def main() -> int:
    """Fill the graph, then build again and again."""
    parser = argparse.ArgumentParser(description="What a build costs where nothing has changed.")
    parser.add_argument("--files", type=int, default=10_000, metavar="N", help="(%(default)s)")
    parser.add_argument("--folder", type=Path, default=Path("unchanged-files"), help="of the files (%(default)s)")
    parser.add_argument("--store", default="unchanged-graph", help="a folder, or a server's address (%(default)s)")
    parser.add_argument("--user", default="neo4j", help="of the server (%(default)s)")
    parser.add_argument("--password", help="of the server")
    given = parser.parse_args()
    if given.password:
        os.environ |= {"NEO4J_USERNAME": given.user, "NEO4J_PASSWORD": given.password}
    files = make_files(given.folder, given.files)
    schema = Schema.load("general")
    reader = Reader(Extractor.from_pretrained(lazy=True), schema)
    with open_store(given.store, username=given.user, password=given.password) as store:
        store.prepare()
        fill(store, files, Fingerprints(reader.fingerprint, schema.fingerprint))
    times = [time_build(given.folder, given.store, given.files) for _ in range(ROUNDS)]
    print("| files | seconds, median | fastest | processor seconds, median |")
    print("|---|---|---|---|")
    seconds = [seconds for seconds, _ in times]
    print(
        f"| {given.files:,} | {median(seconds):.1f} | {min(seconds):.1f} "
        f"| {median(processor for _, processor in times):.1f} |"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
