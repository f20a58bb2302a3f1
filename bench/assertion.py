"""How often what a text only denies, plans, asks or reports as a rumour becomes a fact, and what it states does not.

python bench/assertion.py
python bench/assertion.py --show

`assertion.tsv` holds a hundred pairs of sentences. Both name the same two things in nearly the same words; one states a
relation of a ready schema between them, the other denies it, plans it, asks, doubts, reports or hopes it, or makes it a
condition. Each sentence is read as a document of its own, as `relex-kg build` reads it.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from relex_kg.errors import RelexError
from relex_kg.extract.checkpoint import BUNDLED
from relex_kg.extract.extractor import Extractor
from relex_kg.ids import document_id
from relex_kg.ontology import Schema
from relex_kg.reading import WINDOW, ExtractedDocument, Reader
from relex_kg.types import Document

SENTENCES = Path(__file__).with_name("assertion.tsv")
ASSERTED = "asserted"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, and the relation between two of its names that it states, or whose ``status`` says why not."""

    id: str
    schema: str
    status: str
    relation: str
    head: str
    tail: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the sentence's relation was found, and whether that is right."""

    sentence: Sentence
    found: bool

    @property
    def right(self) -> bool:
        return self.found == (self.sentence.status == ASSERTED)


def read_sentences(path: Path = SENTENCES) -> list[Sentence]:
    with path.open(encoding="utf-8", newline="") as file:
        return [Sentence(**row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def measure(extractor: Extractor, sentences: Sequence[Sentence], *, window: int = WINDOW) -> list[Answer]:
    """Read all sentences, each under its schema, and say which of their relations were found."""
    answers: list[Answer] = []
    for schema in sorted({sentence.schema for sentence in sentences}):
        asked = [sentence for sentence in sentences if sentence.schema == schema]
        reader = Reader(extractor, Schema.load(schema), window=window)
        documents = [Document(document_id(each.id), each.id, "", each.text, "text/plain") for each in asked]
        extracted = reader.extract([(document, reader.chunks(document)) for document in documents])
        answers += [Answer(each, _finds(said, each)) for each, said in zip(asked, extracted, strict=True)]
    return answers


def _finds(extracted: ExtractedDocument, sentence: Sentence) -> bool:
    """Whether the relation stands between mentions (or what they stand for) that overlap the two names."""
    text, mentions = sentence.text, {mention.id: mention for mention in extracted.extraction.mentions}

    def names(mention_id: object, name: str) -> bool:
        mention = mentions[mention_id]  # type: ignore[index]
        named = mentions[mention.antecedent] if mention.antecedent else mention
        start = text.index(name)
        return named.span.start < start + len(name) and start < named.span.end

    return any(
        relation.type == sentence.relation
        and (
            (names(relation.head, sentence.head) and names(relation.tail, sentence.tail))
            or (names(relation.head, sentence.tail) and names(relation.tail, sentence.head))
        )
        for relation in extracted.extraction.relations
    )


def _as_text(answers: Sequence[Answer], *, show: bool) -> str:
    lines = [f"{'status':<14}{'sentences':>10}{'found':>8}{'wrong':>8}{'wrong %':>9}"]
    statuses = sorted({answer.sentence.status for answer in answers} - {ASSERTED})
    rows: list[tuple[str, Iterable[str]]] = [(ASSERTED, [ASSERTED]), *((one, [one]) for one in statuses)]
    for name, counted in [*rows, ("not asserted", statuses)]:
        of_row = [answer for answer in answers if answer.sentence.status in counted]
        found, wrong = sum(answer.found for answer in of_row), sum(not answer.right for answer in of_row)
        lines.append(f"{name:<14}{len(of_row):>10}{found:>8}{wrong:>8}{100 * wrong / max(len(of_row), 1):>9.1f}")
    if show:
        for answer in answers:
            if not answer.right:
                sentence = answer.sentence
                lines.append(
                    f"\n{sentence.id} {sentence.status}: {sentence.head} {sentence.relation} {sentence.tail}\n"
                    f"  {sentence.text}"
                )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure whether only what a text asserts becomes a fact.")
    parser.add_argument(
        "--model", default=str(BUNDLED), help="a checkpoint folder or hub name; default: the bundled one"
    )
    parser.add_argument("--window", type=int, default=WINDOW, help="tokens read at once (%(default)s)")
    parser.add_argument("--show", action="store_true", help="also print every sentence that goes wrong")
    parser.add_argument("--json", action="store_true", help="print JSON, with every sentence")
    given = parser.parse_args(arguments)
    try:
        answers = measure(Extractor.from_pretrained(given.model), read_sentences(), window=given.window)
    except RelexError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(
        json.dumps([{**asdict(answer), "right": answer.right} for answer in answers], ensure_ascii=False, indent=2)
        if given.json
        else _as_text(answers, show=given.show)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
