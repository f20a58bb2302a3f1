"""The user's schema: which entity and relation types to look for, and how to ask the model for them.

From top to bottom: the schema and what it answers; type names made from bare labels; the checks; the YAML reader,
which remembers the line of every key so that a complaint can point at it.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import ErrorDetails

from relex_kg.errors import SchemaError
from relex_kg.ids import digest

RESERVED = frozenset(
    {
        *("Document", "Chunk", "Mention", "Entity", "Evidence", "Graph"),
        *("Name", "NameKey", "NameMove", "Uncounted", "Unlinked", "Decision"),
    }
)
RESERVED_RELATIONS = frozenset({"HAS_CHUNK", "IN_CHUNK", "REFERS_TO", "HEAD", "TAIL"})
MAX_FILE_BYTES = 1_000_000
MAX_NESTING = 16


def _as_prompt(label: str) -> str:
    """The label on one line. What could be taken for one of the prompt's own markers is refused."""
    if "<<" in label or ">>" in label:
        raise ValueError("'<<' and '>>' mark the parts of the model's prompt and cannot stand in a label")
    one_line = " ".join(label.split())
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in one_line):
        raise ValueError("a label cannot hold control characters")
    return one_line


EntityTypeName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9_]{0,63}$")]
RelationTypeName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
Label = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_as_prompt)
]
Threshold = Annotated[float, Field(gt=0.0, lt=1.0)]


class EntityType(BaseModel):
    """How one entity type is asked for. ``threshold``: the least score at which a mention counts, in 0..1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Label
    description: str | None = None
    threshold: Threshold = 0.5


class RelationType(BaseModel):
    """How one relation type is asked for, and between what it may hold.

    Attributes:
        label: the phrase the model is asked with, read from head to tail ("works for").
        head: entity type names that may stand at the head.
        tail: entity type names that may stand at the tail.
        symmetric: the relation holds both ways; it is stored once.
        inverse: a phrase for the same relation read from tail to head ("employs"); it is asked too, and what it finds
            is stored with head and tail exchanged.
        threshold: the least score at which a relation counts, in 0..1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Label
    description: str | None = None
    head: tuple[str, ...] = Field(min_length=1)
    tail: tuple[str, ...] = Field(min_length=1)
    symmetric: bool = False
    inverse: Label | None = None
    threshold: Threshold = 0.5


class AskedRelation(NamedTuple):
    """What a relation label stands for. ``inverted``: the label reads from tail to head, exchange the two ends."""

    type: str
    inverted: bool


