"""Settling until nothing is left to do, one bounded transaction after another."""

from collections.abc import Callable

from relex_kg.canon.resolver import Resolver
from relex_kg.graph.settling import Settling
from relex_kg.graph.store import Store
from relex_kg.settlement.links import link_documents, move_mentions
from relex_kg.settlement.names import count_documents
from relex_kg.settlement.report import SettleReport, Step
from relex_kg.settlement.sweep import current_sweep, go_through_names, rename_documents

OnProgress = Callable[[int], None]


def settle(store: Store, resolver: Resolver, *, on_progress: OnProgress = lambda done: None) -> SettleReport | None:
    """Bring names, entities and facts in line with the documents in the store; None where they are.

    Several processes may do so at once: their transactions take turns.

    Args:
        store: the graph.
        resolver: decides which names are one entity. Where it differs from the one before, all names are gone through.
        on_progress: is told how many documents have been linked.
    """
    if not store.unsettled(resolver.fingerprint):
        return None
    report, linked = SettleReport(), 0
    while step := store.settling(lambda settling: do_next(settling, resolver)):
        report.include(step.report)
        linked += step.documents
        on_progress(linked)
    return report


def do_next(settling: Settling, resolver: Resolver) -> Step | None:
    """Take one step of what is left to do; None where nothing is."""
    sweep = current_sweep(settling, resolver)
    return (
        rename_documents(settling, resolver, sweep)
        or count_documents(settling, resolver)
        or go_through_names(settling, resolver, sweep)
        or move_mentions(settling)
        or link_documents(settling)
    )
