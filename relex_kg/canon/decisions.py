"""What a person decided on merges: names that are one, names that are not. A reviewed file that wins over the rules."""

import os
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

from relex_kg.errors import DecisionError
from relex_kg.types import Listed, collapse

_SECTIONS = ("must_link", "cannot_link")
_Key = TypeVar("_Key", bound=Hashable)
Entry = tuple[str, "tuple[Listed, ...]"]
"""``must_link`` or ``cannot_link``, and the names, sorted."""

_EXAMPLE = "'- {type: Person, names: [J. Smith, John Smith]}'"
_NAMES_FIX = (
    "write names in brackets, in quotes where one looks like a number or a date; a name of another type or of one "
    "document as '{name: Vatican, type: Place, in: report.txt}'"
)


@dataclass(frozen=True, slots=True)
class Decision:
    """Names on one line each, of ``type`` where they do not say another, and where it was said ("a.yaml, line 3")."""

    type: str
    names: tuple[str | Listed, ...]
    place: str

    @property
    def listed(self) -> tuple[Listed, ...]:
        return tuple(Listed(self.type, name) if isinstance(name, str) else name for name in self.names)


@dataclass(frozen=True, slots=True)
class Decisions:
    """Names that are one (``must_link``), and names no two of which are one (``cannot_link``).

    A name stands for all its forms that differ only in case, punctuation and the like; two such forms can still be
    told apart by a ``cannot_link`` that lists both. Names of two types can be linked: they become one entity, of the
    type that most of its mentions have. A name of one document is told from the same name elsewhere.

    Raises:
        DecisionError: they contradict each other, a list of names is too short or repeats itself, or names of two types
            are kept apart.
    """

    must_link: tuple[Decision, ...]
    cannot_link: tuple[Decision, ...]

    def __post_init__(self) -> None:
        for decision in (*self.must_link, *self.cannot_link):
            if len(set(decision.listed)) < max(2, len(decision.listed)):
                repeats = len(decision.listed) > 1
                raise DecisionError(
                    f"{decision.place}: needs at least two names, each once",
                    fix="say with 'in: DOCUMENT' where a name means another thing"
                    if repeats
                    else f"write it like {_EXAMPLE}",
                )
        for decision in self.cannot_link:
            if len({listed.type for listed in decision.listed}) > 1:
                raise DecisionError(
                    f"{decision.place}: names of two types are apart as it is", fix="leave the entry out"
                )
        refuse_contradictions(self, lambda listed: listed)

    @classmethod
    def none(cls) -> "Decisions":
        """No decisions: the rules alone."""
        return cls((), ())

    @classmethod
    def load(cls, path: str | Path) -> "Decisions":
        """Read a YAML file with the lists ``must_link`` and ``cannot_link`` of ``{type: Person, names: [A, B]}``.

        A name may be ``{name: A, type: Place, in: report.txt}``, with a type of its own, and of one document alone: a
        URI, or a path from the folder that the file is in. ``in`` beside ``names`` is that of all of them; one name
        alone with it is kept apart from the same name elsewhere. See ``docs/resolution.md``.

        Raises:
            DecisionError: not readable, malformed or contradictory: file, line and what to do.
        """
        content = _read_yaml(Path(path))
        must_link, cannot_link = (_entries(content, section, Path(path)) for section in _SECTIONS)
        return cls(must_link, cannot_link)

    @property
    def entries(self) -> "frozenset[Entry]":
        """What was decided, in whatever order and wherever it was written."""
        return frozenset(
            (section, tuple(sorted(decision.listed)))
            for section, decisions in zip(_SECTIONS, (self.must_link, self.cannot_link), strict=True)
            for decision in decisions
        )

    def joined(self, other: "Decisions") -> "Decisions":
        """These and the other ones.

        Raises:
            DecisionError: they contradict each other.
        """
        return Decisions((*self.must_link, *other.must_link), (*self.cannot_link, *other.cannot_link))

    @classmethod
    def of(cls, entries: "Iterable[Entry]", *, place: str) -> "Decisions":
        """Decisions with these entries, all said at one place."""
        links: dict[str, list[Decision]] = {section: [] for section in _SECTIONS}
        for section, names in sorted(entries):
            links[section].append(Decision(names[0].type, names, place))
        return cls(*(tuple(links[section]) for section in _SECTIONS))