class Schema(BaseModel):
    """A validated schema: type names (as they appear in the graph) to how they are asked for.

    Raises:
        SchemaError: it contradicts itself or is malformed; the text names everything that is wrong.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Label
    description: str | None = None
    entities: dict[EntityTypeName, EntityType] = Field(min_length=1)
    relations: dict[RelationTypeName, RelationType] = Field(default_factory=dict)

    @classmethod
    def load(cls, source: str | Path) -> Self:
        """Read a schema.

        Args:
            source: the path of a YAML file, or the name of a ready schema ("general", see :meth:`ready`). A file in
                the working folder that bears a ready schema's name is meant by "./general".

        Raises:
            SchemaError: no such schema, not readable, or malformed: file, line, what is wrong, and the fix.
        """
        schema_file = _read_yaml(_find(source))
        return cls.model_validate(schema_file.data, context=schema_file)

    @staticmethod
    def ready() -> tuple[str, ...]:
        """The names of the schemas that come with the package, sorted."""
        return tuple(sorted(path.stem for path in _ready_folder().glob("*.yaml")))

    @classmethod
    def from_labels(
        cls,
        entities: Sequence[str],
        relations: Sequence[str],
        *,
        entity_threshold: float = 0.5,
        relation_threshold: float = 0.5,
    ) -> Self:
        """A schema from bare labels, for a quick look: type names are derived, any type may be head or tail.

        'movie star' becomes the entity type ``MovieStar``, 'place of birth' the relation type ``PLACE_OF_BIRTH``.

        Raises:
            SchemaError: a label is empty or given twice, or two labels would be stored under one name.
        """
        entity_names = _name_types("entity", entities, entity_type_name, RESERVED | RESERVED_RELATIONS)
        taken = RESERVED | RESERVED_RELATIONS | entity_names.keys()
        relation_names = _name_types("relation", relations, relation_type_name, taken)
        anything = tuple(entity_names)
        return cls.model_validate(
            {
                "name": "ad hoc",
                "entities": {
                    name: {"label": label, "threshold": entity_threshold} for name, label in entity_names.items()
                },
                "relations": {
                    name: {"label": label, "head": anything, "tail": anything, "threshold": relation_threshold}
                    for name, label in relation_names.items()
                },
            }
        )

    @model_validator(mode="wrap")
    @classmethod
    def _agrees_with_itself(cls, data: Any, build: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        """Malformed parts and contradictions are reported together, so that one edit can mend them all."""
        schema_file = info.context if isinstance(info.context, _SchemaFile) else None
        problems = list(schema_file.repeated) if schema_file else []
        schema: Self | None = None
        content = data
        try:
            schema = build(data)
            content = schema.model_dump()
        except ValidationError as error:
            problems += [_explained(details) for details in error.errors()]
        problems += _contradictions(_plain(content))
        if problems or schema is None:
            raise _schema_error(problems, schema_file)
        return schema

    @cached_property
    def entity_labels(self) -> tuple[str, ...]:
        """The entity labels to ask the model with, in the schema's order."""
        return tuple(self.entity_by_label)

    @cached_property
    def relation_labels(self) -> tuple[str, ...]:
        """The relation labels to ask the model with, in the schema's order, each before its inverse."""
        return tuple(self.relation_by_label)

    @cached_property
    def entity_by_label(self) -> Mapping[str, str]:
        """Asked label to entity type name."""
        return {entity.label: name for name, entity in self.entities.items()}

    @cached_property
    def relation_by_label(self) -> Mapping[str, AskedRelation]:
        """Asked label, an inverse included, to the relation type's name and the direction it is read in."""
        asked: dict[str, AskedRelation] = {}
        for name, relation in self.relations.items():
            asked[relation.label] = AskedRelation(name, inverted=False)
            if relation.inverse is not None:
                asked[relation.inverse] = AskedRelation(name, inverted=True)
        return asked

    def allows(self, relation: str, *, head: str, tail: str) -> bool:
        """Whether relation type ``relation`` may run from an entity of type ``head`` to one of type ``tail``."""
        signature = self.relations[relation]
        return head in signature.head and tail in signature.tail

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits over all that can change an extraction (not over descriptions or the name)."""
        without = {"__all__": {"description"}}
        return digest(
            self.model_dump_json(exclude={"name": True, "description": True, "entities": without, "relations": without})
        )[:16]


# Type names from bare labels


def entity_type_name(label: str) -> str:
    """'movie star' to ``MovieStar``; the same label gives the same name always."""
    words = _ascii_words(label)
    return _bounded("".join(word[0].upper() + word[1:] for word in words), label, "Type")


def relation_type_name(label: str) -> str:
    """'place of birth' to ``PLACE_OF_BIRTH``; the same label gives the same name always."""
    return _bounded("_".join(_ascii_words(label)), label, "RELATION").upper()


def _ascii_words(label: str) -> list[str]:
    return re.findall(r"[A-Za-z0-9]+", unicodedata.normalize("NFKD", label))


def _bounded(name: str, label: str, prefix: str) -> str:
    """A valid name. Where letters are lost or the name is too long, a digest of the label keeps it distinct."""
    decomposed = unicodedata.normalize("NFKD", label)
    loses_letters = any(character.isalpha() and not character.isascii() for character in decomposed)
    if not name or not name[0].isalpha():
        name = prefix + name
    if loses_letters or len(name) > 55:
        name = f"{name[:55]}_{digest(label)[:8]}"
    return name


def _name_types(
    kind: str, labels: Sequence[str], namer: Callable[[str], str], taken: Collection[str]
) -> dict[str, str]:
    """Type name to label; a name that is taken gets an underscore at its end."""
    named: dict[str, str] = {}
    for label in labels:
        if not label.strip():
            raise SchemaError(f"an empty {kind} label was given", fix="leave it out or write a word")
        name = namer(label)
        name = f"{name}_" if name in taken else name
        if name in named:
            raise SchemaError(
                f"the {kind} labels {named[name]!r} and {label!r} would both be stored as {name}",
                fix="leave one of them out, or word it differently",
            )
        named[name] = label
    return named


# Checks

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Problem:
    """Something wrong at ``place``: the keys and list positions that lead there from the top of the file."""

    place: Place
    what: str
    fix: str | None


@dataclass(frozen=True, slots=True)
class _SchemaFile:
    """A schema file as read. ``lines``: where each key and each list item stands, counted from 1."""

    path: Path
    data: Any
    lines: dict[Place, int] = field(default_factory=dict)
    repeated: list[_Problem] = field(default_factory=list)

    def line(self, place: Place) -> int:
        """The line of the innermost key on the way to ``place`` that the file holds."""
        return next(self.lines[place[:size]] for size in range(len(place), -1, -1) if place[:size] in self.lines)


def _schema_error(problems: Sequence[_Problem], schema_file: _SchemaFile | None) -> SchemaError:
    """One error for all problems, a line of text for each, in the order in which they stand in the file."""
    if schema_file is None:
        complaints = [SchemaError(problem.what, fix=problem.fix) for problem in problems]
    else:
        located = sorted(((schema_file.line(problem.place), problem) for problem in problems), key=lambda pair: pair[0])
        complaints = [
            SchemaError(f"{schema_file.path}, line {line}: {problem.what}", fix=problem.fix)
            for line, problem in located
        ]
    if len(complaints) == 1:
        return complaints[0]
    return SchemaError("\n".join(map(str, complaints)).removesuffix("."))


_SUBJECTS = {"entities": "entity type", "relations": "relation"}
_KNOWN_KEYS: Mapping[str, Collection[str]] = {
    "entities": EntityType.model_fields,
    "relations": RelationType.model_fields,
}
_FIXES = {
    "string_type": "write text, in quotes where it looks like a number or a date",
    "string_too_short": "write at least one word",
    "string_too_long": "shorten it to 200 characters",
    "tuple_type": "write a list, such as [Person, Organization]",
    "dict_type": "write an indented block with one 'Name:' a line",
    "model_type": "write an indented block with 'label:' and what else is needed",
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
    "float_parsing": "write a number between 0 and 1, such as 0.5",
    "float_type": "write a number between 0 and 1, such as 0.5",
    "greater_than": "write a number between 0 and 1, such as 0.5",
    "less_than": "write a number between 0 and 1, such as 0.5",
}


def _explained(details: ErrorDetails) -> _Problem:
    """A pydantic error in the words of this module."""
    *above, last = details["loc"] or ("",)
    place = tuple(details["loc"])
    match details["type"]:
        case "missing":
            return _Problem(place, f"{_subject(above)} has no '{last}'", f"add '{last}:'")
        case "extra_forbidden":
            known = _KNOWN_KEYS.get(str(above[0]), ()) if above else Schema.model_fields
            return _Problem(place, f"{_subject(above)} has an unknown key '{last}'", _nearest(str(last), known))
        case "string_pattern_mismatch":
            return _bad_type_name(tuple(above), str(details["input"]))
        case "too_short":
            return _Problem(place, f"{_subject(above)} has nothing under '{last}'", "name at least one entity type")
        case kind:
            owner = above[-1] if above and isinstance(last, int) else last  # an item is told by its list's key
            given = "nothing" if details["input"] is None else repr(details["input"])
            has = f"{_subject(place)} has {given}" + (f" as '{owner}'" if len(place) not in (0, 2) else "")
            if kind in _FIXES:
                return _Problem(place, f"{has}, which does not fit", _FIXES[kind])
            return _Problem(place, f"{has}: {details['msg'].removeprefix('Value error, ')}", None)


def _subject(place: Sequence[str | int]) -> str:
    return f"{_SUBJECTS[str(place[0])]} {place[1]}" if len(place) > 1 else "the schema"


def _bad_type_name(place: Place, name: str) -> _Problem:
    if place[0] == "entities":
        rule, suggestion = "letters", entity_type_name(name)
    else:
        rule, suggestion = "capitals", relation_type_name(name)
    return _Problem(
        place,
        f"'{name}' cannot name {'an' if place[0] == 'entities' else 'a'} {_SUBJECTS[str(place[0])]}: a name is a "
        f"capital, then {rule}, digits and underscores of the Latin alphabet, 64 at most",
        f"write '{suggestion}'",
    )


def _nearest(word: str, known: Collection[str]) -> str:
    """The advice to write the known word that ``word`` most resembles, or any of them where none is near."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    if close := get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6):
        return f"write '{by_lower[close[0]]}'"
    return f"use one of {', '.join(known)}"


