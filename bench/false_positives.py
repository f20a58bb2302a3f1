"""How often relations are invented: the bundled model and general schema on sentences that state no relation.

python bench/false_positives.py --data DATA_ROOT
python bench/false_positives.py --data DATA_ROOT --show

Read are sentences in which at least two entities stand together and whose annotators, who judged every pair, found no
relation between any. Every relation found there counts as wrong. CrossRE judges pairs against 17 broad relation types,
but marks no dates: sentences with a year are left out, because nobody judged what they date. The column "judged" counts
only relations between mentions that overlap marked ones. DATA_ROOT holds the files, in the format of
docs/data-format.md, under the names below.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from relex_kg.errors import RelexError
from relex_kg.extract.checkpoint import BUNDLED
from relex_kg.extract.extractor import Extractor
from relex_kg.ids import DocumentId
from relex_kg.ontology import Schema
from relex_kg.reading import ExtractedDocument, Reader
from relex_kg.training.data import Record, read_records
from relex_kg.types import Document, Span

_DOMAINS = ("news", "politics", "ai", "literature", "music", "science")
CROSSRE = {f"CrossRE {domain}": f"benchmarks/crossre/dev-{domain}.jsonl.gz" for domain in _DOMAINS}

_YEAR = re.compile(r"\b1[0-9]{3}s?\b|\b20[0-9]{2}s?\b")


@dataclass(frozen=True, slots=True)
class Invented:
    """A relation that was found where the annotators found none.

    ``judged`` tells whether they looked at that very pair: both ends overlap a mention that they marked.
    """

    id: str
    text: str
    head: str
    type: str
    tail: str
    score: float
    judged: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One set: its sentences without relations, and what was found in them."""

    name: str
    sentences: int
    invented: tuple[Invented, ...]

    @property
    def per_hundred(self) -> float:
        return self._per_hundred(len(self.invented))

    @property
    def judged_per_hundred(self) -> float:
        return self._per_hundred(sum(one.judged for one in self.invented))

    def _per_hundred(self, count: int) -> float:
        return 100 * count / self.sentences if self.sentences else 0.0


def measure(name: str, records: Sequence[Record], reader: Reader) -> Row:
    """Read the records' texts and list the relations found."""
    documents = [
        Document(DocumentId(str(row)), record.id, "", record.text, "text/plain") for row, record in enumerate(records)
    ]
    chunked = [(document, reader.chunks(document)) for document in documents]
    found = reader.extract(chunked)
    invented = [one for record, extracted in zip(records, found, strict=True) for one in _invented(record, extracted)]
    return Row(name, len(records), tuple(invented))


def without_relations(path: Path) -> Iterator[Record]:
    """The records in which at least two entities stand together and no pair is related."""
    for record in read_records(path):
        if len(record.entities) >= 2 and not record.relations and record.pairs == "all":
            yield record


def without_years(records: Iterable[Record]) -> Iterator[Record]:
    """The records whose text names no year."""
    return (record for record in records if not _YEAR.search(record.text))


def together(name: str, rows: Iterable[Row]) -> Row:
    """Several sets as one."""
    rows = list(rows)
    return Row(name, sum(row.sentences for row in rows), tuple(one for row in rows for one in row.invented))


def _invented(record: Record, extracted: ExtractedDocument) -> Iterator[Invented]:
    mentions = {mention.id: mention for mention in extracted.extraction.mentions}
    marked = [Span(entity.start, entity.end) for entity in record.entities]
    for one in extracted.extraction.relations:
        ends = mentions[one.head], mentions[one.tail]
        judged = all(any(mention.span.overlaps(span) for span in marked) for mention in ends)
        yield Invented(record.id, record.text, ends[0].text, one.type, ends[1].text, one.score, judged)


def _as_text(rows: Sequence[Row], *, show: bool) -> str:
    lines = [f"{'set':<20}{'sentences':>10}{'with any':>10}{'relations':>11}{'per 100':>9}{'judged':>8}{'per 100':>9}"]
    for row in rows:
        with_any, judged = len({one.id for one in row.invented}), sum(one.judged for one in row.invented)
        lines.append(
            f"{row.name:<20}{row.sentences:>10}{with_any:>10}{len(row.invented):>11}{row.per_hundred:>9.1f}"
            f"{judged:>8}{row.judged_per_hundred:>9.1f}"
        )
    if show:
        invented = {one for row in rows for one in row.invented}
        for one in sorted(invented, key=lambda one: (one.id, one.head, one.type, one.tail)):
            lines.append(f"\n{one.id}: {one.text}\n  {one.head} -[{one.type} {one.score:.2f}]-> {one.tail}")
    return "\n".join(lines)


def _as_json(rows: Sequence[Row]) -> str:
    return json.dumps(
        [
            {
                "set": row.name,
                "sentences": row.sentences,
                "relations": len(row.invented),
                "per_hundred": row.per_hundred,
                "judged_per_hundred": row.judged_per_hundred,
                "invented": [asdict(one) for one in row.invented],
            }
            for row in rows
        ],
        ensure_ascii=False,
        indent=2,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Count relations that are invented where text states none.")
    parser.add_argument("--data", type=Path, required=True, help="folder that benchmarks/ is in")
    parser.add_argument(
        "--model", default=str(BUNDLED), help="a checkpoint folder or hub name; default: the bundled one"
    )
    parser.add_argument("--schema", default="general", help="a schema file, or the name of a ready schema")
    parser.add_argument("--show", action="store_true", help="also print every relation found, with its sentence")
    parser.add_argument("--json", action="store_true", help="print JSON, with every relation found")
    given = parser.parse_args(arguments)
    try:
        crossre = {name: list(without_years(without_relations(given.data / file))) for name, file in CROSSRE.items()}
        reader = Reader(Extractor.from_pretrained(given.model), Schema.load(given.schema))
        rows = [measure(name, records, reader) for name, records in crossre.items()]
        rows.append(together("CrossRE, all", rows))
    except RelexError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(_as_json(rows) if given.json else _as_text(rows, show=given.show))
    return 0


if __name__ == "__main__":
    sys.exit(main())
