"""Scores of a tiny model against annotation made from what it finds itself, so that every count is known."""

import json
from pathlib import Path
from typing import Any

import pytest

from relex_kg.errors import DataError
from relex_kg.evaluation import Scores, TypesFrom, evaluate
from relex_kg.extract.extractor import Extractor
from relex_kg.training.metrics import Counts

REFERENCE = Path(__file__).parents[1] / "fixtures" / "reference"
SENTENCES: dict[str, list[str]] = json.loads((REFERENCE / "sentences.json").read_text(encoding="utf-8"))
TEXTS = SENTENCES["texts"][:12]
ENTITIES, RELATIONS = sorted(SENTENCES["entity_labels"]), sorted(SENTENCES["relation_labels"])


@pytest.fixture(scope="session")
def extractor() -> Extractor:
    return Extractor.from_pretrained(REFERENCE / "token-none-rnn0-bert", device="cpu")


@pytest.fixture(scope="session")
def found(extractor: Extractor) -> list[dict[str, Any]]:
    """What the model finds, as annotation."""
    extractions = extractor.extract(
        TEXTS, entities=ENTITIES, relations=RELATIONS, entity_threshold=0.45, relation_threshold=0.6
    )
    return [
        {
            "text": text,
            "entities": [{"start": m.span.start, "end": m.span.end, "type": m.label} for m in one.mentions],
            "relations": [{"head": r.head, "tail": r.tail, "type": r.label} for r in one.relations],
            "entity_types": ENTITIES,
            "relation_types": RELATIONS,
            "pairs": "all",
        }
        for text, one in zip(TEXTS, extractions, strict=True)
    ]


def scores(
    extractor: Extractor,
    path: Path,
    records: list[dict[str, Any]],
    *,
    types_from: TypesFrom = "split",
    heard: list[tuple[int, int]] | None = None,
) -> Scores:
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return evaluate(
        path,
        extractor,
        types_from=types_from,
        entity_threshold=0.45,
        relation_threshold=0.6,
        on_progress=lambda done, total: heard.append((done, total)) if heard is not None else None,
    )


def number(records: list[dict[str, Any]], key: str) -> int:
    return sum(len(record[key]) for record in records)


def all_right(count: int) -> Counts:
    return Counts(true_positive=count, predicted=count, gold=count)


@pytest.mark.parametrize("types_from", ["split", "record"])
def test_annotation_made_of_the_predictions_is_found_whole(
    extractor: Extractor, found: list[dict[str, Any]], tmp_path: Path, types_from: TypesFrom
) -> None:
    result = scores(extractor, tmp_path / "a.jsonl", found, types_from=types_from)
    assert (result.file, result.records) == (str(tmp_path / "a.jsonl"), 12)
    assert result.entities == all_right(number(found, "entities"))
    assert result.relations == all_right(number(found, "relations"))
    assert result.triples.f1 == 1.0
    assert number(found, "entities") > 10
    assert number(found, "relations") > 10


def test_tables_by_type_add_up(extractor: Extractor, found: list[dict[str, Any]], tmp_path: Path) -> None:
    result = scores(extractor, tmp_path / "a.jsonl", found)
    types = [entity["type"] for record in found for entity in record["entities"]]
    assert result.entities_by_type == {name: all_right(types.count(name)) for name in sorted(set(types))}
    relations = [relation["type"] for record in found for relation in record["relations"]]
    assert result.relations_by_type == {name: all_right(relations.count(name)) for name in sorted(set(relations))}
    assert sum(one.gold for one in result.triples_by_type.values()) == result.triples.gold


def test_what_annotation_lacks_is_wrong_and_what_it_adds_is_missed(
    extractor: Extractor, found: list[dict[str, Any]], tmp_path: Path
) -> None:
    first = next(row for row, record in enumerate(found) if record["entities"] and not record["relations"])
    second = next(row for row, record in enumerate(found) if not record["entities"])
    changed = [dict(record) for record in found]
    changed[first]["entities"] = found[first]["entities"][1:]
    changed[second]["entities"] = [{"start": 0, "end": 1, "type": "place"}]
    total = number(found, "entities")
    result = scores(extractor, tmp_path / "a.jsonl", changed)
    assert result.entities == Counts(true_positive=total - 1, predicted=total, gold=total)
    assert result.relations == all_right(number(found, "relations"))


def test_types_of_the_file_are_asked_of_every_text_those_of_the_record_of_its_own(
    extractor: Extractor, tmp_path: Path
) -> None:
    records = [
        {"text": TEXTS[3], "entities": [], "relations": [], "entity_types": [name], "pairs": "all"}
        for name in ("person", "place")
    ]
    closed = scores(extractor, tmp_path / "a.jsonl", records, types_from="record")
    alone = [extractor.extract([TEXTS[3]], entities=[name], entity_threshold=0.45)[0] for name in ("person", "place")]
    assert closed.entities.predicted == sum(len(one.mentions) for one in alone)
    split = scores(extractor, tmp_path / "a.jsonl", records, types_from="split")
    (both,) = extractor.extract([TEXTS[3]], entities=["person", "place"], entity_threshold=0.45)
    assert split.entities.predicted == len(both.mentions)


def test_texts_longer_than_the_model_reads_are_read_in_chunks(
    extractor: Extractor, found: list[dict[str, Any]], tmp_path: Path
) -> None:
    text = "\n\n".join(SENTENCES["texts"])
    record = {"text": text, "entities": [], "relations": [], "entity_types": ENTITIES, "pairs": "all"}
    assert scores(extractor, tmp_path / "a.jsonl", [record]).entities.predicted > number(found, "entities")


@pytest.mark.parametrize("types_from", ["split", "record"])
def test_progress_ends_at_the_number_of_records(
    extractor: Extractor, found: list[dict[str, Any]], tmp_path: Path, types_from: TypesFrom
) -> None:
    heard: list[tuple[int, int]] = []
    scores(extractor, tmp_path / "a.jsonl", found * 6, types_from=types_from, heard=heard)
    assert heard == [(64, 72), (72, 72)]


def test_a_file_without_records_is_refused(extractor: Extractor, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.jsonl holds no record"):
        scores(extractor, tmp_path / "a.jsonl", [])


@pytest.mark.parametrize("types_from", ["split", "record"])
def test_a_file_without_types_is_refused(extractor: Extractor, tmp_path: Path, types_from: TypesFrom) -> None:
    record = {"text": "Ada", "entities": [], "relations": [], "pairs": "all"}
    with pytest.raises(DataError, match=r"a\.jsonl names no entity type"):
        scores(extractor, tmp_path / "a.jsonl", [record], types_from=types_from)


def test_a_missing_file_is_named(extractor: Extractor, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.jsonl"):
        evaluate(
            tmp_path / "gone.jsonl",
            extractor,
            types_from="split",
            entity_threshold=0.5,
            relation_threshold=0.5,
            on_progress=lambda done, total: None,
        )
