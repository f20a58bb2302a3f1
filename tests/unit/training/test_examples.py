"""From an annotated record to questions and answers, for each way in which annotation can be complete or not."""

import random
from collections.abc import Callable

import pytest
import torch

from relex_kg.extract.encoding import Encoding
from relex_kg.training.data import LabelledRelation, Record
from relex_kg.training.examples import Example, LabelPool, Limits, training_batch
from relex_kg.training.phrases import Phrases, PhraseTable
from tests.unit.training.conftest import AS_THEY_ARE, MakeRecord, plain_maker

Answers = dict[tuple[int, int, str], bool]

# Words:  0   1     2    3   4   5   6
TEXT = "Ada knew Bea and saw Cyd ."
MENTIONS = [("Ada", "gnome"), ("Bea", "gnome"), ("Cyd", "troll")]
PLENTY = Limits(entities=20, relations=20, pairs=100)
NO_POOL = LabelPool((), ())


@pytest.fixture
def make(encoding: Encoding) -> Callable[..., Example]:
    def make(
        record: Record,
        *,
        phrases: PhraseTable = AS_THEY_ARE,
        limits: Limits = PLENTY,
        pool: LabelPool = NO_POOL,
        max_tokens: int = 200,
        seed: int = 1,
    ) -> Example:
        maker = plain_maker(encoding, limits, phrases=phrases, max_tokens=max_tokens)
        example = maker.make(record, pool, random.Random(seed))
        assert example is not None
        return example

    return make


def answers(example: Example) -> Answers:
    """What is judged: (head, tail, wording), spans counted in the order of the text, to yes or no."""
    return {
        (head, tail, label): bool(example.related[row, column])
        for row, (head, tail) in enumerate(example.pairs.tolist())
        for column, label in enumerate(example.relations)
        if example.pair_weights[row, column]
    }


def marked(example: Example) -> set[tuple[tuple[int, int], str]]:
    spans = [tuple(span) for span in example.spans.tolist()]
    return {(spans[span], example.entities[label]) for span, label in example.mentions.tolist()}


# -- entities ----------------------------------------------------------------------------------------------------------


def test_mentions_are_marked_by_word_under_their_labels(make: Callable[..., Example], record: MakeRecord) -> None:
    example = make(record(TEXT, MENTIONS))
    assert example.spans.tolist() == [[0, 0], [2, 2], [5, 5]]
    assert sorted(example.entities) == ["gnome", "troll"]
    assert marked(example) == {((0, 0), "gnome"), ((2, 2), "gnome"), ((5, 5), "troll")}


def test_a_span_of_two_types_is_one_span_with_two_labels(make: Callable[..., Example], record: MakeRecord) -> None:
    one = record(TEXT, MENTIONS)
    twice = record(TEXT, [], entities=(*one.entities, one.entities[0].__class__(0, 3, "troll")))
    example = make(twice)
    assert len(example.spans) == 3
    assert {((0, 0), "gnome"), ((0, 0), "troll")} < marked(example)


def test_a_mention_within_a_word_takes_the_whole_word(make: Callable[..., Example], record: MakeRecord) -> None:
    example = make(record("the pre-Ada-era years", [("Ada", "gnome")]))
    assert example.spans.tolist() == [[1, 1]]


def test_a_closed_list_judges_every_word_and_asks_for_absent_types(
    make: Callable[..., Example], record: MakeRecord
) -> None:
    examples = [make(record(TEXT, MENTIONS, entity_types=("gnome", "troll", "elf")), seed=seed) for seed in range(20)]
    assert all(example.judged_words.all() for example in examples)
    assert {frozenset(example.entities) for example in examples} == {
        frozenset({"gnome", "troll"}),
        frozenset({"gnome", "troll", "elf"}),
    }


def test_an_open_list_judges_mentions_and_their_neighbours_alone(
    make: Callable[..., Example], record: MakeRecord
) -> None:
    example = make(record("far away lives Ada in a great wood", [("Ada", "gnome")]))
    assert example.judged_words[:, 0].tolist() == [False, False, True, True, True, False, False, False]


def test_an_open_list_with_all_pairs_judged_judges_every_word(make: Callable[..., Example], record: MakeRecord) -> None:
    assert make(record(TEXT, MENTIONS, pairs="all")).judged_words.all()


def test_an_open_list_asks_for_types_of_other_records_that_are_not_its_own(
    make: Callable[..., Example], record: MakeRecord
) -> None:
    pool = LabelPool(("elf", "gnome", "orc", "troll"), ())
    asked = {label for seed in range(30) for label in make(record(TEXT, MENTIONS), pool=pool, seed=seed).entities}
    assert asked == {"elf", "gnome", "orc", "troll"}
    assert all(len(marked(make(record(TEXT, MENTIONS), pool=pool, seed=seed))) == 3 for seed in range(30))


def test_a_mention_without_a_type_is_a_span_that_no_label_is_asked_for(
    make: Callable[..., Example], record: MakeRecord
) -> None:
    example = make(record(TEXT, [("Ada", "entity"), ("Bea", "gnome")], entity_types=("entity", "gnome")))
    assert len(example.spans) == 2
    assert example.entities == ("gnome",)


