"""Scores of a tiny model against annotation made from what it finds itself, so that every count is known."""

import json
from pathlib import Path
from typing import Any

import pytest

from relex_kg.errors import DataError
from relex_kg.evaluation.measuring import Protocol, TypesFrom, document, evaluate, measure, predicted_record
from relex_kg.evaluation.scores import ENTITY_SWEEP, MEASURES, RELATION_SWEEP, ColumnScores, Measured, Scores, mean_f1
from relex_kg.evaluation.survey import survey
from relex_kg.extract.extractor import Extractor
from relex_kg.extract.merging import merge
from relex_kg.ids import DocumentId
from relex_kg.ontology import Schema
from relex_kg.reading import Reader
from relex_kg.training.calibration import Calibration
from relex_kg.training.data import read_records
from relex_kg.training.metrics import NOTHING, Counts
from relex_kg.types import Document, TextExtraction

REFERENCE = Path(__file__).parents[2] / "fixtures" / "reference"
CORPUS = Path(__file__).parents[3] / "examples" / "corpus"
LONG = ("matagorda-bay.md", "metacomet-ridge.txt")
PROTOCOL = Protocol("split", entity_threshold=0.45, relation_threshold=0.6, nested=True)
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
        TEXTS, entities=ENTITIES, relations=RELATIONS, entity_threshold=0.45, relation_threshold=0.6, flat=False
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


