"""What a person decided on merges: names that are one, names that are not. A reviewed file that wins over the rules."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

from relex_kg.errors import DecisionError
from relex_kg.ids import digest
from relex_kg.types import collapse

_SECTIONS = ("must_link", "cannot_link")
_Key = TypeVar("_Key", bound=Hashable)
_EXAMPLE = "'- {type: Person, names: [J. Smith, John Smith]}'"


@dataclass(frozen=True, slots=True)
class Decision:
    """Names of one type, on one line each, and where it was said ("merges.yaml, line 3")."""

    type: str
    names: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Decisions:
    """Names that are one (``must_link``), and names no two of which are one (``cannot_link``).

    A name stands for all its forms that differ only in case, punctuation and the like; two such forms can still be
    told apart by a ``cannot_link`` that lists both.

    Raises:
        DecisionError: they contradict each other, or a list of names is too short or repeats itself.
    """

    must_link: tuple[Decision, ...]
    cannot_link: tuple[Decision, ...]

    def __post_init__(self) -> None:
        for decision in (*self.must_link, *self.cannot_link):
            if len(set(decision.names)) < max(2, len(decision.names)):
                raise DecisionError(
                    f"{decision.place}: needs at least two names, each once", fix=f"write it like {_EXAMPLE}"
                )
        refuse_contradictions(self, lambda type, name: (type, name))

    @classmethod
    def none(cls) -> "Decisions":
        """No decisions: the rules alone."""
        return cls((), ())

    @classmethod
    def load(cls, path: str | Path) -> "Decisions":
        """Read a YAML file with the lists ``must_link`` and ``cannot_link`` of ``{type: Person, names: [A, B]}``.

        Raises:
            DecisionError: not readable, malformed or contradictory: file, line and what to do.
        """
        content = _read_yaml(Path(path))
        must_link, cannot_link = (_entries(content, section, Path(path)) for section in _SECTIONS)
        return cls(must_link, cannot_link)

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits over what was decided, in whatever order it was written."""
        parts = []
        for section, decisions in zip(_SECTIONS, (self.must_link, self.cannot_link), strict=True):
            for type, names in sorted({(decision.type, tuple(sorted(decision.names))) for decision in decisions}):
                parts.append(digest(section, type, *names))
        return digest("decisions", *parts)


def linked_groups(decisions: Iterable[Decision], identity: Callable[[str, str], _Key]) -> list[set[_Key]]:
    """The names that are one, in disjoint groups: what is linked to one name is linked to all that it is linked to."""
    groups: list[set[_Key]] = []
    for decision in decisions:
        group = {identity(decision.type, name) for name in decision.names}
        touching = [other for other in groups if other & group]
        groups = [other for other in groups if not other & group] + [group.union(*touching)]
    return groups


def refuse_contradictions(decisions: Decisions, identity: Callable[[str, str], _Key]) -> None:
    """Raise where names are linked and kept apart at once.

    Args:
        decisions: all decisions.
        identity: from a type and a name to what tells it from others.

    Raises:
        DecisionError: naming both places.
    """
    for group in linked_groups(decisions.must_link, identity):
        for decision in decisions.cannot_link:
            inside = [name for name in decision.names if identity(decision.type, name) in group]
            if len(inside) > 1:
                raise DecisionError(
                    f"{decision.place}: '{inside[0]}' and '{inside[1]}' ({decision.type}) are kept apart, but "
                    f"{_place_of_link(group, decisions, identity)} links them",
                    fix="take one of them out of either entry",
                )


def _place_of_link(group: set[_Key], decisions: Decisions, identity: Callable[[str, str], _Key]) -> str:
    return next(
        link.place for link in decisions.must_link if any(identity(link.type, name) in group for name in link.names)
    )


def _read_yaml(path: Path) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        text = path.read_text("utf-8-sig")
        return YAML(typ="rt").load(StringIO(text))
    except (OSError, UnicodeDecodeError) as error:
        raise DecisionError(
            f"the decisions in {path} cannot be read: {error}", fix="check the path, and save it as UTF-8"
        ) from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DecisionError(
            f"{path}, line {line}: not valid YAML: {error.problem}", fix=f"write each entry like {_EXAMPLE}"
        ) from error
    except YAMLError as error:
        raise DecisionError(f"{path}: not valid YAML: {error}", fix=f"write each entry like {_EXAMPLE}") from error


def _entries(content: Any, section: str, path: Path) -> tuple[Decision, ...]:
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if content is None:
        return ()
    if not isinstance(content, CommentedMap):
        raise DecisionError(f"{path}, line 1: the file is no mapping", fix="begin with 'must_link:' or 'cannot_link:'")
    for key in content:
        if key not in _SECTIONS:
            line = content.lc.key(key)[0] + 1
            raise DecisionError(f"{path}, line {line}: unknown key '{key}'", fix="use must_link or cannot_link")
    entries = content.get(section)
    if entries is None:
        return ()
    if not isinstance(entries, CommentedSeq):
        line = content.lc.key(section)[0] + 1
        raise DecisionError(f"{path}, line {line}: {section} is no list", fix=f"write entries like {_EXAMPLE}")
    return tuple(
        _entry(entry, f"{path}, line {entries.lc.item(position)[0] + 1}") for position, entry in enumerate(entries)
    )


def _entry(entry: Any, place: str) -> Decision:
    if not isinstance(entry, dict) or set(entry) != {"type", "names"}:
        raise DecisionError(f"{place}: an entry has a 'type' and 'names', nothing else", fix=f"write {_EXAMPLE}")
    type, names = entry["type"], entry["names"]
    if not isinstance(type, str) or not type.strip():
        raise DecisionError(f"{place}: {type!r} is no entity type", fix=f"write {_EXAMPLE}")
    if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
        raise DecisionError(
            f"{place}: names is no list of texts",
            fix="write names in brackets, in quotes where one looks like a number or a date",
        )
    return Decision(type, tuple(collapse(name) for name in names), place)
