"""Another resolver: what it sees otherwise is gone through, in batches that a crash may part anywhere.

Where its decisions alone are others, that is the names on which they are; else it is everything.
"""

from collections.abc import Sequence
from dataclasses import replace

from relex_kg.canon.keys import short_key
from relex_kg.canon.resolver import Resolver
from relex_kg.graph.settling import Settling, Sweep
from relex_kg.ids import DocumentId, NameId, name_id
from relex_kg.settlement.entities import name_change
from relex_kg.settlement.names import keys_of, part_again, rename_document
from relex_kg.settlement.report import SettleReport, Step

_DOCUMENTS_AT_ONCE = 200
_NAMES_AT_ONCE = 500

# What is gone through, in this order.
_DOCUMENTS, _KEYS, _NAMES = "documents", "keys", "names"


def current_sweep(settling: Settling, resolver: Resolver) -> Sweep:
    """How far everything is in line with the resolver; begun anew where it is another one."""
    sweep = settling.sweep()
    if sweep is None:
        sweep = Sweep(resolver.fingerprint, resolver.rulebook, None, "", None)
        settling.set_sweep(sweep)
    elif sweep.resolver != resolver.fingerprint:
        scope = _scope(settling, resolver, sweep)
        sweep = Sweep(resolver.fingerprint, resolver.rulebook, _DOCUMENTS, "", scope)
        settling.set_sweep(sweep)
    return sweep


def _scope(settling: Settling, resolver: Resolver, before: Sweep) -> tuple[NameId, ...] | None:
    """The names that the resolver may see otherwise than the one before, or those who have them as short forms."""
    names = resolver.names_decided_otherwise(before.rulebook)
    if names is None:
        return None
    left_over = () if before.stage is None else before.scope
    if left_over is None:
        return None
    shortened = settling.names_under({short_key(type, name) for (type, _), name in names.items()})
    ids = {name_id(type, identity) for type, identity in names}
    return tuple(sorted({*left_over, *ids, *(record.id for record in shortened)}))


def rename_documents(settling: Settling, resolver: Resolver, sweep: Sweep) -> Step | None:
    """Let the mentions of some documents stand for the names that another resolver gives them."""
    if sweep.stage != _DOCUMENTS:
        return None
    cursor = DocumentId(sweep.cursor)
    if sweep.scope is None:
        documents = settling.documents_after(cursor, _DOCUMENTS_AT_ONCE)
    else:
        documents = settling.documents_naming(sweep.scope, cursor, _DOCUMENTS_AT_ONCE)
    for document, named in settling.mentions(documents).items():
        rename_document(settling, resolver, document, named)
    settling.set_sweep(_advanced(sweep, documents, following=_KEYS))
    return Step(SettleReport())


def go_through_names(settling: Settling, resolver: Resolver, sweep: Sweep) -> Step | None:
    """Let some names be found, and parted, as another resolver does it."""
    if sweep.stage is None:
        return None
    ids = _next_names(settling, sweep)
    records = settling.names(ids)
    if sweep.stage == _KEYS:
        # A name is found under what the rules see in it
        renewed = [replace(record, keys=keys_of(resolver, record)) for record in records]
        settling.change_names(name_change({record.id: record for record in records}, renewed))
        report, following = SettleReport(), _NAMES
    else:
        report, following = part_again(settling, resolver, [record.id for record in records]), None
    settling.set_sweep(_advanced(sweep, ids, following=following))
    return Step(report)


def _next_names(settling: Settling, sweep: Sweep) -> Sequence[NameId]:
    if sweep.scope is None:
        return settling.names_after(NameId(sweep.cursor), _NAMES_AT_ONCE)
    return [name for name in sweep.scope if name > sweep.cursor][:_NAMES_AT_ONCE]


def _advanced(sweep: Sweep, ids: Sequence[str], *, following: str | None) -> Sweep:
    """The same, behind the last of ``ids``; with none there, at the beginning of what follows."""
    if ids:
        return replace(sweep, cursor=ids[-1])
    return replace(sweep, stage=following, cursor="", scope=sweep.scope if following else None)
