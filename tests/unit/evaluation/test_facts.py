"""A graph against the facts that readers listed."""

import json
from pathlib import Path
from typing import Any

import pytest

from relex_kg.errors import DataError
from relex_kg.evaluation.facts import (
    FactScores,
    ListedDocument,
    ListedFact,
    MissedFact,
    WrongFact,
    read_listed,
    score,
)
from relex_kg.graph.store import Passage, Quote, Statement
from relex_kg.ids import RelationId
from relex_kg.training.metrics import Counts

URI = "file:///corpus/enc/curie.txt"
TEXT = "Marie Curie was born in Warsaw. She was married to Pierre Curie."
CURIE, PIERRE, WARSAW = ("Marie Curie", "Curie"), ("Pierre Curie",), ("Warsaw",)


def stated(head: str, type: str, tail: str, *, symmetric: bool = False, document: str = URI) -> Statement:
    quotes = (Quote(head, 0, 11), Quote(tail, 24, 30))
    return Statement(
        document=document,
        type=type,
        head=(head,),
        tail=(tail,),
        symmetric=symmetric,
        passage=Passage(RelationId("r"), document, 0, 30, TEXT, 0, *quotes, 0.75),
    )


def said(head: tuple[str, ...], relation: str, tail: tuple[str, ...], via: str = "sentence") -> ListedFact:
    return ListedFact(head, relation, tail, "said", via, f"{head[0]} … {tail[0]}")


def scored(facts: list[ListedFact], *statements: Statement, name: str = "enc/curie") -> FactScores:
    return score([ListedDocument(name, tuple(facts))], statements, [URI])


BORN = said(CURIE, "BORN_IN", WARSAW)
MARRIED = said(CURIE, "MARRIED_TO", PIERRE, via="pronoun")


def test_what_is_right_wrong_and_missed_is_counted_and_listed() -> None:
    scores = scored([BORN, MARRIED], stated("Curie", "BORN_IN", "Warsaw"), stated("Curie", "DIED_IN", "Warsaw"))
    assert scores == FactScores(
        total=Counts(1, 2, 2),
        by_genre={"enc": Counts(1, 2, 2)},
        by_relation={"BORN_IN": Counts(1, 1, 1), "DIED_IN": Counts(0, 1, 0), "MARRIED_TO": Counts(0, 0, 1)},
        by_via={"pronoun": Counts(0, 0, 1), "sentence": Counts(1, 1, 1)},
        implied=0,
        absent=(),
        wrong=(WrongFact("enc/curie", "Curie", "DIED_IN", "Warsaw", 0.75, TEXT),),
        missed=(
            MissedFact(
                "enc/curie", "Marie Curie", "MARRIED_TO", "Pierre Curie", "pronoun", "Marie Curie … Pierre Curie"
            ),
        ),
    )


@pytest.mark.parametrize("name", ["curie", "The Curie", "MARIE  CURIE", "Marie Curie's", "Marie-Curie"])
def test_names_are_compared_without_case_articles_possessives_and_punctuation(name: str) -> None:
    assert scored([BORN], stated(name, "BORN_IN", "WARSAW")).total == Counts(1, 1, 1)


def test_what_is_only_implied_counts_neither_way() -> None:
    implied = ListedFact(CURIE, "LIVES_IN", WARSAW, "implied", "", "")
    scores = scored([BORN, implied], stated("Curie", "LIVES_IN", "Warsaw"))
    assert (scores.total, scores.implied) == (Counts(0, 0, 1), 1)


def test_a_fact_that_two_edges_state_is_found_once_and_the_second_is_no_mistake() -> None:
    scores = scored([BORN], stated("Curie", "BORN_IN", "Warsaw"), stated("Marie Curie", "BORN_IN", "Warsaw"))
    assert scores.total == Counts(1, 1, 1)


def test_a_mistake_that_is_made_twice_counts_once() -> None:
    assert scored([], stated("Curie", "DIED_IN", "York"), stated("curie", "DIED_IN", "York")).total == Counts(0, 1, 0)


