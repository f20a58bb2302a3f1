"""Another resolver: everything is gone through, in batches that a crash may part anywhere."""

from collections.abc import Sequence
from dataclasses import replace

from relex_kg.canon.resolver import Resolver
from relex_kg.graph.settling import Settling, Sweep
from relex_kg.ids import DocumentId, NameId
from relex_kg.settlement.entities import name_change
from relex_kg.settlement.names import keys_of, part_again, rename_document
from relex_kg.settlement.report import Part, SettleReport

_DOCUMENTS_AT_ONCE = 200
_NAMES_AT_ONCE = 500

# What is gone through, in this order, where the resolver differs from the one before.
_DOCUMENTS, _KEYS, _NAMES = "documents", "keys", "names"


def current_sweep(settling: Settling, resolver: Resolver) -> Sweep:
    """How far everything is in line with the resolver; begun anew where it is another one."""
    sweep = settling.sweep()
    if sweep is None or sweep.resolver != resolver.fingerprint:
        sweep = Sweep(resolver.fingerprint, None if sweep is None else _DOCUMENTS, "")
        settling.set_sweep(sweep)
    return sweep


def rename_documents(settling: Settling, resolver: Resolver, sweep: Sweep) -> Part | None:
    """Let the mentions of some documents stand for the names that another resolver gives them."""
    if sweep.stage != _DOCUMENTS:
        return None
    documents = settling.documents_after(DocumentId(sweep.cursor), _DOCUMENTS_AT_ONCE)
    for document, named in settling.mentions(documents).items():
        rename_document(settling, resolver, document, named)
    settling.set_sweep(_advanced(sweep, documents, following=_KEYS))
    return Part(SettleReport())


def go_through_names(settling: Settling, resolver: Resolver, sweep: Sweep) -> Part | None:
    """Let some names be found, and parted, as another resolver does it."""
    if sweep.stage is None:
        return None
    return (_renew_keys if sweep.stage == _KEYS else _part_names)(settling, resolver, sweep)


def _renew_keys(settling: Settling, resolver: Resolver, sweep: Sweep) -> Part:
    """Let some names be found under the keys that the resolver now gives them."""
    records = settling.names_after(NameId(sweep.cursor), _NAMES_AT_ONCE)
    renewed = [replace(record, keys=keys_of(resolver, record)) for record in records]
    settling.change_names(name_change({record.id: record for record in records}, renewed))
    settling.set_sweep(_advanced(sweep, [record.id for record in records], following=_NAMES))
    return Part(SettleReport())


def _part_names(settling: Settling, resolver: Resolver, sweep: Sweep) -> Part:
    """Part some names into entities again."""
    records = settling.names_after(NameId(sweep.cursor), _NAMES_AT_ONCE)
    report = part_again(settling, resolver, [record.id for record in records])
    settling.set_sweep(_advanced(sweep, [record.id for record in records], following=None))
    return Part(report)


def _advanced(sweep: Sweep, ids: Sequence[str], *, following: str | None) -> Sweep:
    return replace(sweep, cursor=ids[-1]) if ids else Sweep(sweep.resolver, following, "")
