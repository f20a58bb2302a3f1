"""From files to the graph, top to bottom::

    files ─ read ─▶ Document ─ chunk ─▶ Chunk ─ extract ─▶ Extraction ─ name ─▶ rows ─▶ store
                                                         store ─ settle ─▶ entities and facts ─▶ store

New and changed documents are found (:meth:`Pipeline.find`) and go in one by one, each in a transaction of its own
(:meth:`Pipeline.ingest`). Then the entities and facts that this concerns are brought in line, in many small
transactions (:mod:`relex_kg.settlement`). What was left undone by a run that was killed, the next run does.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any

from relex_kg.addresses import documents_named, gone_documents
from relex_kg.canon.resolver import Resolver
from relex_kg.errors import ReadError, RelexError
from relex_kg.extract.extractor import Extractor
from relex_kg.graph.rows import document_rows, metadata_fingerprint
from relex_kg.graph.store import DocumentState, Store
from relex_kg.ids import DocumentId, document_id
from relex_kg.ontology import Schema
from relex_kg.reading import WINDOW, ExtractedDocument, Reader
from relex_kg.reviewing import reviewed
from relex_kg.settlement.report import SettleReport
from relex_kg.settlement.run import settle
from relex_kg.text.discovery import EVERYTHING, Selection, Skip, discover
from relex_kg.text.readers import ReadFailure, file_uri, read
from relex_kg.types import Chunk, Document

_BATCH_CHARACTERS = 60_000  # documents are extracted together up to about this much text
_LOOKED_UP_AT_ONCE = 100  # documents whose states are asked for together


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: the stage, how many of its items are done, and how many there are (None: not known yet)."""

    stage: str
    done: int
    total: int | None


Watcher = Callable[[Progress], None]


def unwatched(progress: Progress) -> None:
    """A watcher that looks away."""


@dataclass(frozen=True, slots=True)
class Change:
    """A document that the store lacks (``new``) or has in another state, and the file that it stands in.

    ``metadata_only``: no more has changed than what the document says about itself, so that it need not be extracted.
    """

    document: Document
    file: Path
    new: bool
    metadata_only: bool


