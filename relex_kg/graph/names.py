"""Names as the graph keeps them: how often each is used, and in which forms.

A *name* is what mentions share that the rules take for one and the same, such as "ACME Ltd" and "Acme Ltd.". Its forms
are counted, and the counts are brought up to date by what a document adds and takes away.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from relex_kg.ids import DocumentId, EntityId, MentionId, NameId, digest
from relex_kg.types import Mention, Naming


class Role(StrEnum):
    """How a mention uses a name.

    ``FULL``: it is the name. ``SHORT``: a short form that stands for it in its document. ``REFERENCE``: a pronoun or a
    noun that does.
    """

    FULL = "full"
    SHORT = "short"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True, order=True)
class NameUse:
    """A form in which mentions use a name. A reference gives its name no form: its ``surface`` is empty.

    ``document`` is empty but for names that their document tells from equal ones (:class:`relex_kg.types.Naming`).
    """

    name: NameId
    type: str
    document: str
    role: Role
    surface: str

    @classmethod
    def of(cls, mention: Mention, naming: Naming) -> Self:
        document = naming.document or ""
        if mention.is_reference:
            return cls(naming.name, mention.type, document, Role.REFERENCE, "")
        role = Role.FULL if naming.rule is None else Role.SHORT
        return cls(naming.name, mention.type, document, role, mention.surface)


Uses = Mapping[NameUse, int]
"""How many mentions use names how; what is taken away counts negative."""


def form_key(form: str) -> str:
    """What names are found under that have this form, in any case."""
    return digest("form", form.casefold())


def uses_of(mentions: Iterable[Mention], namings: Mapping[MentionId, Naming]) -> Counter[NameUse]:
    return Counter(NameUse.of(mention, namings[mention.id]) for mention in mentions)


def difference(old: Uses, new: Uses) -> dict[NameUse, int]:
    """What turns the one into the other."""
    return {use: count for use in old.keys() | new.keys() if (count := new.get(use, 0) - old.get(use, 0))}


def dump_uses(uses: Uses) -> str:
    """The uses as a text."""
    return json.dumps(
        [[use.name, use.type, use.document, use.role, use.surface, count] for use, count in sorted(uses.items())]
    )


def load_uses(text: str) -> Counter[NameUse]:
    return Counter(
        {
            NameUse(NameId(name), type, document, Role(role), surface): count
            for name, type, document, role, surface, count in json.loads(text)
        }
    )


@dataclass(frozen=True, slots=True)
class NameRecord:
    """A name, what it counts, and the entity that it names.

    Attributes:
        document: the one that tells it from equal names, if one does.
        full: its forms and how many mentions have each.
        short: the same of short forms.
        references: how many mentions are references to it.
        keys: under which it is found as a candidate (:mod:`relex_kg.canon.keys`), sorted.
        entity: None before the first settling.
    """

    id: NameId
    type: str
    document: DocumentId | None
    full: Mapping[str, int]
    short: Mapping[str, int]
    references: int
    keys: tuple[str, ...]
    entity: EntityId | None

    @property
    def mentions(self) -> int:
        return sum(self.full.values()) + sum(self.short.values()) + self.references


def counted(records: Mapping[NameId, NameRecord], uses: Uses) -> dict[NameId, NameRecord]:
    """The records of the names used, brought up to date; a name that nothing uses any more has none.

    Args:
        records: those of the names that there are.
        uses: what is added and taken away.
    """
    changed = {use.name: records.get(use.name) or _unused(use) for use in uses}
    for use, count in sorted(uses.items()):
        record = changed[use.name]
        match use.role:
            case Role.FULL:
                record = replace(record, full=_with(record.full, use.surface, count))
            case Role.SHORT:
                record = replace(record, short=_with(record.short, use.surface, count))
            case Role.REFERENCE:
                record = replace(record, references=record.references + count)
        changed[use.name] = record
    return {name: record for name, record in changed.items() if record.full}


def _unused(use: NameUse) -> NameRecord:
    return NameRecord(use.name, use.type, DocumentId(use.document) if use.document else None, {}, {}, 0, (), None)


def _with(counts: Mapping[str, int], surface: str, count: int) -> dict[str, int]:
    total = counts.get(surface, 0) + count
    rest = {form: number for form, number in counts.items() if form != surface}
    return {**rest, surface: total} if total else rest
