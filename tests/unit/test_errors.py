"""One tree of errors, and how each reads."""

import inspect
import pickle

import pytest

from relex_kg import errors
from relex_kg.errors import RelexError

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]


def test_an_error_says_what_happened_why_and_what_to_do() -> None:
    error = RelexError("the file is empty", cause="a crash", fix="fetch it again")
    assert str(error) == "the file is empty. Likely cause: a crash. Fix: fetch it again."
    assert (error.what, error.cause, error.fix) == ("the file is empty", "a crash", "fetch it again")


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({}, "It broke."),
        ({"cause": "age"}, "It broke. Likely cause: age."),
        ({"fix": "buy another"}, "It broke. Fix: buy another."),
    ],
)
def test_what_is_not_known_is_not_said(parts: dict[str, str], said: str) -> None:
    assert str(RelexError("It broke", **parts)) == said


def test_the_tree_in_the_module_is_the_tree_of_classes() -> None:
    drawn = [line.split("──")[-1].split()[0] for line in (errors.__doc__ or "").splitlines() if "Error" in line]
    assert sorted(drawn) == sorted(kind.__name__ for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_caught_by_the_one_at_the_root_and_documented(kind: type[RelexError]) -> None:
    assert issubclass(kind, RelexError)
    assert kind.__doc__


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_whole_after_a_journey_between_processes(kind: type[RelexError]) -> None:
    error = kind("it broke", cause="age", fix="buy another")
    arrived = pickle.loads(pickle.dumps(error))
    assert type(arrived) is kind
    assert str(arrived) == str(error)
