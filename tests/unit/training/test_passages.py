"""Which part of a text is read at once."""

import random
from dataclasses import replace

import pytest

from relex_kg.training.data import LabelledRelation, Record
from relex_kg.training.passages import PassageMaker, below_title, part_of
from tests.unit.training.conftest import MakeRecord

TEXT = "Ada met Bea. She liked York. Bea left York. Cyd stayed."
MENTIONS = [
    ("Ada", "person"), ("Bea", "person"), ("She", "person"), ("York", "place"), ("Bea", "person"), ("York", "place"),
    ("Cyd", "person"),
]  # fmt: skip


@pytest.fixture
def four(record: MakeRecord) -> Record:
    """Four sentences; who met, liked and left what, the liking said with a pronoun."""
    plain = record(
        TEXT,
        MENTIONS,
        (0, 1, "met"),
        (2, 3, "liked"),
        (4, 5, "left"),
        entity_types=("person", "place"),
        relation_types=("met", "liked", "left"),
        pairs="all",
        no_relation_pairs=((0, 6), (4, 6)),
        clusters=((0, 2), (1, 4), (3, 5), (6,)),
        cluster_relations=(
            LabelledRelation(0, 1, "met"),
            LabelledRelation(0, 2, "liked"),
            LabelledRelation(1, 2, "left"),
        ),
        references=True,
        title="Ada",
    )
    return replace(
        plain,
        entities=tuple(replace(entity, reference=row == 2) for row, entity in enumerate(plain.entities)),
    )


def texts(record: Record) -> list[str]:
    return [record.text[entity.start : entity.end] for entity in record.entities]


def test_a_part_keeps_what_lies_whole_in_it(four: Record) -> None:
    part = part_of(four, TEXT.index("She"), TEXT.index(" Cyd"))
    assert part.text == "She liked York. Bea left York."
    assert texts(part) == ["She", "York", "Bea", "York"]
    assert [entity.reference for entity in part.entities] == [True, False, False, False]
    assert [(each.head, each.tail, each.type) for each in part.relations] == [(0, 1, "liked"), (2, 3, "left")]
    assert part.clusters == ((0,), (2,), (1, 3))
    assert [(each.head, each.tail, each.type) for each in part.cluster_relations] == [
        (0, 1, "met"),
        (0, 2, "liked"),
        (1, 2, "left"),
    ]
    assert part.no_relation_pairs == ()
    assert part_of(four, TEXT.index("Bea left"), len(TEXT)).no_relation_pairs == ((0, 2),)


def test_a_mention_that_is_cut_falls_away(four: Record) -> None:
    assert texts(part_of(four, 1, 12)) == ["Bea"]


def test_crops_are_runs_of_whole_sentences(four: Record) -> None:
    maker = PassageMaker(crop=1.0, title=0.0)
    seen = {maker.cut(four, random.Random(seed)).text for seed in range(200)}
    sentences = ["Ada met Bea.", "She liked York.", "Bea left York.", "Cyd stayed."]
    runs = {" ".join(sentences[first:last]) for first in range(4) for last in range(first + 1, 5)}
    assert seen == runs


def test_without_crop_and_title_a_record_is_read_as_it_is(four: Record) -> None:
    assert PassageMaker(crop=0.0, title=0.0).cut(four, random.Random(1)) is four


def test_a_title_is_a_paragraph_whose_names_belong_to_the_clusters(four: Record) -> None:
    titled = below_title(replace(four, title="Ada in York (story)"))
    assert titled.text == f"Ada in York\n\n{TEXT}"
    assert texts(titled) == ["Ada", "York", *texts(four)]
    assert [entity.type for entity in titled.entities[:2]] == ["person", "place"]
    assert not any(entity.reference for entity in titled.entities[:2])
    assert titled.clusters == ((0, 2, 4), (3, 6), (1, 5, 7), (8,))
    assert [(each.head, each.tail) for each in titled.relations] == [(2, 3), (4, 5), (6, 7)]
    assert titled.cluster_relations == four.cluster_relations
    assert titled.no_relation_pairs == ((2, 8), (6, 8))


@pytest.mark.parametrize("title", [None, "A story", "Ada and Dorothy", "Adas"])
def test_a_title_without_names_or_with_unknown_ones_is_left_out(four: Record, title: str | None) -> None:
    untitled = replace(four, title=title)
    assert below_title(untitled) is untitled


def test_the_first_word_of_a_title_may_be_any(four: Record) -> None:
    assert below_title(replace(four, title="Meeting Ada")).text.startswith("Meeting Ada\n\nAda met")
