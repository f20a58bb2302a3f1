"""Names: counted as documents change, and parted into entities around those whose forms changed.

Why it is enough to look around the changed names: a pair of names is accepted or not by the two alone, and names are
parted within the connected components of accepted pairs and of decisions (:mod:`relex_kg.canon.clustering`). So a
component without a changed name is parted as before. All that may be accepted with a name is found under its keys
(:mod:`relex_kg.canon.keys`). The outcome is that of :meth:`relex_kg.canon.resolver.Resolver.resolve` over everything.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from relex_kg.canon.keys import keys, short_key
from relex_kg.canon.resolver import Resolver
from relex_kg.graph.names import NameRecord, NameUse, Uses, counted, difference, form_key, uses_of
from relex_kg.graph.settling import Settling, Uncounted
from relex_kg.ids import DocumentId, NameId
from relex_kg.settlement.entities import write_entities
from relex_kg.settlement.neighbourhood import Neighbourhood, read_record
from relex_kg.settlement.report import SettleReport, Step
from relex_kg.types import Mention, Naming

_COUNTED_AT_ONCE = 200  # documents in one transaction


def count_documents(settling: Settling, resolver: Resolver) -> Step | None:
    """Count what documents changed; those whose mentions another resolver named are first named anew."""
    uncounted = settling.uncounted(_COUNTED_AT_ONCE)
    if not uncounted:
        return None
    named_otherwise = settling.mentions(
        [document for document, change in uncounted.items() if change.resolver != resolver.fingerprint]
    )
    for document, named in named_otherwise.items():
        rename_document(settling, resolver, document, named)
    documents = sorted(uncounted.keys() - named_otherwise.keys())
    uses = Counter[NameUse]()
    for document in documents:
        uses.update(uncounted[document].uses)
    return Step(_count(settling, resolver, tuple(documents), uses))


def _count(
    settling: Settling,
    resolver: Resolver,
    documents: tuple[DocumentId, ...],
    uses: Uses,
    *,
    again: Collection[NameId] = (),
) -> SettleReport:
    """Count the uses that documents changed, and part the names around those whose forms changed into entities.

    Args:
        settling: the transaction.
        resolver: decides which names are one entity.
        documents: whose uses they are.
        uses: what they added and took away.
        again: other names to be parted again.
    """
    before = {record.id: record for record in settling.names({use.name for use in uses})}
    after = counted(before, uses)
    changed = before.keys() | after.keys()
    reformed = {id for id in changed if _full_forms(before.get(id)) != _full_forms(after.get(id))}
    shortened = {id for id in changed if _short_forms(before.get(id)) != _short_forms(after.get(id))}
    for id in (reformed | shortened) & after.keys():
        after[id] = replace(after[id], keys=keys_of(resolver, after[id]))
    neighbourhood = Neighbourhood(settling, resolver, before, after)
    clusters = neighbourhood.part(reformed | set(again))
    return write_entities(settling, documents, before, neighbourhood, clusters)


def _full_forms(record: NameRecord | None) -> set[str]:
    return set(record.full) if record else set()


def _short_forms(record: NameRecord | None) -> set[str]:
    return set(record.short) if record else set()


def part_again(settling: Settling, resolver: Resolver, ids: Collection[NameId]) -> SettleReport:
    """Part some names, and all around them, into entities again."""
    return _count(settling, resolver, (), {}, again=ids)


def keys_of(resolver: Resolver, record: NameRecord) -> tuple[str, ...]:
    """What the name is found under."""
    short = {short_key(record.type, resolver.read(record.type, [form], None)) for form in record.short}
    forms = set(map(form_key, (*record.full, *record.short)))
    return tuple(sorted(keys(record.type, read_record(resolver, record)) | short | forms))


def rename_document(
    settling: Settling, resolver: Resolver, document: DocumentId, named: Sequence[tuple[Mention, Naming]]
) -> None:
    """Let the mentions of a document stand for the names that the resolver gives them."""
    mentions = [mention for mention, _ in named]
    old = {mention.id: naming for mention, naming in named}
    new = resolver.name(mentions)
    changed = {mention: naming for mention, naming in new.items() if naming != old[mention]}
    uses = difference(uses_of(mentions, old), uses_of(mentions, new))
    settling.rename(document, changed, Uncounted(uses, resolver.fingerprint))
