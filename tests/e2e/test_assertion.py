"""A text that denies something does not make a fact of it, and one that states it does.

The bundled model is measured on a hundred pairs of sentences (bench/assertion.tsv). The bounds leave room for rounding.
"""

import sys
from collections import Counter
from pathlib import Path

import pytest

from relex_kg import Extractor

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
from assertion import Answer, measure, read_sentences


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    return measure(Extractor.from_pretrained(), read_sentences())


def test_both_sentences_of_a_pair_speak_of_the_same() -> None:
    sentences = read_sentences()
    pairs = Counter((each.id[:-1], each.schema, each.relation, each.head, each.tail) for each in sentences)
    assert (len(sentences), set(pairs.values())) == (200, {2})
    assert all(each.head in each.text and each.tail in each.text for each in sentences)
    assert sum(each.status == "asserted" for each in sentences) == 100


def test_what_is_stated_becomes_a_fact(answers: list[Answer]) -> None:
    missed = [answer.sentence.id for answer in answers if answer.sentence.status == "asserted" and not answer.found]
    assert len(missed) <= 18, missed


def test_what_is_denied_becomes_none(answers: list[Answer]) -> None:
    invented = [answer.sentence.id for answer in answers if answer.sentence.status == "denied" and answer.found]
    assert len(invented) <= 9, invented
