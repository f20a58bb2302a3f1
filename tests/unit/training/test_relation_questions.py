import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relex_kg.training.data import LabelledRelation, LabelledSpan, Record
from relex_kg.training.phrases import PhraseTable
from relex_kg.training.relation_classes import UNCLASSED
from relex_kg.training.relation_questions import Facts, PairAnswers, RelationQuestion, pair_answers, relation_questions

AS_THEY_ARE = PhraseTable({}, rename=0.0)


def of_mentions(count: int, *relations: tuple[int, int, str], types: tuple[str, ...], pairs: str = "all") -> Record:
    return Record(
        id="r",
        text="x" * count,
        entities=tuple(LabelledSpan(row, row + 1, "gnome") for row in range(count)),
        relations=tuple(LabelledRelation(*relation) for relation in relations),
        entity_types=None,
        relation_types=types,
        pairs="all" if pairs == "all" else "given",
        no_relation_pairs=(),
        clusters=None,
        cluster_relations=(),
        document=None,
        domain=None,
        title=None,
        references=False,
    )


def asked(record: Record, *, labels: int, pairs: int, seed: int) -> tuple[Facts, list[RelationQuestion], PairAnswers]:
    chance, count = random.Random(seed), len(record.entities)
    facts = Facts(record, {row: row for row in range(count)}, AS_THEY_ARE)
    questions = relation_questions(facts, (), limit=labels, chance=chance)
    return facts, questions, pair_answers(facts, questions, spans=range(count), limit=pairs, chance=chance)


@given(
    mentions=st.integers(2, 7),
    types=st.integers(1, 30),
    labels=st.integers(1, 30),
    pairs=st.integers(2, 50),
    seed=st.integers(0, 999),
)
def test_however_few_are_asked_the_answers_no_weigh_as_all_of_them_would(
    mentions: int, types: int, labels: int, pairs: int, seed: int
) -> None:
    listed = tuple(f"relation {number}" for number in range(types))
    record = of_mentions(mentions, (0, 1, listed[0]), types=listed)
    _, questions, answers = asked(record, labels=labels, pairs=pairs, seed=seed)
    absent = [question.stands_for for question in questions if question.label != listed[0]]
    assert sum(absent) == pytest.approx(types - 1)
    column = answers.weights[:, [question.label == listed[0] for question in questions].index(True)]
    named = 2  # the related pair and its reverse are always asked, and one of them is related
    left = mentions * (mentions - 1) - named
    others = column.sum() - 1 - 1
    assert float(others) == pytest.approx(left if pairs > named else 0, rel=1e-4)


def test_a_relation_without_class_leaves_its_pair_open() -> None:
    record = of_mentions(3, (0, 1, UNCLASSED), types=("role",))
    facts, questions, answers = asked(record, labels=5, pairs=100, seed=1)
    assert [question.label for question in questions] == ["role"]
    weights = dict(zip(map(tuple, answers.pairs.tolist()), answers.weights.tolist(), strict=True))
    assert weights[0, 1] == weights[1, 0] == [0]
    assert weights[0, 2] == weights[2, 1] == [1]
    assert facts.judged((1, 0))


def test_only_named_pairs_are_asked_where_pairs_are_given() -> None:
    record = of_mentions(4, (2, 1, "role"), types=("role", "part of"), pairs="given")
    _, _, answers = asked(record, labels=5, pairs=100, seed=1)
    assert answers.pairs.tolist() == [[1, 2], [2, 1]]


def test_a_record_that_judges_nothing_is_asked_nothing() -> None:
    record = of_mentions(4, types=("role",), pairs="given")
    _, questions, answers = asked(record, labels=5, pairs=100, seed=1)
    assert questions == []
    assert answers.pairs.shape == (0, 2)
    assert answers.weights.shape == (0, 0)
