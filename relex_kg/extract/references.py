"""Pronouns and nouns that stand for names ("she", "the company"): how a model is asked for them, and what it answers.

They are found in the same pass as everything else: a reference is one more entity label, what it stands for one more
relation label. Both wordings are part of what a model learns, so they are the same in training and in reading.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from heapq import heappop, heappush

from relex_kg.ontology import Schema
from relex_kg.types import TextExtraction, TextMention, TextRelation

REFERENCE = "pronoun or noun for a name"
"""The entity label of references."""

STANDS_FOR = "stands for"
"""The relation label from a reference to another mention of the same thing, a name or again a reference."""

REFERENCE_THRESHOLD = 0.5
"""Score that a reference must exceed."""

STANDS_FOR_THRESHOLD = 0.5
"""Score that each step from a reference to its name must exceed: without a sure antecedent there is no link."""


@dataclass(frozen=True, slots=True)
class Linked:
    """What a text says, references linked to names.

    Attributes:
        mentions: names, and the references that stand for one, under its type.
        antecedents: for each mention the position of the name that it stands for, None for names.
        relations: between positions of ``mentions``.
        unlinked: how many references stand for nothing that is named; they and their relations are left out.
        unfit: how many relations were left out because an end stands for a name of a type that cannot have them, or
            because both ends stand for one name.
    """

    mentions: tuple[TextMention, ...]
    antecedents: tuple[int | None, ...]
    relations: tuple[TextRelation, ...]
    unlinked: int
    unfit: int


def link(extraction: TextExtraction, schema: Schema) -> Linked:
    """Give every reference the name that it stands for, and with it a type.

    A reference stands for the name to which the surest chain leads, a chain being as sure as its weakest step: "he" in
    one sentence may stand for "he" in the one before, and that for "Huygens". Equal chains are decided by position.

    Args:
        extraction: mentions and relations under the schema's type names, references and what they stand for under
            :data:`REFERENCE` and :data:`STANDS_FOR`.
        schema: says which types a relation can join.
    """
    mentions = extraction.mentions
    if all(mention.label != REFERENCE for mention in mentions):
        return Linked(mentions, (None,) * len(mentions), extraction.relations, 0, 0)
    antecedent = _antecedents(extraction)
    named_rows = [row for row, mention in enumerate(mentions) if mention.label != REFERENCE or row in antecedent]
    position = {row: number for number, row in enumerate(named_rows)}
    label_of = [mentions[antecedent.get(row, row)].label for row in range(len(mentions))]
    between_named = [
        relation
        for relation in extraction.relations
        if relation.label != STANDS_FOR and relation.head in position and relation.tail in position
    ]
    fitting = tuple(
        replace(relation, head=position[relation.head], tail=position[relation.tail])
        for relation in between_named
        if antecedent.get(relation.head, relation.head) != antecedent.get(relation.tail, relation.tail)
        and label_of[relation.head] in schema.relations[relation.label].head
        and label_of[relation.tail] in schema.relations[relation.label].tail
    )
    return Linked(
        mentions=tuple(replace(mentions[row], label=label_of[row]) for row in named_rows),
        antecedents=tuple(position[antecedent[row]] if row in antecedent else None for row in named_rows),
        relations=fitting,
        unlinked=len(mentions) - len(named_rows),
        unfit=len(between_named) - len(fitting),
    )


def _antecedents(extraction: TextExtraction) -> dict[int, int]:
    """The name of each reference that a chain leads to one from; the surest chains are followed first."""
    steps: defaultdict[int, list[TextRelation]] = defaultdict(list)
    for relation in extraction.relations:
        if relation.label == STANDS_FOR:
            steps[relation.tail].append(relation)
    antecedent: dict[int, int] = {}
    chains: list[tuple[float, int, int, int]] = []  # (- sureness, distance, reference, name)

    def extend(target: int, name: int, sureness: float) -> None:
        for step in steps[target]:
            if extraction.mentions[step.head].label == REFERENCE and step.head not in antecedent:
                distance = abs(extraction.mentions[step.head].span.start - extraction.mentions[name].span.start)
                heappush(chains, (-min(sureness, step.score), distance, step.head, name))

    for name, mention in enumerate(extraction.mentions):
        if mention.label != REFERENCE:
            extend(name, name, 1.0)
    while chains:
        sureness, _, reference, name = heappop(chains)
        if reference not in antecedent:
            antecedent[reference] = name
            extend(reference, name, -sureness)
    return antecedent
