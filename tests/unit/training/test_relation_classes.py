import random
from pathlib import Path

import pytest

from relex_kg.errors import DataError
from relex_kg.training.data import LabelledRelation, Record
from relex_kg.training.phrases import PhraseTable
from relex_kg.training.relation_classes import UNCLASSED, RelationClass, RelationClasses
from tests.unit.training.conftest import MakeRecord

ROLE, MADE = RelationClass("role", ""), RelationClass("artifact", "-")
TABLE = {"employer": (ROLE,), "wrote": (MADE,), "friend": (RelationClass("social", "="),), "founder": (ROLE, MADE)}
TEXT, MENTIONS = "Ada met Bea", [("Ada", "gnome"), ("Bea", "gnome")]
NO_WORDS = PhraseTable({}, rename=0.0)


def turned(record: Record, *, share: float = 1.0) -> Record:
    found = RelationClasses(TABLE, NO_WORDS, share=share).turned(record, random.Random(1))
    assert found is not None
    return found


def said(record: Record) -> list[tuple[int, int, str]]:
    return [(relation.head, relation.tail, relation.type) for relation in record.relations]


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        ((0, 1, "employer"), [(0, 1, "role")]),
        ((0, 1, "wrote"), [(1, 0, "artifact")]),
        ((0, 1, "friend"), [(0, 1, "social")]),
        ((1, 0, "friend"), [(0, 1, "social")]),  # read from the mention that stands first
        ((1, 0, "founder"), [(1, 0, "role"), (0, 1, "artifact")]),
        ((0, 1, "eats"), [(0, 1, UNCLASSED)]),
    ],
)
def test_relations_become_those_of_their_classes(
    record: MakeRecord, relation: tuple[int, int, str], expected: list[tuple[int, int, str]]
) -> None:
    found = turned(record(TEXT, MENTIONS, relation))
    assert said(found) == expected
    assert found.relation_types == ("artifact", "role", "social")


def test_relations_between_clusters_turn_too_and_have_no_first_mention(record: MakeRecord) -> None:
    between = (LabelledRelation(1, 0, "friend"), LabelledRelation(0, 1, "wrote"), LabelledRelation(0, 1, "eats"))
    found = turned(record(TEXT, MENTIONS, clusters=((0,), (1,)), cluster_relations=between))
    assert [(one.head, one.tail, one.type) for one in found.cluster_relations] == [
        (1, 0, "social"),
        (0, 1, "social"),
        (1, 0, "artifact"),
        (0, 1, UNCLASSED),
    ]


def test_a_short_closed_list_says_nothing_of_other_relations(record: MakeRecord) -> None:
    classes = RelationClasses(TABLE, NO_WORDS, share=1.0)
    narrow = record(TEXT, MENTIONS, (0, 1, "employer"), pairs="all", relation_types=("employer", "wrote"))
    assert classes.turned(narrow, random.Random(1)) is None
    broad = record(TEXT, MENTIONS, (0, 1, "employer"), pairs="all", relation_types=tuple(map(str, range(50))))
    assert classes.turned(broad, random.Random(1)) is not None


def test_classes_are_asked_for_as_often_as_their_share(record: MakeRecord) -> None:
    classes, chance = RelationClasses(TABLE, NO_WORDS, share=0.25), random.Random(1)
    one = record(TEXT, MENTIONS, (0, 1, "employer"))
    assert sum(classes.turned(one, chance) is not None for _ in range(1000)) == pytest.approx(250, abs=40)


def test_a_record_annotated_by_classes_is_always_read_so_and_keeps_its_list(record: MakeRecord) -> None:
    one = record(TEXT, MENTIONS, (1, 0, "social"), pairs="all", relation_types=("social", "role"))
    found = turned(one, share=0.0)
    assert said(found) == [(1, 0, "social")]
    assert found.relation_types == ("social", "role")


def test_without_classes_records_stay_as_they_are(record: MakeRecord) -> None:
    one = record(TEXT, MENTIONS, (0, 1, "employer"), relation_types=())
    assert RelationClasses.none().turned(one, random.Random(1)) is None


def test_a_table_is_read(tmp_path: Path, record: MakeRecord) -> None:
    (tmp_path / "classes.tsv").write_text("wrote\tartifact-\nfriend\tsocial=; role\n", encoding="utf-8")
    classes = RelationClasses.read(tmp_path / "classes.tsv", NO_WORDS, share=1.0)
    found = classes.turned(record(TEXT, MENTIONS, (0, 1, "wrote"), (1, 0, "friend")), random.Random(1))
    assert found is not None
    assert said(found) == [(1, 0, "artifact"), (0, 1, "social"), (1, 0, "role")]


@pytest.mark.parametrize(("line", "message"), [("wrote", "line 1: 1 columns"), ("wrote\t-", "line 1: no class in '-'")])
def test_a_malformed_table_names_the_line(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "classes.tsv").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=message):
        RelationClasses.read(tmp_path / "classes.tsv", NO_WORDS, share=1.0)
