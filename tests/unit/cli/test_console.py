import json
from typing import Any

import pytest

from relex_kg.cli.console import emit, harmless, line, say
from relex_kg.cli.values import readable


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert harmless("a\x1b[31mb\x07\x9bc\td\ne") == "a\ufffd[31mb\ufffd\ufffdc\td\ne"


def test_a_line_is_one_line() -> None:
    assert line("one\ntwo\u2028three") == "one two three"


def test_markup_in_text_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    say("[bold]x[/bold] :smile:")
    assert capsys.readouterr().out == "[bold]x[/bold] :smile:\n"


def test_what_json_lacks_becomes_text(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"rows": [[float("nan"), float("inf"), 0.5, "é"]]})
    assert json.loads(capsys.readouterr().out) == {"rows": [["nan", "inf", 0.5, "é"]]}


ADA = {"element_id": "1", "labels": ["Entity", "Person"], "properties": {"name": "Ada"}}
FIRM = {"element_id": "2", "labels": ["Company", "Entity"], "properties": {"name": "Engines Ltd"}}
WORKS = {"element_id": "3", "type": "WORKS_FOR", "start": "1", "end": "2", "properties": {"support": 2}}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (3, "3"),
        (0.123456789, "0.123457"),
        ("as it is", "as it is"),
        (["a", 1], "[a, 1]"),
        ({"a": [None]}, "{a: []}"),
        (ADA, "(Ada :Person)"),
        ({"element_id": "9", "labels": ["Entity"], "properties": {}}, "(9 :Entity)"),
        (WORKS, "[:WORKS_FOR support 2]"),
        (
            {"nodes": [ADA, FIRM], "relationships": [WORKS]},
            "(Ada :Person)-[:WORKS_FOR support 2]->(Engines Ltd :Company)",
        ),
        (
            {"nodes": [FIRM, ADA], "relationships": [WORKS]},
            "(Engines Ltd :Company)<-[:WORKS_FOR support 2]-(Ada :Person)",
        ),
    ],
)
def test_values_are_shown_in_short(value: Any, text: str) -> None:
    assert readable(value) == text