def test_only_symmetric_facts_hold_the_other_way() -> None:
    turned = [stated("Pierre Curie", "MARRIED_TO", "Curie", symmetric=value) for value in (True, False)]
    assert [scored([MARRIED], one).total for one in turned] == [Counts(1, 1, 1), Counts(0, 1, 1)]


def test_documents_that_nobody_read_are_left_aside_and_absent_ones_are_missed() -> None:
    other = stated("Curie", "BORN_IN", "Warsaw", document="file:///corpus/enc/other.txt")
    scores = score([ListedDocument("enc/gone", (BORN,))], [other], [URI, other.document])
    assert (scores.total, scores.absent) == (Counts(0, 0, 1), ("enc/gone",))


@pytest.mark.parametrize("name", ["curie", "enc/curie", "corpus/enc/curie", "curie.txt", URI])
def test_a_document_is_known_by_the_end_of_its_address(name: str) -> None:
    assert scored([BORN], stated("Curie", "BORN_IN", "Warsaw"), name=name).total == Counts(1, 1, 1)


def test_a_name_that_two_documents_answer_to_is_refused() -> None:
    with pytest.raises(DataError, match=r"'curie' may be file:///a/curie\.md or file:///b/curie\.txt") as refusal:
        score([ListedDocument("curie", ())], [], ["file:///b/curie.txt", "file:///a/curie.md"])
    assert refusal.value.fix == "put more of the folders in front of the name in 'doc', or its whole address"


def test_the_macro_average_is_over_relations_that_are_stated_often() -> None:
    often = [said((f"person {number}",), "BORN_IN", WARSAW) for number in range(10)]
    found = [stated(f"person {number}", "BORN_IN", "Warsaw") for number in range(5)]
    scores = scored([*often, MARRIED], *found)
    assert scores.macro_f1 == pytest.approx(2 / 3)
    assert scored([MARRIED]).macro_f1 == 0.0


FIELDS: dict[str, Any] = {
    "doc": "enc/curie",
    "schema": "general",
    "entities": [
        {"id": "e1", "type": "Person", "names": ["Curie"]},
        {"id": "e2", "type": "Place", "names": ["Warsaw"]},
    ],
    "facts": [{"head": "e1", "relation": "BORN_IN", "tail": "e2", "level": "said", "via": "sentence", "quote": "…"}],
}


def written(folder: Path, fields: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "curie.json").write_text(json.dumps(fields), encoding="utf-8")
    return folder


def test_listed_facts_are_read(tmp_path: Path) -> None:
    fact = ListedFact(("Curie",), "BORN_IN", ("Warsaw",), "said", "sentence", "…")
    assert read_listed(written(tmp_path / "gold", FIELDS)) == [ListedDocument("enc/curie", (fact,))]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ([], "TypeError"),
        (FIELDS | {"doc": None} | {"entities": [{"id": "e1"}]}, "KeyError: 'names'"),
        (
            FIELDS | {"entities": [{"id": "e1", "names": "Curie"}]},
            "ValueError: 'names' is 'Curie', not a list of strings",
        ),
        (FIELDS | {"facts": [FIELDS["facts"][0] | {"tail": "e3"}]}, "KeyError: 'e3'"),
        (
            FIELDS | {"facts": [FIELDS["facts"][0] | {"level": "likely"}]},
            "ValueError: 'level' is 'likely', neither 'said' nor 'implied'",
        ),
    ],
)
def test_a_malformed_file_is_named(tmp_path: Path, fields: Any, problem: str) -> None:
    with pytest.raises(DataError) as refusal:
        read_listed(written(tmp_path / "gold", fields))
    assert refusal.value.what.startswith(f"{tmp_path / 'gold' / 'curie.json'} does not hold the facts of one document")
    assert problem in refusal.value.what


def test_what_is_not_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "curie.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=r"curie\.json cannot be read"):
        read_listed(tmp_path)


@pytest.mark.parametrize("name", ["gone", "empty"])
def test_a_folder_without_facts_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no facts that readers listed"):
        read_listed(tmp_path / name)
