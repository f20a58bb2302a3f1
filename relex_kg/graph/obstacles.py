"""Constraints and indexes of somebody else's that a graph cannot be written beside.

A database may hold other data, under the same labels, with rules of its own: a name that must be unique, a property
that must be there. What breaks such a rule is refused by the server in the middle of a build. So they are looked at
before the first write.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from relex_kg.graph.cypher import Key

# What is written on nodes; what only some nodes of a label have is in _SOMETIMES.
_PROPERTIES: Mapping[str, frozenset[str]] = {
    label: frozenset(properties.split())
    for label, properties in {
        "Document": "id uri title sha256 media_type ingested_at model schema symmetric metadata",
        "Chunk": "id index start end text",
        "Mention": "id start end text type score reference antecedent name name_document rule rule_score "
        "place page boxes",
        "Evidence": "id type score fact start end place page",
        "Entity": "id name type aliases mentions value external_id",
        "Graph": "id resolver rulebook stage cursor scope entities facts",
        "Name": "id type document forms form_counts short_forms short_counts references keys entity",
        "NameKey": "key name",
        "NameMove": "id name source",
        "Uncounted": "id uses resolver",
        "Unlinked": "id",
        "Decision": "id linked types names documents decided_at",
    }.items()
}
_SOMETIMES = frozenset(
    (
        *("antecedent", "boxes", "document", "entity", "external_id", "fact", "name_document", "page", "place"),
        *("rule", "rule_score", "rulebook", "scope", "stage", "value"),
    )
)
_FACT = frozenset(("id", "support", "documents", "weight", "confidence"))
_STRUCTURE = ("HAS_CHUNK", "IN_CHUNK", "REFERS_TO", "HEAD", "TAIL")  # edges without properties
_INDEX_KINDS = frozenset(("RANGE", "TEXT", "POINT", "FULLTEXT", "VECTOR", "LOOKUP"))
_STRINGS = frozenset(("id", "uri", "title", "text", "name", "type"))


@dataclass(frozen=True, slots=True)
class Rule:
    """A constraint or an index, as a server lists it.

    Attributes:
        name: what its owner called it.
        kind: such as ``UNIQUENESS`` or ``RANGE``.
        subject: the label or relationship type that it is on.
        properties: those that it is on.
        value_type: the type that it prescribes, if it does.
        on_nodes: else it is on relationships.
    """

    name: str
    kind: str
    subject: str
    properties: tuple[str, ...]
    value_type: str | None
    on_nodes: bool


def rules(rows: Iterable[Mapping[str, object]]) -> tuple[Rule, ...]:
    """The rules that a server listed; those on no properties, or on several labels at once, refuse nothing."""
    listed = []
    for row in rows:
        match row:
            case {
                "name": str(name),
                "type": str(kind),
                "entityType": str(carrier),
                "labelsOrTypes": [str(subject)],
                "properties": [*properties],
            } if properties:
                value_type = row.get("propertyType")
                listed.append(
                    Rule(
                        name=name,
                        kind=kind,
                        subject=subject,
                        properties=tuple(map(str, properties)),
                        value_type=value_type if isinstance(value_type, str) else None,
                        on_nodes=carrier == "NODE",
                    )
                )
    return tuple(listed)


def obstacles(
    constraints: Collection[Rule],
    indexes: Collection[Rule],
    keys: Collection[Key],
    *,
    entity_types: Collection[str],
    relation_types: Collection[str],
    prefix: str = "",
) -> list[Rule]:
    """The rules that may refuse a graph.

    Args:
        constraints: the database's.
        indexes: the database's, without those that constraints brought with them.
        keys: what gets constraints and indexes of ours.
        entity_types: the types of entities that will be written.
        relation_types: the types of facts that will be written.
        prefix: what the graph's labels begin with.
    """
    written_on = {**_PROPERTIES, **dict.fromkeys(entity_types, _PROPERTIES["Entity"])}
    nodes = {prefix + label: properties for label, properties in written_on.items()}
    edges = {**dict.fromkeys(_STRUCTURE, frozenset[str]()), **dict.fromkeys(relation_types, _FACT)}
    unique = {(key.label, key.field) for key in keys if key.unique}
    places = {key.name(): (key.label, key.field) for key in keys}

    def refuses(rule: Rule) -> bool:
        written = (nodes if rule.on_nodes else edges).get(rule.subject)
        return written is not None and _refuses(rule, written)

    def takes_a_name(rule: Rule) -> bool:
        place = (rule.subject, *rule.properties)
        return places.get(rule.name, place) != place

    def takes_a_place(index: Rule) -> bool:
        return index.on_nodes and index.kind == "RANGE" and (index.subject, *index.properties) in unique

    return [
        *(rule for rule in constraints if refuses(rule) or takes_a_name(rule)),
        *(index for index in indexes if takes_a_place(index) or takes_a_name(index)),
    ]


def _refuses(rule: Rule, written: frozenset[str]) -> bool:
    properties = frozenset(rule.properties)
    always_there = properties <= written - _SOMETIMES
    # Ids are unique, whatever stands beside them; and what lacks a property is no part of what must be unique.
    repeats = properties <= written and "id" not in properties
    if rule.kind.endswith("UNIQUENESS"):
        return repeats
    if rule.kind.endswith("EXISTENCE"):
        return not always_there
    if rule.kind.endswith("KEY"):
        return repeats or not always_there
    # Of a type of value, or of a kind that is not known
    return bool(properties & written) and not (rule.value_type == "STRING" and properties <= _STRINGS)


def described(rule: Rule) -> str:
    """The rule in words: ``the UNIQUENESS constraint person_name on :Person(name)``."""
    kind = rule.kind.lower().replace("_", " ")
    return f"the {kind} {_noun(rule)} {rule.name!r} on :{rule.subject}({', '.join(rule.properties)})"


def removal(rule: Rule) -> str:
    """The statement that removes the rule."""
    name = rule.name.replace("`", "``")
    return f"DROP {_noun(rule).upper()} `{name}`"


def _noun(rule: Rule) -> str:
    return "index" if rule.kind in _INDEX_KINDS else "constraint"
