"""The measures, on examples small enough to count by hand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relex_kg.training.data import LabelledRelation, LabelledSpan, Record
from relex_kg.training.metrics import (
    Counts,
    Scored,
    Verdict,
    added,
    comparable,
    judge_entities,
    judge_relations,
    judge_triples,
    micro,
)
from relex_kg.types import Span, TextExtraction, TextMention, TextRelation

#       0         10        20        30        40
TEXT = "Ada Byron met the Babbage. Ada Byron wed King."
ADA, BABBAGE, ADA_AGAIN, KING = (0, 9), (18, 25), (27, 36), (41, 45)
PEOPLE = [(*ADA, "person"), (*BABBAGE, "person"), (*ADA_AGAIN, "person"), (*KING, "person")]


def record(*relations: tuple[int, int, str], **changes: Any) -> Record:
    fields: dict[str, Any] = {
        "id": "r",
        "text": TEXT,
        "entities": tuple(LabelledSpan(*entity) for entity in PEOPLE),
        "relations": tuple(LabelledRelation(*relation) for relation in relations),
        "entity_types": ("person", "place"),
        "relation_types": ("met", "spouse", "sibling"),
        "pairs": "all",
        "no_relation_pairs": (),
        "clusters": None,
        "cluster_relations": (),
        "document": None,
        "domain": None,
        "title": None,
        "references": False,
    }
    return Record(**(fields | changes))


def said(*relations: tuple[int, int, str, float], mentions: list[tuple[int, int, str]] | None = None) -> TextExtraction:
    spans = PEOPLE if mentions is None else mentions
    return TextExtraction(
        mentions=tuple(TextMention(Span(start, end), TEXT[start:end], label, 0.9) for start, end, label in spans),
        relations=tuple(TextRelation(*relation) for relation in relations),
        cut_spans=0,
        cut_pairs=0,
        cut_relations=0,
    )


class TestCounts:
    def test_ratios(self) -> None:
        counts = Counts(true_positive=3, predicted=4, gold=6)
        assert (counts.precision, counts.recall, counts.f1) == (0.75, 0.5, 0.6)

    def test_nothing_divides_by_nothing(self) -> None:
        counts = Counts(0, 0, 0)
        assert (counts.precision, counts.recall, counts.f1) == (0.0, 0.0, 0.0)

    def test_tables_add_by_type_and_sum_over_types(self) -> None:
        table = added([{"b": Counts(1, 2, 3)}, {"a": Counts(0, 1, 0), "b": Counts(1, 1, 1)}])
        assert table == {"a": Counts(0, 1, 0), "b": Counts(2, 3, 4)}
        assert list(table) == ["a", "b"]
        assert micro(table) == Counts(2, 4, 4)

    @given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
    def test_f1_is_the_harmonic_mean(self, right: int, wrong: int, missed: int) -> None:
        counts = Counts(right, right + wrong, right + missed)
        if right:
            mean = 2 * counts.precision * counts.recall / (counts.precision + counts.recall)
            assert counts.f1 == pytest.approx(mean)
        else:
            assert counts.f1 == 0.0


class TestEntities:
    def test_span_and_type_must_both_agree(self) -> None:
        found = said(mentions=[(*ADA, "person"), (18, 24, "person"), (*KING, "place"), (*ADA, "person")])
        assert judge_entities(record(), found).counts() == {"person": Counts(1, 2, 4), "place": Counts(0, 1, 0)}

    def test_types_outside_a_closed_list_are_not_counted(self) -> None:
        found = said(mentions=[(*ADA, "poet")])
        assert judge_entities(record(), found).counts() == {"person": Counts(0, 0, 4)}
        assert judge_entities(record(entity_types=None), found).counts() == {
            "person": Counts(0, 0, 4),
            "poet": Counts(0, 1, 0),
        }


class TestStrictRelations:
    def test_each_part_must_agree(self) -> None:
        gold = record((0, 1, "met"), (2, 3, "spouse"))
        assert judge_relations(
            gold, said((0, 1, "met", 0.9), (3, 2, "spouse", 0.9), (0, 1, "sibling", 0.9))
        ).counts() == {
            "met": Counts(1, 1, 1),
            "sibling": Counts(0, 1, 0),
            "spouse": Counts(0, 1, 1),
        }

    def test_another_mention_of_the_same_text_will_not_do(self) -> None:
        assert judge_relations(record((2, 3, "spouse")), said((0, 3, "spouse", 0.9))).counts() == {
            "spouse": Counts(0, 1, 1)
        }

    def test_an_end_of_another_type_will_not_do(self) -> None:
        found = said((0, 1, "met", 0.9), mentions=[(*ADA, "place"), (*BABBAGE, "person")])
        assert judge_relations(record((0, 1, "met")), found).counts() == {"met": Counts(0, 1, 1)}

    def test_only_judged_pairs_can_be_wrong_where_pairs_are_given(self) -> None:
        gold = record((0, 1, "met"), pairs="given", no_relation_pairs=((2, 3),))
        found = said(
            (0, 1, "spouse", 0.9),  # judged, and not so
            (3, 2, "spouse", 0.9),  # judged in both directions to hold nothing
            (1, 0, "met", 0.9),  # nobody looked
            (0, 3, "spouse", 0.9),  # nobody looked
        )
        assert judge_relations(gold, found).counts() == {"met": Counts(0, 0, 1), "spouse": Counts(0, 2, 0)}

    def test_an_open_list_of_given_pairs_can_only_confirm(self) -> None:
        gold = record((0, 1, "met"), pairs="given", relation_types=None)
        assert judge_relations(gold, said((0, 1, "met", 0.9), (0, 1, "knew", 0.9))).counts() == {"met": Counts(1, 1, 1)}

    def test_types_outside_a_closed_list_are_not_counted(self) -> None:
        assert judge_relations(record((0, 1, "met")), said((0, 1, "knew", 0.9))).counts() == {"met": Counts(0, 0, 1)}

    def test_any_mention_stands_for_its_cluster_once(self) -> None:
        gold = record(
            (2, 3, "spouse"),
            clusters=((0, 2), (1,), (3,)),
            cluster_relations=(LabelledRelation(0, 2, "spouse"),),
        )
        found = said((0, 3, "spouse", 0.9), (2, 3, "spouse", 0.8), (1, 3, "spouse", 0.7))
        assert judge_relations(gold, found).counts() == {"spouse": Counts(1, 2, 1)}


class TestTriples:
    def test_only_texts_and_the_type_matter(self) -> None:
        found = said((0, 1, "met", 0.9), mentions=[(*ADA_AGAIN, "place"), (14, 25, "person")])
        assert judge_triples(record((0, 1, "met")), found).counts() == {"met": Counts(1, 1, 1)}

    def test_one_triple_said_of_two_mentions_is_one(self) -> None:
        found = said((0, 3, "spouse", 0.9), (2, 3, "spouse", 0.8))
        assert judge_triples(record((2, 3, "spouse")), found).counts() == {"spouse": Counts(1, 1, 1)}

    def test_the_best_of_a_pair_of_texts_are_looked_at(self) -> None:
        gold = record((0, 1, "met"))
        found = said((0, 1, "a", 0.9), (2, 1, "met", 0.3), (0, 1, "b", 0.8), (0, 1, "c", 0.8), (0, 1, "d", 0.8))
        assert judge_triples(gold, found).counts() == {
            "a": Counts(0, 1, 0),
            "b": Counts(0, 1, 0),
            "c": Counts(0, 1, 0),
            "met": Counts(0, 0, 1),
        }
        assert micro(judge_triples(gold, found, top=5).counts()) == Counts(1, 5, 1)

    def test_the_better_score_of_a_repeated_triple_ranks_it(self) -> None:
        found = said((0, 1, "met", 0.1), (0, 1, "a", 0.5), (2, 1, "met", 0.9))
        assert judge_triples(record((0, 1, "met")), found, top=1).counts() == {"met": Counts(1, 1, 1)}

    def test_all_predictions_count_though_few_pairs_were_judged(self) -> None:
        gold = record((0, 1, "met"), pairs="given")
        assert judge_triples(gold, said((1, 3, "met", 0.9))).counts() == {"met": Counts(0, 1, 1)}

    def test_several_wordings_of_one_gold_relation_count_once_and_none_is_wrong(self) -> None:
        text = "Ada Byron wed King. Lovelace loved William King."
        names = ((0, 9), (14, 18), (20, 28), (35, 47))
        gold = record(
            text=text,
            entities=tuple(LabelledSpan(*name, "person") for name in names),
            clusters=((0, 2), (1, 3)),
            cluster_relations=(LabelledRelation(0, 1, "spouse"),),
        )
        mentions = tuple(TextMention(Span(*name), text[slice(*name)], "person", 0.9) for name in names)
        relations = (
            TextRelation(0, 1, "spouse", 0.9),
            TextRelation(2, 3, "spouse", 0.9),
            TextRelation(0, 2, "spouse", 0.9),
        )
        found = TextExtraction(mentions, relations, cut_spans=0, cut_pairs=0, cut_relations=0)
        assert judge_triples(gold, found).counts() == {"spouse": Counts(1, 2, 1)}

    @pytest.mark.parametrize(
        ("text", "compared"),
        [
            ("The  Beatles", "beatles"),
            ("AN\nApple", "apple"),
            ("A Day in the Life", "day in the life"),
            ("Anna", "anna"),
            ("The", "the"),
            ("the The", "the"),
        ],
    )
    def test_texts_are_compared_without_case_article_and_spacing(self, text: str, compared: str) -> None:
        assert comparable(text) == compared

    @given(st.text())
    def test_a_text_is_never_compared_as_nothing(self, text: str) -> None:
        assert bool(comparable(text)) == bool(text.split())


TRIPLES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from(["met", "spouse"]), st.floats(0.1, 1.0)).filter(
        lambda relation: relation[0] != relation[1]
    ),
    max_size=8,
)


@given(TRIPLES, TRIPLES, st.sampled_from(["all", "given"]))
def test_no_measure_finds_more_than_there_is_or_was_said(gold: list[Any], found: list[Any], pairs: str) -> None:
    annotated = record(*(relation[:3] for relation in gold), pairs=pairs)
    for judge in (judge_relations, judge_triples):
        counts = judge(annotated, said(*found)).total()
        assert 0 <= counts.true_positive <= min(counts.predicted, counts.gold)


@given(TRIPLES)
def test_saying_the_annotation_is_perfect(gold: list[Any]) -> None:
    annotated = record(*(relation[:3] for relation in gold))
    for judge in (judge_relations, judge_triples):
        counts = judge(annotated, said(*gold)).total()
        assert counts.true_positive == counts.predicted == counts.gold


class TestThresholds:
    """One judgement answers for every threshold."""

    def test_entities_above_a_score(self) -> None:
        mentions = tuple(
            TextMention(Span(start, end), TEXT[start:end], "person", score)
            for (start, end), score in ((ADA, 0.9), (BABBAGE, 0.6), ((10, 13), 0.7))
        )
        judged = judge_entities(record(), TextExtraction(mentions, (), 0, 0, 0))
        assert judged.said == (
            Verdict("person", 0.9, right=True),
            Verdict("person", 0.6, right=True),
            Verdict("person", 0.7, right=False),
        )
        assert judged.found == (Scored("person", 0.9), Scored("person", 0.6))
        assert [judged.total(above=threshold) for threshold in (0.5, 0.6, 0.8, 0.9)] == [
            Counts(2, 3, 4),
            Counts(1, 2, 4),
            Counts(1, 1, 4),
            Counts(0, 0, 4),
        ]

    def test_a_relation_between_clusters_is_found_as_long_as_its_best_wording(self) -> None:
        gold = record(clusters=((0, 2), (1,), (3,)), cluster_relations=(LabelledRelation(0, 2, "spouse"),))
        judged = judge_relations(
            gold, said((0, 3, "spouse", 0.6), (2, 3, "spouse", 0.8), (1, 3, "spouse", 0.7), (0, 1, "met", 0.3))
        )
        assert judged.found == (Scored("spouse", 0.8),)
        assert [judged.total(above=threshold) for threshold in (0.2, 0.5, 0.65, 0.75, 0.8)] == [
            Counts(1, 3, 1),  # found once; spouse of Babbage and met are wrong
            Counts(1, 2, 1),
            Counts(1, 2, 1),
            Counts(1, 1, 1),
            Counts(0, 0, 1),
        ]
        assert judged.counts(above=0.5) == {"spouse": Counts(1, 2, 1)}

    def test_the_three_best_of_a_pair_above_a_score_are_the_best_of_all(self) -> None:
        relations = tuple((0, 1, name, score) for name, score in (("a", 0.9), ("b", 0.8), ("met", 0.7), ("c", 0.6)))
        judged = judge_triples(record((0, 1, "met")), said(*relations))
        for threshold, expected in ((0.5, Counts(1, 3, 1)), (0.75, Counts(0, 2, 1)), (0.85, Counts(0, 1, 1))):
            alone = said(*(one for one in relations if one[3] > threshold))
            assert judged.total(above=threshold) == expected
            assert micro(judge_triples(record((0, 1, "met")), alone).counts()) == expected

    def test_the_total_is_the_sum_over_types(self) -> None:
        judged = judge_triples(record((0, 1, "met"), (2, 3, "spouse")), said((0, 1, "met", 0.4), (1, 0, "a", 0.6)))
        for threshold in (0.0, 0.4, 0.5, 0.9):
            assert micro(judged.counts(above=threshold)) == judged.total(above=threshold)
