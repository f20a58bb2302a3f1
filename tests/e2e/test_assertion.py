"""What a text only denies, plans, asks or reports as a rumour does not become a fact."""

import sys
from pathlib import Path

import pytest

from relex_kg import Extractor

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def answers() -> list[object]:
    sys.path.insert(0, str(ROOT / "bench"))
    from assertion import measure, read_sentences

    return list(measure(Extractor.from_pretrained(), read_sentences()))


def test_there_are_a_hundred_pairs(answers: list) -> None:  # type: ignore[type-arg]
    pairs = {answer.sentence.id[:-1] for answer in answers}
    assert (len(answers), len(pairs)) == (200, 100)
    assert sum(answer.sentence.status == "asserted" for answer in answers) == 100


def test_most_of_what_is_not_asserted_is_no_fact(answers: list) -> None:  # type: ignore[type-arg]
    invented = [answer.sentence.id for answer in answers if not answer.right and answer.found]
    assert len(invented) <= MOST_INVENTED, invented


def test_most_of_what_is_asserted_is_found(answers: list) -> None:  # type: ignore[type-arg]
    missed = [answer.sentence.id for answer in answers if not answer.right and not answer.found]
    assert len(missed) <= MOST_MISSED, missed