@dataclass(slots=True)
class RunReport:
    """What a run did, counted while it goes.

    Attributes:
        added, updated, unchanged: documents that were written because they were new, or had changed (they, their
            schema or their model), and those that were as before.
        failures: documents that could not be read or extracted, each with its error; the store keeps what it had.
        skipped: files left out, each with the reason.
        gone: URIs of documents in the store whose files are gone, or no longer hold them.
        removed: those of them that were taken out of the store.
        chunks, mentions, relations: found in the added and updated documents.
        dropped: what was found and left out, by reason.
        settled: what changed among entities and facts; None where nothing had to be done.
        seconds: by stage.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    failures: list[ReadFailure] = field(default_factory=list)
    skipped: list[Skip] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    chunks: int = 0
    mentions: int = 0
    relations: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    settled: SettleReport | None = None
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def changed(self) -> bool:
        """Whether the run wrote anything."""
        return bool(self.added or self.updated or self.removed or (self.settled and self.settled.changed))

    def count(self, extracted: ExtractedDocument, *, new: bool) -> None:
        """Count a document that was written."""
        self.added += new
        self.updated += not new
        self.chunks += len(extracted.chunks)
        self.mentions += len(extracted.extraction.mentions)
        self.relations += len(extracted.extraction.relations)
        self.dropped.update(extracted.extraction.dropped)

    def documents(self) -> dict[str, int]:
        """What became of the documents and files, counted."""
        return {
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "failed": len(self.failures),
            "skipped": len(self.skipped),
        }

    def work(self) -> dict[str, Any]:
        """What was found and changed, and the seconds it took, as JSON can hold it."""
        return {
            "chunks": self.chunks,
            "mentions": self.mentions,
            "relations": self.relations,
            "dropped": dict(self.dropped),
            "settled": asdict(self.settled) if self.settled else None,
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
        }

    def include(self, other: "RunReport") -> None:
        """Count what another part of the same run did."""
        self.added += other.added
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.failures += other.failures
        self.skipped += other.skipped
        self.gone += other.gone
        self.removed += other.removed
        self.chunks += other.chunks
        self.mentions += other.mentions
        self.relations += other.relations
        self.dropped.update(other.dropped)
        self.settled = other.settled or self.settled
        for stage, seconds in other.seconds.items():
            self.seconds[stage] += seconds


@dataclass(frozen=True, slots=True)
class RemovalReport:
    """What a removal did: the URIs that are gone, those that the store did not have, and what settling changed."""

    removed: tuple[str, ...]
    unknown: tuple[str, ...]
    settled: SettleReport | None


class Pipeline:
    """Keeps a graph in line with documents.

    Args:
        schema: what to look for.
        extractor: the model that looks.
        resolver: decides which names are one entity, with the decisions that the store keeps.
        store: where the graph lives; it is prepared (constraints, indexes) on entry.
        window: about how many tokens of text the model reads at once.
    """

    def __init__(
        self, *, schema: Schema, extractor: Extractor, resolver: Resolver, store: Store, window: int = WINDOW
    ) -> None:
        self._schema = schema
        self._reader = Reader(extractor, schema, window=window)
        self._symmetric = frozenset(name for name, kind in schema.relations.items() if kind.symmetric)
        store.prepare(entity_types=schema.entities, relation_types=schema.relations)
        self._store = store
        self._given_resolver = resolver
        self._resolver = reviewed(resolver, store)

    def build(
        self,
        paths: Sequence[Path],
        *,
        selection: Selection = EVERYTHING,
        sync: bool = False,
        watch: Watcher = unwatched,
    ) -> RunReport:
        """Bring the graph in line with the documents under ``paths``; documents elsewhere stay as they are.

        Args:
            paths: files, and folders with files.
            selection: which files of folders.
            sync: documents under ``paths`` whose files are gone leave the graph; else they are only reported.
            watch: hears how far it is.

        Raises:
            ReadError: one of ``paths`` does not exist.
            StoreError: the store refused or went away; what was written stays, the next run goes on from there.
        """
        report = RunReport()
        self.ingest(self.find(paths, report, selection=selection, watch=watch), report, watch=watch)
        if sync:
            self.remove_gone(report)
        report.settled = self.settle(report, watch=watch)
        return report

    def find(
        self,
        paths: Sequence[Path],
        report: RunReport,
        *,
        selection: Selection = EVERYTHING,
        watch: Watcher = unwatched,
    ) -> Iterator[Change]:
        """The documents under ``paths`` that the store lacks, or has in another state.

        When they are all found, ``report.gone`` has those of the store that are no longer there.

        Raises:
            ReadError: one of ``paths`` does not exist.
        """
        discovery = discover(paths, selection)
        report.skipped += discovery.skipped
        seen: set[DocumentId] = set()
        readings = _read_all(discovery.files, watch)
        while batch := list(islice(readings, _LOOKED_UP_AT_ONCE)):
            documents = [document for _, document in batch if isinstance(document, Document)]
            known = self._store.states([document.id for document in documents])
            for file, document in batch:
                if isinstance(document, ReadFailure):
                    report.failures.append(document)
                elif document.id in seen:
                    report.failures.append(_twice(document))
                else:
                    seen.add(document.id)
                    old, state = known.get(document.id), self._state(document)
                    if old == state:
                        report.unchanged += 1
                    else:
                        metadata_only = old is not None and replace(old, metadata=state.metadata) == state
                        yield Change(document, file, new=old is None, metadata_only=metadata_only)
        failed = {failure.uri.partition("#")[0] for failure in report.failures}
        files = {file_uri(file) for file in discovery.files} - failed
        report.gone += sorted(
            state.uri for state in gone_documents(self._store, paths, read=seen, files=files).values()
        )

    def ingest(self, changes: Iterable[Change], report: RunReport, *, watch: Watcher = unwatched) -> None:
        """Extract documents and write each; entities and facts follow with :meth:`settle`."""
        for batch in _batches(changes):
            began = monotonic()
            documents = [change.document for change in batch if not change.metadata_only]
            extracted = self._extract(documents, report, watch) if documents else []
            report.seconds["extract"] += monotonic() - began
            began = monotonic()
            for change in batch:
                if change.metadata_only:
                    self._store.describe_document(change.document.id, change.document.metadata)
                    report.updated += 1
            self._write(extracted, {change.document.id for change in batch if change.new}, report, watch)
            report.seconds["write"] += monotonic() - began

    def remove_gone(self, report: RunReport) -> None:
        """Take the documents that are gone out of the store; entities and facts follow with :meth:`settle`."""
        for uri in report.gone:
            self._store.remove_document(document_id(uri))
        report.removed += report.gone
        report.gone = []

    def settle(self, report: RunReport, *, watch: Watcher = unwatched) -> SettleReport | None:
        """Bring entities and facts in line with the documents in the store; None where nothing is left to do."""
        began = monotonic()
        watch(Progress("resolve", 0, None))
        self._resolver = reviewed(self._given_resolver, self._store)  # a reviewer may have decided meanwhile
        settled = settle(self._store, self._resolver, on_progress=lambda done: watch(Progress("resolve", done, None)))
        report.seconds["resolve"] += monotonic() - began
        return settled

    def _extract(self, documents: Sequence[Document], report: RunReport, watch: Watcher) -> list[ExtractedDocument]:
        chunked = list(self._chunked(documents, report))
        return list(
            self._reader.extract(chunked, on_progress=lambda done, total: watch(Progress("extract", done, total)))
        )

    def _write(
        self, extracted: Sequence[ExtractedDocument], new: Collection[DocumentId], report: RunReport, watch: Watcher
    ) -> None:
        for number, one in enumerate(extracted, start=1):
            self._store.replace_document(
                document_rows(
                    one.document,
                    one.chunks,
                    one.extraction,
                    self._resolver.name(one.extraction.mentions),
                    resolver=self._resolver.fingerprint,
                    model=self._reader.fingerprint,
                    schema=self._schema.fingerprint,
                    symmetric=self._symmetric,
                    ingested_at=datetime.now(UTC).isoformat(timespec="seconds"),
                )
            )
            report.count(one, new=one.document.id in new)
            watch(Progress("write", number, len(extracted)))

    def _state(self, document: Document) -> DocumentState:
        return DocumentState(
            document.uri,
            document.title,
            document.sha256,
            self._reader.fingerprint,
            self._schema.fingerprint,
            metadata_fingerprint(document.metadata),
        )

    def _chunked(
        self, documents: Iterable[Document], report: RunReport
    ) -> Iterator[tuple[Document, tuple[Chunk, ...]]]:
        for document in documents:
            try:
                yield document, self._reader.chunks(document)
            except RelexError as error:
                failure = ReadError(f"{document.uri} cannot be cut into chunks", cause=error.what, fix=error.fix)
                report.failures.append(ReadFailure(document.uri, failure))


def remove(store: Store, resolver: Resolver, uris: Sequence[str]) -> RemovalReport:
    """Take documents out of the graph, with all that only they support.

    Args:
        store: the graph.
        resolver: decides which of the names that stay are one entity.
        uris: documents' URIs, paths of files and folders, or patterns of paths, as
            :func:`~relex_kg.addresses.documents_named` has them.

    Raises:
        ReadError: a pattern is malformed.
    """
    removed: list[str] = []
    unknown: list[str] = []
    for uri in uris:
        states = documents_named(store, uri)
        for id, state in sorted(states.items(), key=lambda item: item[1].uri):
            store.remove_document(id)
            removed.append(state.uri)
        if not states:
            unknown.append(uri)
    return RemovalReport(tuple(removed), tuple(unknown), settle(store, reviewed(resolver, store)))


def _read_all(files: Sequence[Path], watch: Watcher) -> Iterator[tuple[Path, Document | ReadFailure]]:
    for number, file in enumerate(files):
        watch(Progress("read", number, len(files)))
        for document in read(file):
            yield file, document
    watch(Progress("read", len(files), len(files)))


def _batches(changes: Iterable[Change]) -> Iterator[list[Change]]:
    batch: list[Change] = []
    characters = 0
    for change in changes:
        batch.append(change)
        characters += len(change.document.text)
        if characters >= _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _twice(document: Document) -> ReadFailure:
    error = ReadError(
        f"the document {document.uri} was read twice in one run",
        cause="two records give the same 'uri'",
        fix="give each document a URI of its own",
    )
    return ReadFailure(document.uri, error)