def file_of(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return path


def scores(
    extractor: Extractor,
    path: Path,
    records: list[dict[str, Any]],
    *,
    types_from: TypesFrom = "split",
    heard: list[tuple[int, int]] | None = None,
) -> Scores:
    column = survey(str(file_of(path, records)), on_progress=lambda done: None)
    return measure(
        column.files[0],
        extractor,
        Protocol(types_from, entity_threshold=0.45, relation_threshold=0.6, nested=True),
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
    assert (result.records, result.cut) == (12, 0)
    assert result.entities.total == all_right(number(found, "entities"))
    assert result.relations.total == all_right(number(found, "relations"))
    assert result.triples.total.f1 == 1.0
    assert number(found, "entities") > 10
    assert number(found, "relations") > 10


def test_tables_by_type_add_up(extractor: Extractor, found: list[dict[str, Any]], tmp_path: Path) -> None:
    result = scores(extractor, tmp_path / "a.jsonl", found)
    types = [entity["type"] for record in found for entity in record["entities"]]
    assert result.entities.by_type == {name: all_right(types.count(name)) for name in sorted(set(types))}
    relations = [relation["type"] for record in found for relation in record["relations"]]
    assert result.relations.by_type == {name: all_right(relations.count(name)) for name in sorted(set(relations))}
    assert sum(one.gold for one in result.triples.by_type.values()) == result.triples.total.gold


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
    assert result.entities.total == Counts(true_positive=total - 1, predicted=total, gold=total)
    assert result.relations.total == all_right(number(found, "relations"))


def test_types_of_the_file_are_asked_of_every_text_those_of_the_record_of_its_own(
    extractor: Extractor, tmp_path: Path
) -> None:
    records = [
        {"text": TEXTS[3], "entities": [], "relations": [], "entity_types": [name], "pairs": "all"}
        for name in ("person", "place")
    ]
    closed = scores(extractor, tmp_path / "a.jsonl", records, types_from="record")
    alone = [
        extractor.extract([TEXTS[3]], entities=[name], entity_threshold=0.45, flat=False)[0]
        for name in ("person", "place")
    ]
    assert closed.entities.total.predicted == sum(len(one.mentions) for one in alone)
    split = scores(extractor, tmp_path / "a.jsonl", records, types_from="split")
    (both,) = extractor.extract([TEXTS[3]], entities=["person", "place"], entity_threshold=0.45, flat=False)
    assert split.entities.total.predicted == len(both.mentions)


def test_texts_longer_than_the_model_reads_are_read_in_chunks(
    extractor: Extractor, found: list[dict[str, Any]], tmp_path: Path
) -> None:
    text = "\n\n".join(SENTENCES["texts"])
    record = {"text": text, "entities": [], "relations": [], "entity_types": ENTITIES, "pairs": "all"}
    assert scores(extractor, tmp_path / "a.jsonl", [record]).entities.total.predicted > number(found, "entities")


@pytest.mark.parametrize("types_from", ["split", "record"])
def test_progress_ends_at_the_number_of_records(
    extractor: Extractor, found: list[dict[str, Any]], tmp_path: Path, types_from: TypesFrom
) -> None:
    heard: list[tuple[int, int]] = []
    long = [{**found[0], "text": found[0]["text"] + " " * 60_000}]
    nothing = [{"text": "Ada", "entities": [], "relations": [], "pairs": "all"}]
    scores(extractor, tmp_path / "a.jsonl", found + long + nothing, types_from=types_from, heard=heard)
    assert heard == [(13, 14), (14, 14)]


def test_scores_of_parts_add_up_to_those_of_the_whole(
    extractor: Extractor, found: list[dict[str, Any]], tmp_path: Path
) -> None:
    file_of(tmp_path / "a.jsonl", found[:5])
    file_of(tmp_path / "b.jsonl", found[5:])
    whole = scores(extractor, tmp_path / "c.jsonl", found)
    names = [f"both={tmp_path}/a.jsonl,{tmp_path}/b.jsonl", str(tmp_path / "a.jsonl")]
    columns = [survey(name, on_progress=lambda done: None) for name in names]
    both, first = evaluate(columns, extractor, PROTOCOL, on_progress=lambda file, done, of: None)
    assert (both.name, first.name) == ("both", names[1])
    assert [path for path, _ in both.files] == [str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl")]
    assert both.files[0][1] == first.total
    assert both.total.records == 12
    for name in MEASURES:
        one, other = both.total.measured(name), whole.measured(name)
        assert one.by_type == other.by_type
        assert one.by_entity_threshold == other.by_entity_threshold
        assert one.by_relation_threshold == other.by_relation_threshold
        assert one.calibration.error == pytest.approx(other.calibration.error)


def test_the_mean_is_that_of_the_columns_and_not_of_their_records() -> None:
    def column(name: str, *counts: Counts) -> ColumnScores:
        by_entity, by_relation = dict.fromkeys(ENTITY_SWEEP, NOTHING), dict.fromkeys(RELATION_SWEEP, NOTHING)
        triples = [Measured({"a": one}, by_entity, by_relation, Calibration.of(())) for one in counts]
        nothing = Measured({}, by_entity, by_relation, Calibration.of(()))
        return ColumnScores(name, tuple((f"{name}.jsonl", Scores(1, 0, nothing, nothing, one)) for one in triples))

    # F1 of the first: 2 * (1 + 2) / (4 + 6) = 0.6; of the second: 2 * 10 / 100 = 0.2
    columns = [column("x", Counts(1, 2, 3), Counts(2, 2, 3)), column("y", Counts(10, 40, 60))]
    assert columns[0].files[0][1].triples.total.f1 == 0.4
    assert mean_f1(columns, "triples") == pytest.approx(0.4)
    assert mean_f1(columns, "entities") == 0.0


def test_a_sweep_says_what_runs_at_each_threshold_say(
    extractor: Extractor, found: list[dict[str, Any]], tmp_path: Path
) -> None:
    result = scores(extractor, tmp_path / "a.jsonl", found)
    file = survey(str(tmp_path / "a.jsonl"), on_progress=lambda done: None).files[0]
    assert (tuple(result.triples.by_entity_threshold), tuple(result.triples.by_relation_threshold)) == (
        ENTITY_SWEEP,
        RELATION_SWEEP,
    )
    assert tuple(result.entities.by_entity_threshold) == ENTITY_SWEEP
    assert result.entities.by_relation_threshold == {}
    for entity_threshold, relation_threshold in ((0.3, 0.6), (0.5, 0.6), (0.45, 0.3), (0.45, 0.7)):
        protocol = Protocol("split", entity_threshold, relation_threshold, nested=True)
        run = measure(file, extractor, protocol, on_progress=lambda done, total: None)
        for name in ("relations", "triples"):
            swept = result.measured(name)
            by = swept.by_entity_threshold if entity_threshold != 0.45 else swept.by_relation_threshold
            threshold = entity_threshold if entity_threshold != 0.45 else relation_threshold
            assert by[threshold] == run.measured(name).total


@pytest.fixture(scope="module")
def bundled() -> Extractor:
    return Extractor.from_pretrained(device="cpu")


class TestFilteringEqualsRunning:
    """With the bundled model: what scored higher in a low run is what a high run finds."""

    ENTITIES = ("date", "location", "organization", "person")
    RELATIONS = ("date of birth", "educated at", "located in", "member of", "place of birth")

    @pytest.mark.parametrize(
        ("entity_threshold", "relation_threshold", "nested"), [(0.3, 0.5, True), (0.6, 0.5, False), (0.85, 0.7, False)]
    )
    def test_in_texts_and_in_a_long_document(
        self, bundled: Extractor, tmp_path: Path, entity_threshold: float, relation_threshold: float, nested: bool
    ) -> None:
        articles = [(CORPUS / name).read_text(encoding="utf-8") for name in LONG]
        texts = [*articles[0].split("\n\n")[1:5], "\n\n".join(articles)]
        records = [
            {"text": text, "entities": [], "relations": [], "pairs": "all"}
            | {"entity_types": self.ENTITIES, "relation_types": self.RELATIONS}
            for text in texts
        ]
        column = survey(str(file_of(tmp_path / "a.jsonl", records)), on_progress=lambda done: None)
        filtered: list[TextExtraction] = []
        measure(
            column.files[0],
            bundled,
            Protocol("split", entity_threshold, relation_threshold, nested),
            on_progress=lambda done, total: None,
            on_found=lambda record, asked, found: filtered.append(found),
        )
        run = self.run(bundled, texts, entity_threshold, relation_threshold, flat=not nested)
        assert [said(one) for one in filtered] == run
        assert sum(len(one.mentions) for one in filtered) > 30
        assert sum(len(one.relations) for one in filtered) > 2

    def run(self, bundled: Extractor, texts: list[str], *thresholds: float, flat: bool) -> list[tuple[Any, Any]]:
        schema = Schema.from_labels(
            self.ENTITIES, self.RELATIONS, entity_threshold=thresholds[0], relation_threshold=thresholds[1]
        )
        reader = Reader(bundled, schema, window=None, references=False)
        documents = [Document(DocumentId(str(row)), "u", "", text, "text/plain") for row, text in enumerate(texts)]
        read = reader.read(documents, flat=flat)
        assert len(read[-1]) > 1
        found = []
        for number, parts in enumerate(read):
            one = merge(documents[number].id, parts, schema, flat=flat)
            spans = {mention.id: mention.span for mention in one.mentions}
            found.append(
                (
                    {(mention.span, schema.entities[mention.type].label, mention.score) for mention in one.mentions},
                    {
                        (spans[each.head], spans[each.tail], schema.relations[each.type].label, each.score)
                        for each in one.relations
                    },
                )
            )
        return found


def said(found: TextExtraction) -> tuple[Any, Any]:
    spans = [mention.span for mention in found.mentions]
    return (
        {(mention.span, mention.label, mention.score) for mention in found.mentions},
        {(spans[one.head], spans[one.tail], one.label, one.score) for one in found.relations},
    )


def test_predictions_are_annotated_data(extractor: Extractor, found: list[dict[str, Any]], tmp_path: Path) -> None:
    column = survey(str(file_of(tmp_path / "a.jsonl", found)), on_progress=lambda done: None)
    written: list[dict[str, Any]] = []
    measure(
        column.files[0],
        extractor,
        PROTOCOL,
        on_progress=lambda done, total: None,
        on_found=lambda record, asked, extraction: written.append(predicted_record(record, asked, extraction)),
    )
    read = list(read_records(file_of(tmp_path / "b.jsonl", written)))
    gold = list(read_records(tmp_path / "a.jsonl"))
    assert [one.id for one in read] == [one.id for one in gold]
    assert [one.entities for one in read] == [one.entities for one in gold]
    assert [set(one.relations) for one in read] == [set(one.relations) for one in gold]
    assert all(0.45 < entity["score"] < 1 for one in written for entity in one["entities"])
    assert all(0.6 < relation["score"] < 1 for one in written for relation in one["relations"])


def test_the_document_holds_every_figure(extractor: Extractor, found: list[dict[str, Any]], tmp_path: Path) -> None:
    file_of(tmp_path / "a.jsonl", found)
    column = survey(f"x={tmp_path}/a.jsonl", on_progress=lambda done: None)
    figures = document(PROTOCOL, evaluate([column], extractor, PROTOCOL, on_progress=lambda file, done, of: None))
    assert figures["protocol"] == {
        "types_from": "split",
        "entity_threshold": 0.45,
        "relation_threshold": 0.6,
        "nested": True,
    }
    assert figures["mean_f1"] == {"entities": 1.0, "relations": 1.0, "triples": 1.0}
    [file], [named] = figures["files"], figures["columns"]
    assert (file.pop("file"), named.pop("name"), named.pop("files")) == (
        str(tmp_path / "a.jsonl"),
        "x",
        [str(tmp_path / "a.jsonl")],
    )
    assert file == named == figures["all"]
    assert json.loads(json.dumps(figures["all"]["entities"])) == figures["all"]["entities"]
    assert [row["threshold"] for row in file["triples"]["by_relation_threshold"]] == list(RELATION_SWEEP)
    assert len(file["triples"]["calibration"]) == 10


def test_a_file_without_records_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.jsonl holds no record"):
        survey(str(file_of(tmp_path / "a.jsonl", [])), on_progress=lambda done: None)


def test_a_file_without_types_is_refused(tmp_path: Path) -> None:
    record = {"text": "Ada", "entities": [], "relations": [], "pairs": "all"}
    with pytest.raises(DataError, match=r"a\.jsonl names no entity type"):
        survey(str(file_of(tmp_path / "a.jsonl", [record])), on_progress=lambda done: None)


def test_a_malformed_line_is_found_by_the_survey(found: list[dict[str, Any]], tmp_path: Path) -> None:
    with file_of(tmp_path / "a.jsonl", found).open("a") as file:
        file.write("\nnot JSON\n")
    with pytest.raises(DataError, match=r"a\.jsonl, line 13: not JSON"):
        survey(str(tmp_path / "a.jsonl"), on_progress=lambda done: None)


@pytest.mark.parametrize("argument", ["gone.jsonl", "x=gone.jsonl", "x=a.jsonl,gone.jsonl"])
def test_a_missing_file_is_named(
    found: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argument: str
) -> None:
    monkeypatch.chdir(file_of(tmp_path / "a.jsonl", found).parent)
    with pytest.raises(DataError, match=r"^gone\.jsonl cannot be read"):
        survey(argument, on_progress=lambda done: None)


def test_a_file_may_have_an_equals_sign_in_its_name(found: list[dict[str, Any]], tmp_path: Path) -> None:
    path = file_of(tmp_path / "a=b.jsonl", found)
    column = survey(str(path), on_progress=lambda done: None)
    assert (column.name, [one.path for one in column.files]) == (str(path), [path])
