from pathlib import Path

import pytest

from relex_kg.cli.opening import load_resolver
from relex_kg.errors import DecisionError


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    decisions, aliases = tmp_path / "merges.yaml", tmp_path / "things.csv"
    decisions.write_text("must_link:\n  - {type: Person, names: [Ann, Annie]}\n", "utf-8")
    aliases.write_text("id,type,name,aliases\nQ1,Person,Bob,Bobby\n", "utf-8")
    return decisions, aliases


def test_decisions_and_aliases_come_from_the_command_line_or_the_environment(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    decisions, aliases = files
    given = load_resolver(decisions, aliases).fingerprint
    assert (
        len({given, *(load_resolver(*some).fingerprint for some in ((decisions, None), (None, aliases), (None, None)))})
        == 4
    )
    monkeypatch.setenv("RELEX_KG_DECISIONS", str(decisions))
    monkeypatch.setenv("RELEX_KG_ALIASES", str(aliases))
    assert load_resolver(None, None).fingerprint == given


def test_a_list_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DecisionError, match=r"the aliases in .*gone\.csv cannot be read"):
        load_resolver(None, tmp_path / "gone.csv")