def linked_groups(decisions: Iterable[Decision], identity: Callable[[Listed], _Key]) -> list[set[_Key]]:
    """The names that are one, in disjoint groups: what is linked to one name is linked to all that it is linked to."""
    return joined_groups({identity(listed) for listed in decision.listed} for decision in decisions)


def joined_groups(groups: Iterable[set[_Key]]) -> list[set[_Key]]:
    """Disjoint groups: those that share a member become one."""
    group_of: dict[_Key, set[_Key]] = {}
    for group in groups:
        touching = {id(group_of[member]): group_of[member] for member in group if member in group_of}
        union = set(group).union(*touching.values())
        group_of.update(dict.fromkeys(union, union))
    return list({id(group): group for group in group_of.values()}.values())


def refuse_contradictions(decisions: Decisions, identity: Callable[[Listed], _Key]) -> None:
    """Raise where names are linked and kept apart at once.

    Args:
        decisions: all decisions.
        identity: from a listed name to what tells it from others.

    Raises:
        DecisionError: naming both places.
    """
    for group in linked_groups(decisions.must_link, identity):
        for decision in decisions.cannot_link:
            inside = [listed for listed in decision.listed if identity(listed) in group]
            if len(inside) > 1:
                raise DecisionError(
                    f"{decision.place}: '{inside[0].name}' and '{inside[1].name}' ({inside[0].type}) are kept apart, "
                    f"but {_place_of_link(group, decisions, identity)} links them",
                    fix="take one of the two back: out of its file, or with 'relex-kg decisions --undo ID'",
                )


def _place_of_link(group: set[_Key], decisions: Decisions, identity: Callable[[Listed], _Key]) -> str:
    return next(link.place for link in decisions.must_link if any(identity(listed) in group for listed in link.listed))


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
        _entry(entry, f"{path}, line {entries.lc.item(position)[0] + 1}", section=section, folder=path.parent)
        for position, entry in enumerate(entries)
    )


def _entry(entry: Any, place: str, *, section: str, folder: Path) -> Decision:
    if not isinstance(entry, dict) or "names" not in entry or not set(entry) <= {"type", "names", "in"}:
        raise DecisionError(
            f"{place}: an entry has a 'type' and 'names', nothing else but 'in'", fix=f"write {_EXAMPLE}"
        )
    names, document = entry["names"], _document(entry.get("in"), place, folder)
    if not isinstance(names, list):
        raise DecisionError(f"{place}: names is no list of texts", fix=_NAMES_FIX)
    type = _type(entry["type"], place) if "type" in entry else ""
    listed = [_listed(name, place, type=type, document=document, folder=folder) for name in names]
    if section == "cannot_link" and len(listed) == 1 and listed[0].document:
        listed.append(Listed(listed[0].type, listed[0].name))
    plain = all(name == Listed(type, name.name) for name in listed)
    return Decision(type or listed[0].type, tuple(name.name if plain else name for name in listed), place)


def _type(type: Any, place: str) -> str:
    if not isinstance(type, str) or not type.strip():
        raise DecisionError(f"{place}: {type!r} is no entity type", fix=f"write {_EXAMPLE}")
    return type


def _listed(name: Any, place: str, *, type: str, document: str, folder: Path) -> Listed:
    fields = {"name": name} if isinstance(name, str) else name
    if not isinstance(fields, dict) or not set(fields) <= {"name", "type", "in"}:
        raise DecisionError(f"{place}: names is no list of texts", fix=_NAMES_FIX)
    text = fields.get("name")
    if not isinstance(text, str) or not text.strip():
        raise DecisionError(f"{place}: {text!r} is no name", fix=_NAMES_FIX)
    own_type = _type(fields["type"], place) if "type" in fields else type
    if not own_type:
        raise DecisionError(f"{place}: '{text}' has no type", fix=f"write {_EXAMPLE}")
    return Listed(own_type, collapse(text), _document(fields.get("in"), place, folder) or document)


def _document(text: Any, place: str, folder: Path) -> str:
    """The URI of the document that ``in`` names: a URI, or a path from ``folder`` (a record's id behind a ``#``)."""
    if text is None:
        return ""
    if not isinstance(text, str) or not text.strip():
        raise DecisionError(f"{place}: 'in' names no document", fix="write a path or a URI, such as 'in: report.txt'")
    if "://" in text:
        return text
    path, mark, record = text.partition("#")
    return Path(os.path.realpath(folder / path)).as_uri() + mark + record
