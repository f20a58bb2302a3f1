"""From files to the graph and back out of it, on a tiny model that finds something nearly everywhere."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from relex_kg import pipeline as pipeline_module
from relex_kg import reading as reading_module
from relex_kg.canon.decisions import Decisions
from relex_kg.canon.resolver import Resolver
from relex_kg.errors import CapacityError, ReadError
from relex_kg.extract.extractor import Extractor
from relex_kg.graph.memory import MemoryStore
from relex_kg.graph.rows import DocumentRows
from relex_kg.ids import document_id
from relex_kg.ontology import Schema
from relex_kg.pipeline import Pipeline, Progress, RemovalReport, RunReport, remove
from relex_kg.reading import Reader
from relex_kg.text.chunking import chunk
from relex_kg.text.discovery import Selection
from relex_kg.text.readers import file_uri, read
from relex_kg.types import Document

REFERENCE = Path(__file__).parents[1] / "fixtures" / "reference"
SENTENCES: dict[str, list[str]] = json.loads((REFERENCE / "sentences.json").read_text(encoding="utf-8"))
TEXTS = [" ".join(SENTENCES["texts"][first : first + 4]) for first in range(3, 19, 4)]
SCHEMA = Schema.from_labels(
    SENTENCES["entity_labels"], SENTENCES["relation_labels"], entity_threshold=0.45, relation_threshold=0.6
)
RESOLVER = Resolver(Decisions((), ()))


@pytest.fixture(scope="session")
def extractor() -> Extractor:
    return Extractor.from_pretrained(REFERENCE / "token-none-rnn0-bert", device="cpu")


@pytest.fixture
def memory() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def pipeline(extractor: Extractor, memory: MemoryStore) -> Pipeline:
    return Pipeline(schema=SCHEMA, extractor=extractor, resolver=RESOLVER, store=memory)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number, text in enumerate(TEXTS):
        (folder / f"{number}.txt").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def fresh(extractor: Extractor) -> Callable[[Path], object]:
    """The graph of a build of a folder in one go."""

    def fresh(folder: Path) -> object:
        store = MemoryStore()
        Pipeline(schema=SCHEMA, extractor=extractor, resolver=RESOLVER, store=store).build([folder])
        return graph_of(store)

    return fresh


def graph_of(store: MemoryStore) -> object:
    """What the graph says, without minted ids and without scores."""
    graph = store.graph()
    names = {entity.id: (entity.type, entity.name) for entity in graph.entities}
    facts = [
        (names[fact.head], fact.type, names[fact.tail], fact.support, fact.documents, [p.relation for p in passages])
        for fact, passages in graph.facts
    ]
    return (
        sorted(state.uri for state in store.documents().values()),
        sorted((entity.type, entity.name, entity.aliases, entity.mentions) for entity in graph.entities),
        sorted(facts, key=repr),
    )


def counts(report: RunReport) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.unchanged, len(report.failures)


def test_a_first_build_adds_every_document(pipeline: Pipeline, memory: MemoryStore, corpus: Path) -> None:
    report = pipeline.build([corpus])
    assert counts(report) == (4, 0, 0, 0)
    graph = memory.counts()
    assert (graph.documents, graph.chunks, graph.mentions, graph.evidence) == (
        4,
        report.chunks,
        report.mentions,
        report.relations,
    )
    assert graph.entities > 5
    assert graph.facts > 5
    assert report.settled is not None
    assert (report.settled.entities_created, report.settled.facts_created) == (graph.entities, graph.facts)
    assert report.changed


def test_every_passage_quotes_its_document(pipeline: Pipeline, memory: MemoryStore, corpus: Path) -> None:
    pipeline.build([corpus])
    texts = {file_uri(path): path.read_text(encoding="utf-8") for path in corpus.iterdir()}
    passages = [passage for _, evidence in memory.graph().facts for passage in evidence]
    assert passages
    for passage in passages:
        text = texts[passage.document]
        assert all(text[quote.start : quote.end] == quote.text for quote in (passage.head, passage.tail))
        assert text[passage.text_start :].startswith(passage.text)


def test_a_second_build_changes_nothing_and_reads_nothing(
    pipeline: Pipeline, memory: MemoryStore, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.build([corpus])
    before = memory.graph()
    monkeypatch.setattr(Reader, "extract", lambda *_, **__: pytest.fail("a document was extracted again"))
    report = pipeline.build([corpus])
    assert counts(report) == (0, 0, 4, 0)
    assert report.settled is None
    assert not report.changed
    assert memory.graph() == before


def test_metadata_alone_is_written_without_reading_again(
    pipeline: Pipeline, memory: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps({"id": "a", "text": TEXTS[0], "date": "2024-02-03"}), encoding="utf-8")
    pipeline.build([file])
    before = memory.graph()
    monkeypatch.setattr(Reader, "extract", lambda *_, **__: pytest.fail("a document was extracted again"))
    file.write_text(json.dumps({"id": "a", "text": TEXTS[0], "date": "2024-02-04"}), encoding="utf-8")
    report = pipeline.build([file])
    assert (counts(report), report.changed) == ((0, 1, 0, 0), True)
    assert memory.graph() == before
    assert counts(pipeline.build([file])) == (0, 0, 1, 0)


def test_an_edited_document_takes_the_place_of_what_it_was(
    pipeline: Pipeline, memory: MemoryStore, corpus: Path, fresh: Callable[[Path], object]
) -> None:
    pipeline.build([corpus])
    before = graph_of(memory)
    (corpus / "1.txt").write_text(SENTENCES["texts"][40], encoding="utf-8")
    report = pipeline.build([corpus])
    assert counts(report) == (0, 1, 3, 0)
    assert report.settled is not None
    assert graph_of(memory) == fresh(corpus) != before


def test_an_edit_taken_back_leaves_the_graph_as_it_was(pipeline: Pipeline, memory: MemoryStore, corpus: Path) -> None:
    pipeline.build([corpus])
    before = graph_of(memory)
    (corpus / "1.txt").write_text("Nothing to see.", encoding="utf-8")
    pipeline.build([corpus])
    (corpus / "1.txt").write_text(TEXTS[1], encoding="utf-8")
    pipeline.build([corpus])
    assert graph_of(memory) == before


def test_documents_that_are_gone_from_the_folder_stay_until_they_are_removed(
    pipeline: Pipeline, memory: MemoryStore, corpus: Path, fresh: Callable[[Path], object]
) -> None:
    pipeline.build([corpus])
    gone = corpus / "2.txt"
    gone.unlink()
    built = pipeline.build([corpus])
    assert (counts(built), built.gone, built.removed) == ((0, 0, 3, 0), [file_uri(gone)], [])
    report = remove(memory, RESOLVER, [str(gone), "file:///nowhere.txt"])
    assert (report.removed, report.unknown) == ((file_uri(gone),), ("file:///nowhere.txt",))
    assert report.settled is not None
    assert graph_of(memory) == fresh(corpus)


def test_sync_takes_out_what_is_gone(
    pipeline: Pipeline, memory: MemoryStore, corpus: Path, tmp_path: Path, fresh: Callable[[Path], object]
) -> None:
    elsewhere = tmp_path / "corpus-of-others" / "a.txt"
    elsewhere.parent.mkdir()
    elsewhere.write_text(TEXTS[0], encoding="utf-8")
    pipeline.build([corpus, elsewhere])
    gone = [corpus / "2.txt", corpus / "3.txt"]
    for file in gone:
        file.unlink()
    (corpus / "0.txt").write_text("", encoding="utf-8")  # cannot be read now: the store keeps what it has
    report = pipeline.build([corpus], sync=True)
    assert (report.gone, report.removed) == ([], [file_uri(file) for file in gone])
    assert report.changed
    assert {state.uri for state in memory.documents().values()} == {
        file_uri(file) for file in (corpus / "0.txt", corpus / "1.txt", elsewhere)
    }
    assert not pipeline.build([corpus], sync=True).changed


def test_sync_takes_out_records_that_are_gone(pipeline: Pipeline, memory: MemoryStore, tmp_path: Path) -> None:
    file = tmp_path / "news.jsonl"
    records = [json.dumps({"id": str(number), "text": text}) for number, text in enumerate(TEXTS)]
    file.write_text("\n".join(records), encoding="utf-8")
    pipeline.build([file])
    file.write_text("\n".join([records[0], "{", records[3]]), encoding="utf-8")
    assert pipeline.build([tmp_path], sync=True).removed == []  # which record the damaged one was, nobody knows
    file.write_text("\n".join([records[0], records[3]]), encoding="utf-8")
    assert pipeline.build([tmp_path], sync=True).removed == [f"{file_uri(file)}#{id}" for id in "12"]
    assert memory.counts().documents == 2


def test_what_a_selection_leaves_out_is_not_gone(pipeline: Pipeline, memory: MemoryStore, corpus: Path) -> None:
    pipeline.build([corpus])
    report = pipeline.build([corpus], selection=Selection(exclude=("1.txt",)), sync=True)
    assert (report.gone, report.removed, memory.counts().documents) == ([], [], 4)


def test_removing_nothing_changes_nothing(pipeline: Pipeline, memory: MemoryStore, corpus: Path) -> None:
    pipeline.build([corpus])
    assert remove(memory, RESOLVER, ["x.txt"]) == RemovalReport((), ("x.txt",), None)


def test_removing_everything_leaves_nothing(pipeline: Pipeline, memory: MemoryStore, corpus: Path) -> None:
    pipeline.build([corpus])
    remove(memory, RESOLVER, [str(path) for path in corpus.iterdir()])
    graph = memory.counts()
    assert (graph.documents, graph.mentions, graph.entities, graph.evidence, graph.facts) == (0, 0, 0, 0, 0)


def test_a_file_of_records_is_removed_with_all_its_documents(
    pipeline: Pipeline, memory: MemoryStore, tmp_path: Path
) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text("\n".join(json.dumps({"text": text}) for text in TEXTS), encoding="utf-8")
    assert counts(pipeline.build([path])) == (4, 0, 0, 0)
    assert len(remove(memory, RESOLVER, [str(path)]).removed) == 4
    assert memory.counts().documents == 0


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("reports", ["a.md", "drafts/b.md", "drafts/c.txt", "news.jsonl#L1"]),
        ("reports/drafts/", ["drafts/b.md", "drafts/c.txt"]),
        ("reports/*.md", ["a.md"]),
        ("reports/**/*.md", ["a.md", "drafts/b.md"]),
        ("reports/dr*", ["drafts/b.md", "drafts/c.txt"]),
        ("reports/drafts/[c-e].txt", ["drafts/c.txt"]),
        ("reports/news.jsonl", ["news.jsonl#L1"]),
        ("report*", ["a.md", "drafts/b.md", "drafts/c.txt", "news.jsonl#L1"]),
        ("*.md", []),
        ("reports/a", []),
    ],
)
def test_folders_and_patterns_are_removed(
    pipeline: Pipeline,
    memory: MemoryStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    address: str,
    names: list[str],
) -> None:
    reports = tmp_path / "reports"
    (reports / "drafts").mkdir(parents=True)
    for name in ("a.md", "drafts/b.md", "drafts/c.txt"):
        (reports / name).write_text(TEXTS[0], encoding="utf-8")
    (reports / "news.jsonl").write_text(json.dumps({"text": TEXTS[1]}), encoding="utf-8")
    pipeline.build([reports])
    rmtree(reports)
    monkeypatch.chdir(tmp_path)
    assert remove(memory, RESOLVER, [address]).removed == tuple(f"{file_uri(reports)}/{name}" for name in names)


def test_order_and_grouping_of_documents_do_not_change_the_graph(
    extractor: Extractor, corpus: Path, fresh: Callable[[Path], object]
) -> None:
    store = MemoryStore()
    one_by_one = Pipeline(schema=SCHEMA, extractor=extractor, resolver=RESOLVER, store=store)
    for path in sorted(corpus.iterdir(), reverse=True):
        one_by_one.build([path])
    assert graph_of(store) == fresh(corpus)


def test_the_size_of_batches_does_not_change_the_graph(
    pipeline: Pipeline,
    memory: MemoryStore,
    corpus: Path,
    fresh: Callable[[Path], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = fresh(corpus)
    monkeypatch.setattr(pipeline_module, "_BATCH_CHARACTERS", 1)
    pipeline.build([corpus])
    assert graph_of(memory) == expected


def test_the_same_uri_twice_is_a_failure_and_the_first_counts(
    pipeline: Pipeline, memory: MemoryStore, tmp_path: Path
) -> None:
    for name, text in (("a.jsonl", TEXTS[0]), ("b.jsonl", TEXTS[1])):
        (tmp_path / name).write_text(json.dumps({"uri": "https://example.org/1", "text": text}), encoding="utf-8")
    report = pipeline.build([tmp_path])
    assert counts(report) == (1, 0, 0, 1)
    (failure,) = report.failures
    assert failure.uri == "https://example.org/1"
    assert "was read twice in one run" in failure.error.what
    (state,) = memory.documents().values()
    assert state.sha256 == sha256(TEXTS[0].encode()).hexdigest()
    assert counts(pipeline.build([tmp_path])) == (0, 0, 1, 1)


def test_a_file_given_twice_is_one_document(pipeline: Pipeline, corpus: Path) -> None:
    assert counts(pipeline.build([corpus, corpus / "1.txt"])) == (4, 0, 0, 0)


def test_what_cannot_be_read_is_counted_and_the_store_keeps_what_it_had(
    pipeline: Pipeline, memory: MemoryStore, corpus: Path
) -> None:
    pipeline.build([corpus])
    before = graph_of(memory)
    (corpus / "1.txt").write_text("", encoding="utf-8")
    (corpus / "picture.png").write_bytes(b"\x89PNG")
    report = pipeline.build([corpus])
    assert counts(report) == (0, 0, 3, 1)
    assert report.failures[0].uri == file_uri(corpus / "1.txt")
    assert [skip.path.name for skip in report.skipped] == ["picture.png"]
    assert not report.changed
    assert graph_of(memory) == before


def test_a_document_that_cannot_be_cut_is_counted_and_the_others_go_in(
    pipeline: Pipeline, memory: MemoryStore, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def picky(document: Document, **arguments: Any) -> object:
        if document.uri.endswith("2.txt"):
            raise CapacityError("a word is too long", fix="shorten it")
        return chunk(document, **arguments)

    monkeypatch.setattr(reading_module, "chunk", picky)
    report = pipeline.build([corpus])
    assert counts(report) == (3, 0, 0, 1)
    assert report.failures[0].error.what == f"{file_uri(corpus / '2.txt')} cannot be cut into chunks"
    assert report.failures[0].error.cause == "a word is too long"
    assert memory.counts().documents == 3


def test_a_path_that_does_not_exist_is_an_error(pipeline: Pipeline, tmp_path: Path) -> None:
    with pytest.raises(ReadError):
        pipeline.build([tmp_path / "gone"])


def test_a_settle_left_undone_is_done_by_the_next_run(
    pipeline: Pipeline, memory: MemoryStore, corpus: Path, fresh: Callable[[Path], object]
) -> None:
    interrupted = RunReport()
    pipeline.ingest(pipeline.find([corpus], interrupted), interrupted)
    assert counts(interrupted) == (4, 0, 0, 0)
    assert memory.counts().entities == 0
    report = pipeline.build([corpus])
    assert counts(report) == (0, 0, 4, 0)
    assert report.settled is not None
    assert report.changed
    assert graph_of(memory) == fresh(corpus)


def test_a_run_killed_while_it_writes_is_finished_by_the_next(
    pipeline: Pipeline,
    memory: MemoryStore,
    corpus: Path,
    fresh: Callable[[Path], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write, written = memory.replace_document, 0

    def killed(rows: DocumentRows) -> None:
        nonlocal written
        if written == 2:
            raise KeyboardInterrupt
        written += 1
        write(rows)

    with monkeypatch.context() as patch:
        patch.setattr(memory, "replace_document", killed)
        with pytest.raises(KeyboardInterrupt):
            pipeline.build([corpus])
    assert counts(pipeline.build([corpus])) == (2, 0, 2, 0)
    assert graph_of(memory) == fresh(corpus)


def test_another_schema_reads_all_documents_again(extractor: Extractor, memory: MemoryStore, corpus: Path) -> None:
    def build(schema: Schema) -> RunReport:
        return Pipeline(schema=schema, extractor=extractor, resolver=RESOLVER, store=memory).build([corpus])

    build(SCHEMA)
    assert counts(build(SCHEMA.model_copy(update={"description": "in other words"}))) == (0, 0, 4, 0)
    assert counts(build(Schema.from_labels(["person"], [], entity_threshold=0.45))) == (0, 4, 0, 0)
    assert set(memory.counts().entities_by_type) == {"Person"}


def test_other_decisions_settle_again_without_reading(
    pipeline: Pipeline, extractor: Extractor, memory: MemoryStore, corpus: Path
) -> None:
    pipeline.build([corpus])
    other = Resolver(Decisions((), ()), person_types=frozenset({"Place"}))
    report = Pipeline(schema=SCHEMA, extractor=extractor, resolver=other, store=memory).build([corpus])
    assert counts(report) == (0, 0, 4, 0)
    assert report.settled is not None


def test_a_long_document_is_read_in_chunks_with_exact_spans(
    extractor: Extractor, pipeline: Pipeline, memory: MemoryStore, tmp_path: Path
) -> None:
    path = tmp_path / "long.txt"
    path.write_text("\n\n".join(SENTENCES["texts"]), encoding="utf-8")
    report = pipeline.build([path])
    assert report.chunks > 3
    (document,) = [one for one in read(path) if isinstance(one, Document)]
    reader = Reader(extractor, SCHEMA)
    (extracted,) = reader.extract([(document, reader.chunks(document))])
    assert all(mention.span.of(document.text) == mention.text for mention in extracted.extraction.mentions)
    assert len(extracted.extraction.mentions) == report.mentions == memory.counts().mentions


def test_a_schema_too_wide_for_one_pass_is_read_in_several(extractor: Extractor) -> None:
    relations = [*SENTENCES["relation_labels"], *(f"relation of the kind with number {n}" for n in range(40))]
    schema = Schema.from_labels(SENTENCES["entity_labels"], relations, entity_threshold=0.45, relation_threshold=0.6)
    reader = Reader(extractor, schema)
    document = Document(document_id("u"), "u", "t", TEXTS[0], "text/plain")
    heard: list[tuple[int, int]] = []
    (extracted,) = reader.extract(
        [(document, reader.chunks(document))], on_progress=lambda done, total: heard.append((done, total))
    )
    total = heard[0][1]
    assert total > 1
    assert (heard[0], heard[-1]) == ((0, total), (total, total))
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    assert {relation.type for relation in extracted.extraction.relations} - set(list(schema.relations)[:3])


def test_progress_tells_each_stage_from_its_start_to_its_end(pipeline: Pipeline, corpus: Path) -> None:
    seen: list[Progress] = []
    report = pipeline.build([corpus], watch=seen.append)
    by_stage = {stage: [one for one in seen if one.stage == stage] for stage in ("read", "extract", "write", "resolve")}
    windows = by_stage["extract"][0].total
    assert windows is not None
    assert windows >= report.chunks
    assert {stage: (steps[0].done, steps[-1].done, steps[-1].total) for stage, steps in by_stage.items()} == {
        "read": (0, 4, 4),
        "extract": (0, windows, windows),
        "write": (1, 4, 4),
        "resolve": (0, 4, None),
    }
    assert set(report.seconds) == {"extract", "write", "resolve"}


def test_parts_of_a_run_add_up() -> None:
    whole = RunReport(added=1, updated=2, unchanged=3, chunks=4, mentions=5, relations=6)
    part = RunReport(added=10, updated=20, unchanged=30, chunks=40, mentions=50, relations=60)
    part.dropped["overlapping mention"] = 2
    part.seconds["extract"] = 1.5
    for _ in range(2):
        whole.include(part)
    assert counts(whole) == (21, 42, 63, 0)
    assert (whole.chunks, whole.mentions, whole.relations) == (84, 105, 126)
    assert whole.dropped == {"overlapping mention": 4}
    assert whole.seconds == {"extract": 3.0}
    assert whole.settled is None