def _plain(content: Any) -> dict[str, dict[str, dict[str, Any]]]:
    """The entity and relation types that can be looked at, whatever else is malformed around them."""
    sections: dict[str, dict[str, dict[str, Any]]] = {"entities": {}, "relations": {}}
    for section, types in sections.items():
        given = content.get(section) if isinstance(content, dict) else None
        for name, value in given.items() if isinstance(given, dict) else ():
            plain = value.model_dump() if isinstance(value, BaseModel) else value
            types[name] = plain if isinstance(plain, dict) else {}
    return sections


def _contradictions(content: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Iterator[_Problem]:
    """What no single field can tell: names and labels used twice, undeclared types, impossible symmetry."""
    entities, relations = content["entities"], content["relations"]
    yield from _taken_names(entities, relations)
    yield from _repeated_labels("entities", entities, ("label",))
    yield from _repeated_labels("relations", relations, ("label", "inverse"))
    for name, relation in relations.items():
        yield from _bad_ends(name, relation, entities)
        yield from _bad_symmetry(name, relation)


def _taken_names(entities: Collection[str], relations: Collection[str]) -> Iterator[_Problem]:
    # The embedded store keeps labels and relationship types in one namespace: a name serves one of them only.
    for section, names in (("entities", entities), ("relations", relations)):
        for name in names:
            if name in RESERVED | RESERVED_RELATIONS:
                what = f"the name {name} is reserved for the graph's own bookkeeping"
                yield _Problem((section, name), what, f"choose another name, such as {name}_")
            if section == "relations" and name in entities:
                what = f"{name} names both an entity type and a relation"
                yield _Problem((section, name), what, "rename one of them")


def _repeated_labels(section: str, types: Mapping[str, Mapping[str, Any]], keys: Sequence[str]) -> Iterator[_Problem]:
    owners: dict[str, tuple[str, str]] = {}
    for name, key in ((name, key) for name in types for key in keys):
        label = types[name].get(key)
        if not isinstance(label, str):
            continue
        owner, owner_key = owners.setdefault(" ".join(label.split()).casefold(), (name, key))
        if (owner, owner_key) == (name, key):
            continue
        if owner == name:
            what = f"{_SUBJECTS[section]} {name} has the same label '{label}' in both directions"
            yield _Problem((section, name, key), what, "leave 'inverse' out; where it holds both ways, set symmetric")
        else:
            what = f"{_SUBJECTS[section]} {name} has the {key} '{label}', which {owner} has already"
            yield _Problem((section, name, key), what, "word one of them differently")


def _bad_ends(name: str, relation: Mapping[str, Any], entities: Collection[str]) -> Iterator[_Problem]:
    for end in ("head", "tail"):
        members = relation.get(end)
        if not isinstance(members, list | tuple):
            continue
        for position, member in enumerate(members):
            if not isinstance(member, str):
                continue
            place = ("relations", name, end, position)
            if member not in entities:
                what = f"relation {name} has {end} '{member}', which is not an entity type of this schema"
                yield _Problem(place, what, _nearest(member, entities) if entities else None)
            elif member in members[:position]:
                yield _Problem(place, f"relation {name} has {end} '{member}' twice", "leave one of them out")


def _bad_symmetry(name: str, relation: Mapping[str, Any]) -> Iterator[_Problem]:
    if relation.get("symmetric") is not True:
        return
    if relation.get("inverse") is not None:
        what = f"relation {name} is symmetric and has an inverse; its label says both directions already"
        yield _Problem(("relations", name, "inverse"), what, "leave 'inverse' out")
    head, tail = relation.get("head"), relation.get("tail")
    if (
        isinstance(head, list | tuple)
        and isinstance(tail, list | tuple)
        and sorted(map(str, head)) != sorted(map(str, tail))
    ):
        what = f"relation {name} is symmetric, but its head and its tail name different types"
        yield _Problem(("relations", name, "tail"), what, "give both the same types, or leave 'symmetric' out")


# Files


def _ready_folder() -> Path:
    """Beside this module in an installed package; in a checkout, beside the package."""
    installed = Path(__file__).parent / "schema"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "schema"


def _find(source: str | Path) -> Path:
    ready = Schema.ready()
    if isinstance(source, str) and source in ready:
        return _ready_folder() / f"{source}.yaml"
    path = Path(source)
    if not path.is_file():
        raise SchemaError(
            f"there is no schema file '{source}', and no ready schema of that name",
            fix=f"give the path of a YAML file; or, for a ready schema, {_nearest(str(source), ready)}",
        )
    return path


def _read_yaml(path: Path) -> _SchemaFile:
    """Parse with line numbers. Nothing but plain mappings, lists and scalars is ever constructed."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    text = _read_text(path)
    try:
        _refuse_bombs(path, YAML(typ="safe", pure=True).parse(text))
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _not_yaml(path, mark.line + 1 if mark else 1, str(error.problem or error.context)) from None
    except YAMLError as error:
        raise _not_yaml(path, 1, str(error).partition("\n")[0]) from None
    schema_file = _SchemaFile(path, data={})
    schema_file.lines[()] = 1
    top = _value(root, (), schema_file) if root is not None else None
    if not isinstance(top, dict):
        raise SchemaError(
            f"{path}, line 1: a schema starts with keys such as 'name:' and 'entities:'",
            fix="start from one of the ready schemas",
        )
    schema_file.data.update(top)
    return schema_file


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise SchemaError(f"{path} cannot be read: {error.strerror}") from error
    if len(raw) > MAX_FILE_BYTES:
        raise SchemaError(
            f"{path} is larger than {MAX_FILE_BYTES:,} bytes, which no schema is",
            fix="check that this is the schema file",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SchemaError(f"{path}, line {line}: not UTF-8 text", fix="save the file as UTF-8") from None


def _not_yaml(path: Path, line: int, problem: str) -> SchemaError:
    return SchemaError(
        f"{path}, line {line}: not valid YAML: {problem}",
        fix="check the indentation, the colons, the brackets and the quotes there",
    )


def _refuse_bombs(path: Path, events: Iterator[Any]) -> None:
    """Anchors and aliases multiply a small file into a huge one, and deep nesting exhausts the stack."""
    depth = 0
    for event in events:
        line = event.start_mark.line + 1
        if getattr(event, "anchor", None) is not None:
            raise SchemaError(
                f"{path}, line {line}: anchors and aliases ('&{event.anchor}', '*{event.anchor}') are not accepted",
                fix="write the value out",
            )
        kind = type(event).__name__
        depth += kind.endswith(("MappingStartEvent", "SequenceStartEvent"))
        depth -= kind.endswith(("MappingEndEvent", "SequenceEndEvent"))
        if depth > MAX_NESTING:
            raise SchemaError(f"{path}, line {line}: nested deeper than {MAX_NESTING} levels", fix="flatten it")


def _value(node: Any, place: Place, schema_file: _SchemaFile) -> Any:
    """The plain value of a YAML node; the lines of what is inside it are noted in ``schema_file``."""
    if node.id == "mapping":
        return _mapping(node, place, schema_file)
    if node.id == "sequence":
        items: list[Any] = []
        for position, item in enumerate(node.value):
            schema_file.lines[*place, position] = item.start_mark.line + 1
            items.append(_value(item, (*place, position), schema_file))
        return items
    return _scalar(node, schema_file.path)


def _mapping(node: Any, place: Place, schema_file: _SchemaFile) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if key.id != "scalar":
            raise _not_yaml(schema_file.path, line, "a key must be a single word")
        inner = (*place, key.value)
        if key.value in values:
            what = f"'{key.value}' stands here again; it stands at line {schema_file.lines[inner]} already"
            repeat = (*inner, "again", line)
            schema_file.lines[repeat] = line
            schema_file.repeated.append(_Problem(repeat, what, "keep one of them"))
            continue
        schema_file.lines[inner] = line
        values[key.value] = _value(value, inner, schema_file)
    return values


def _scalar(node: Any, path: Path) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).constructor.construct_object(node, deep=True)
    except (YAMLError, ValueError) as error:  # an unknown tag; a date or a number that cannot be
        problem = str(getattr(error, "problem", None) or error)
        raise _not_yaml(path, node.start_mark.line + 1, problem) from None