def test_no_more_labels_are_asked_for_than_the_limit(make: Callable[..., Example], record: MakeRecord) -> None:
    many = record(TEXT, MENTIONS, entity_types=("gnome", "troll", *(f"kind {n}" for n in range(30))))
    for seed in range(20):
        assert len(make(many, limits=Limits(5, 5, 5), seed=seed).entities) <= 5


# -- pairs -------------------------------------------------------------------------------------------------------------


def test_closed_types_and_all_pairs_answer_everything(make: Callable[..., Example], record: MakeRecord) -> None:
    example = make(record(TEXT, MENTIONS, (0, 1, "guards"), pairs="all", relation_types=("guards", "feeds")))
    assert sorted(example.relations) == ["feeds", "guards"]
    assert answers(example) == {
        (head, tail, label): (head, tail, label) == (0, 1, "guards")
        for head in range(3)
        for tail in range(3)
        for label in ("guards", "feeds")
        if head != tail
    }


def test_closed_types_and_given_pairs_answer_for_those_pairs(make: Callable[..., Example], record: MakeRecord) -> None:
    example = make(record(TEXT, MENTIONS, (0, 1, "guards"), pairs="given", relation_types=("guards", "feeds")))
    assert sorted(map(tuple, example.pairs.tolist())) == [(0, 1), (1, 0)]
    assert answers(example) == {(0, 1, "guards"): True, (0, 1, "feeds"): False, (1, 0, "guards"): False}


def test_pairs_without_relation_answer_no_in_both_directions(make: Callable[..., Example], record: MakeRecord) -> None:
    example = make(record(TEXT, MENTIONS, no_relation_pairs=((1, 2),), relation_types=("guards", "feeds")))
    assert answers(example) == {
        (head, tail, label): False for head, tail in ((1, 2), (2, 1)) for label in ("guards", "feeds")
    }


def test_an_open_list_leaves_the_records_other_labels_open(make: Callable[..., Example], record: MakeRecord) -> None:
    two = record(TEXT, MENTIONS, (0, 1, "guards"), (1, 2, "feeds"), pairs="given")
    example = make(two, pool=LabelPool((), ("paints",)))
    said = answers(example)
    assert sorted(example.relations) == ["feeds", "guards", "paints"]
    assert {key for key, yes in said.items() if yes} == {(0, 1, "guards"), (1, 2, "feeds")}
    # guards may be feeding in other words; a label from elsewhere is not
    assert {key for key, yes in said.items() if not yes} == {
        (0, 1, "paints"),
        (1, 2, "paints"),
        (1, 0, "guards"),
        (2, 1, "feeds"),
    }


def test_an_open_list_with_all_pairs_answers_no_where_nothing_is_stated(
    make: Callable[..., Example], record: MakeRecord
) -> None:
    said = answers(make(record(TEXT, MENTIONS, (0, 1, "guards"), pairs="all")))
    assert {key for key, yes in said.items() if yes} == {(0, 1, "guards")}
    assert {(head, tail) for (head, tail, _), yes in said.items() if not yes} == {
        (0, 2),
        (2, 0),
        (1, 2),
        (2, 1),
        (1, 0),
    }


def test_a_symmetric_label_holds_both_ways(make: Callable[..., Example], record: MakeRecord) -> None:
    said = answers(make(record(TEXT, MENTIONS, (0, 1, "sibling of"), relation_types=("sibling of",))))
    assert said == {(0, 1, "sibling of"): True, (1, 0, "sibling of"): True}


def test_an_inverse_wording_is_answered_from_tail_to_head(make: Callable[..., Example], record: MakeRecord) -> None:
    phrases = PhraseTable({"guards": Phrases(("protects",), ("guarded by",), symmetric=False)}, rename=1.0)
    one = record(TEXT, MENTIONS, (0, 1, "guards"), relation_types=("guards",))
    said = {
        example.relations: answers(example) for seed in range(20) for example in [make(one, phrases=phrases, seed=seed)]
    }
    assert said == {
        ("protects",): {(0, 1, "protects"): True, (1, 0, "protects"): False},
        ("guarded by",): {(0, 1, "guarded by"): False, (1, 0, "guarded by"): True},
    }


def test_mentions_of_related_things_are_open_where_nothing_is_stated(
    make: Callable[..., Example], record: MakeRecord
) -> None:
    # the third mention is the first one's thing; that it guards the second is true, though perhaps not said there
    example = make(
        record(
            TEXT,
            MENTIONS,
            (0, 1, "guards"),
            pairs="all",
            relation_types=("guards", "feeds"),
            clusters=((0, 2), (1,)),
            cluster_relations=(LabelledRelation(0, 1, "guards"),),
        )
    )
    said = answers(example)
    assert (2, 1, "guards") not in said
    assert said[0, 1, "guards"] is True
    assert said[2, 1, "feeds"] is said[1, 2, "guards"] is said[1, 0, "guards"] is False


