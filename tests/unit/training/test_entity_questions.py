import random
from pathlib import Path

import pytest

from relex_kg.errors import DataError
from relex_kg.training.data import Record
from relex_kg.training.entity_questions import EntityClasses, EntityQuestion, types_question
from tests.unit.training.conftest import MakeRecord

CLASSES = {
    "actor": "person",
    "poet": "person",
    "city": "location",
    "band": "organization",
    "date": "date",
    "song": "work",
}


def of_types(record: MakeRecord, *types: str) -> Record:
    text = " ".join("x" for _ in types)
    return record(text, [("x", type) for type in types])


def asked(classes: EntityClasses, record: Record, tries: int = 200) -> list[EntityQuestion]:
    present = sorted({entity.type for entity in record.entities})
    found = (classes.question(record, present, rename=0.35, chance=random.Random(seed)) for seed in range(tries))
    return [question for question in found if question]


def test_types_asked_in_the_same_words_share_a_column() -> None:
    question = EntityQuestion.of([("place", "place"), ("location", "place"), ("ship", "ship")])
    assert question == EntityQuestion(("place", "ship"), {"place": 0, "location": 0, "ship": 1})


def test_fine_types_are_asked_by_their_class(record: MakeRecord) -> None:
    questions = asked(EntityClasses(CLASSES, share=1.0), of_types(record, "actor", "poet", "city", "date"))
    persons = [question for question in questions if "person" in question.labels]
    assert persons
    for question in persons:
        person = question.labels.index("person")
        assert question.columns["actor"] == question.columns["poet"] == person
        assert question.columns.get("city") != person


def test_an_entity_is_any_named_thing_but_no_date(record: MakeRecord) -> None:
    questions = asked(EntityClasses(CLASSES, share=1.0), of_types(record, "actor", "city", "date"))
    assert EntityQuestion(("entity",), {"actor": 0, "city": 0}) in questions


def test_what_is_no_person_organization_or_location_is_other(record: MakeRecord) -> None:
    questions = asked(EntityClasses(CLASSES, share=1.0), of_types(record, "song", "city"))
    assert any("other" in q.labels and q.columns.get("song") == q.labels.index("other") for q in questions)


def test_the_share_decides_how_often(record: MakeRecord) -> None:
    text = of_types(record, "actor")
    assert asked(EntityClasses(CLASSES, share=0.0), text) == []
    assert len(asked(EntityClasses(CLASSES, share=1.0), text)) == 200
    assert 60 < len(asked(EntityClasses(CLASSES, share=0.5), text)) < 140


def test_a_type_without_class_is_never_asked_by_class(record: MakeRecord) -> None:
    assert asked(EntityClasses(CLASSES, share=1.0), of_types(record, "actor", "enzyme")) == []


def test_narrow_annotation_is_never_asked_by_class(record: MakeRecord) -> None:
    classes = EntityClasses({"actor": "person"}, share=1.0)
    narrow = record("x", [("x", "actor")], entity_types=("actor", "film"))
    assert asked(classes, narrow) == []


def test_own_types_come_with_types_that_the_text_lacks(record: MakeRecord) -> None:
    text = record("x", [("x", "ship")], entity_types=("ship", "port", "entity"))
    labels = [
        set(types_question(text, ["ship"], (), limit=3, rename=0.35, chance=random.Random(seed)).labels)
        for seed in range(50)
    ]
    assert {frozenset(each) for each in labels} == {frozenset({"ship"}), frozenset({"ship", "port"})}


def test_a_table_has_two_columns(tmp_path: Path) -> None:
    path = tmp_path / "classes.tsv"
    path.write_text("actor\tperson\npoet\tperson\n", encoding="utf-8")
    EntityClasses.read(path, share=0.5)
    path.write_text("actor\tperson\npoet\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 2: 1 columns"):
        EntityClasses.read(path, share=0.5)
    with pytest.raises(DataError, match="cannot be read"):
        EntityClasses.read(tmp_path / "gone.tsv", share=0.5)