def test_nothing_is_asked_of_pairs_where_nothing_is_known(make: Callable[..., Example], record: MakeRecord) -> None:
    example = make(record(TEXT, MENTIONS, pairs="given"), pool=LabelPool((), ("guards",)))
    assert (example.relations, example.pairs.shape, example.related.shape) == ((), (0, 2), (0, 0))


def test_one_mention_has_no_pairs(make: Callable[..., Example], record: MakeRecord) -> None:
    example = make(record(TEXT, MENTIONS[:1], pairs="all", relation_types=("guards",)))
    assert (example.relations, example.pairs.shape) == ((), (0, 2))


def test_stated_pairs_come_before_the_limit(make: Callable[..., Example], record: MakeRecord) -> None:
    stated = record(TEXT, MENTIONS, (0, 2, "guards"), pairs="all", relation_types=("guards",))
    for seed in range(10):
        pairs = [tuple(pair) for pair in make(stated, limits=Limits(9, 9, 3), seed=seed).pairs.tolist()]
        assert len(pairs) == len(set(pairs)) == 3
        assert {(0, 2), (2, 0)} < set(pairs)


# -- texts -------------------------------------------------------------------------------------------------------------


def test_a_long_text_loses_its_last_words_and_what_reaches_into_them(
    make: Callable[..., Example], record: MakeRecord, encoding: Encoding
) -> None:
    size = len(encoding.texts(["Ada knew Bea and saw Cyd"])[0].pieces)
    example = make(record(TEXT, MENTIONS, (0, 1, "guards"), (0, 2, "feeds")), max_tokens=size)
    assert len(example.text.pieces) <= size
    assert example.judged_words.shape[0] == len(example.text.words) == 5
    assert example.spans.tolist() == [[0, 0], [2, 2]]
    assert example.relations == ("guards",)


def test_a_text_without_words_is_no_example(encoding: Encoding, record: MakeRecord) -> None:
    maker = plain_maker(encoding, PLENTY)
    assert maker.make(record(" \n", []), NO_POOL, random.Random(1)) is None


def test_one_seed_gives_one_example(make: Callable[..., Example], record: MakeRecord) -> None:
    pool = LabelPool(("elf", "orc", "imp"), ("paints", "pays", "feeds"))
    one = record(TEXT, MENTIONS, (0, 1, "guards"))
    first, again = make(one, pool=pool, seed=5), make(one, pool=pool, seed=5)
    assert (first.entities, first.relations) == (again.entities, again.relations)
    assert torch.equal(first.pairs, again.pairs)
    assert len({make(one, pool=pool, seed=seed).entities for seed in range(20)}) > 1


def test_a_batch_asks_each_text_its_own_questions(
    make: Callable[..., Example], record: MakeRecord, encoding: Encoding
) -> None:
    examples = [make(record(TEXT, MENTIONS)), make(record("Ada slept", MENTIONS[:1]))]
    batch = training_batch(examples, encoding)
    assert batch.examples == tuple(examples)
    assert batch.inputs.entity_mask.sum(dim=1).tolist() == [2, 1]
    assert batch.inputs.word_mask.sum(dim=1).tolist() == [7, 2]


def test_texts_asked_together_have_their_own_answers_to_the_same_questions(
    encoding: Encoding, record: MakeRecord
) -> None:
    closed = {"entity_types": ("gnome", "troll"), "relation_types": ("knew", "fed"), "pairs": "all"}
    records = [
        record("Ada knew Bea .", [("Ada", "gnome"), ("Bea", "gnome")], (0, 1, "knew"), **closed),
        record("Hal slept .", [("Hal", "troll")], **closed),
        record("so Cyd then fed Dot .", [("Cyd", "troll"), ("Dot", "gnome")], (0, 1, "fed"), **closed),
    ]
    first, second, third = plain_maker(encoding, PLENTY).make_together(records, NO_POOL, random.Random(3))
    assert first.entities == second.entities == third.entities
    assert first.relations == second.relations == third.relations
    assert {*first.relations} == {"knew", "fed"}
    assert [example.spans.tolist() for example in (first, second, third)] == [
        [[0, 0], [2, 2]],
        [[0, 0]],
        [[1, 1], [4, 4]],
    ]
    for example, label in ((first, "knew"), (third, "fed")):
        assert sorted(example.pairs.tolist()) == [[0, 1], [1, 0]]
        stated = example.related[example.pairs.tolist().index([0, 1])].tolist()
        assert stated == [float(each == label) for each in example.relations]
        assert example.pair_weights.min() == 1
    assert second.pairs.tolist() == []


def test_a_text_asked_alone_is_asked_as_ever(encoding: Encoding, record: MakeRecord) -> None:
    one = record(TEXT, MENTIONS, (0, 1, "knew"))
    maker = plain_maker(encoding, PLENTY)
    alone = maker.make(one, NO_POOL, random.Random(5))
    (together,) = maker.make_together([one, record(" ", [])], NO_POOL, random.Random(5))
    assert alone is not None
    assert (alone.entities, alone.relations) == (together.entities, together.relations)
    assert torch.equal(alone.pairs, together.pairs)
    assert torch.equal(alone.related, together.related)
