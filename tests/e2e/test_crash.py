"""Runs that end before their time, and corpora that change: the graph is always that of one unbroken fresh build."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relex_kg.canon.decisions import Decisions
from relex_kg.canon.resolver import Resolver
from relex_kg.graph.bolt import BoltStore
from relex_kg.graph.connect import open_store
from relex_kg.graph.memory import MemoryStore
from relex_kg.graph.store import Store
from relex_kg.pipeline import Pipeline, remove

PipelineInto = Callable[[Store], Pipeline]
CheckWhole = Callable[[BoltStore, Path], None]

# The command line, ended by a signal at one of its moments
ENDED_EARLY = """
import os, signal, sys
from relex_kg.cli import main
from relex_kg.graph import bolt, documents
from relex_kg.graph.server_settling import ServerSettling

moment, sign = sys.argv[1], signal.Signals[sys.argv[2]]
del sys.argv[1:3]
# A suite that runs in the background hands an ignored SIGINT down
signal.signal(signal.SIGINT, signal.default_int_handler)


def ended_after(work, times):
    def wrapped(*arguments, **named):
        nonlocal times
        result = work(*arguments, **named)
        times -= 1
        if times == 0:
            os.kill(os.getpid(), sign)
        return result

    return wrapped


if moment == "between documents":
    bolt.BoltStore.replace_document = ended_after(bolt.BoltStore.replace_document, 1)
if moment == "within a document's transaction":
    documents._write = ended_after(documents._write, 2)
if moment == "before settling":
    bolt.BoltStore.unsettled = ended_after(bolt.BoltStore.unsettled, 1)
if moment == "while names are counted":
    ServerSettling.change_names = ended_after(ServerSettling.change_names, 1)
if moment == "between names and links":
    bolt.BoltStore.settling = ended_after(bolt.BoltStore.settling, 1)
if moment == "while mentions are linked":
    ServerSettling.change_links = ended_after(ServerSettling.change_links, 1)
main()
"""
# The command line, where the kernel refuses what it and its server write to a file beyond a size, as on a full disk
ON_A_FULL_DISK = """
import resource, sys
from relex_kg.cli import main

size = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
main()
"""
MOMENTS = {  # and how many documents are in the store then
    "between documents": 1,
    "within a document's transaction": 1,
    "before settling": 3,
    "while names are counted": 3,
    "between names and links": 3,
    "while mentions are linked": 3,
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, sentences: list[str]) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for number in range(3):
        (folder / f"{number}.txt").write_text("\n\n".join(sentences[number * 10 : number * 10 + 4]), encoding="utf-8")
    return folder


def content(store: Store) -> tuple[Any, list[float]]:
    """All that a graph says, without the ids that depend on history; and its scores, which may differ in rounding."""
    subgraph = store.graph()
    names = {entity.id: (entity.type, entity.name) for entity in subgraph.entities}
    entities = sorted((entity.type, entity.name, entity.aliases, entity.mentions) for entity in subgraph.entities)
    facts = []
    for fact, passages in subgraph.facts:
        said = [(one.relation, one.document, one.start, one.end, one.text, one.head, one.tail) for one in passages]
        key = (names[fact.head], fact.type, names[fact.tail])
        scores = [fact.confidence, *(one.score for one in passages)]
        facts.append(((*key, fact.support, fact.documents, [repr(one) for one in said]), scores))
    facts.sort(key=lambda fact: fact[0])
    documents = sorted(state.uri for state in store.documents().values())
    return (
        (documents, entities, [fact for fact, _ in facts], store.counts()),
        [score for _, scores in facts for score in scores],
    )


def assert_same(store: Store, unbroken: Store) -> None:
    (exact, scores), (expected, expected_scores) = content(store), content(unbroken)
    assert exact == expected
    assert scores == pytest.approx(expected_scores, abs=1e-4)


@pytest.fixture(scope="module")
def unbroken(corpus: Path, pipeline_into: PipelineInto) -> Store:
    """The graph that one fresh run makes."""
    store = MemoryStore()
    report = pipeline_into(store).build([corpus])
    assert report.added == 3
    assert report.settled is not None
    assert report.settled.facts_created > 0
    return store


class Desk:
    """Where a build is run, again and again, into one store."""

    def __init__(
        self, *, corpus: Path, folder: Path, options: list[str], pipeline_into: PipelineInto, check_whole: CheckWhole
    ) -> None:
        self.corpus = corpus
        self._folder = folder
        self._arguments = ["build", str(corpus), "--store", str(folder), *options]
        self._pipeline_into = pipeline_into
        self._check_whole = check_whole

    def build(self, program: str, *before: str) -> tuple[int, str]:
        """Run a program that ends in the command line; gives its exit code and what it said."""
        command = [sys.executable, "-c", program, *before, *self._arguments]
        environment = os.environ | {"RELEX_KG_HEAP": "512m"}
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return ran.returncode, ran.stderr

    def finish(self, unbroken: Store, *, written: int | None = None) -> None:
        """Run it once more, to the end: only what was not written is, and the graph is that of an unbroken run."""
        with open_store(str(self._folder), heap="512m") as store:
            pipeline = self._pipeline_into(store)
            report = pipeline.build([self.corpus])
            assert report.added + report.unchanged == 3
            assert written in (None, report.unchanged)
            assert report.settled is not None
            assert pipeline.build([self.corpus]).changed is False
            self._check_whole(store, self.corpus)
            assert_same(store, unbroken)


@pytest.fixture
def desk(
    tmp_path: Path, corpus: Path, build_options: list[str], pipeline_into: PipelineInto, check_whole: CheckWhole
) -> Desk:
    return Desk(
        corpus=corpus,
        folder=tmp_path / "graph",
        options=build_options,
        pipeline_into=pipeline_into,
        check_whole=check_whole,
    )


@pytest.mark.parametrize(("moment", "written"), MOMENTS.items(), ids=list(MOMENTS))
def test_the_next_run_finishes_what_a_killed_one_left(desk: Desk, unbroken: Store, moment: str, written: int) -> None:
    assert desk.build(ENDED_EARLY, moment, "SIGKILL") == (-9, "")
    desk.finish(unbroken, written=written)


def test_the_next_run_finishes_what_an_interrupted_one_left(desk: Desk, unbroken: Store) -> None:
    code, said = desk.build(ENDED_EARLY, "within a document's transaction", "SIGINT")
    assert code == 130
    assert said == "Interrupted. What was finished is kept; the same command goes on from there.\n"
    desk.finish(unbroken, written=1)


@pytest.mark.parametrize("room", [1_000_000])
def test_the_next_run_finishes_what_a_full_disk_stopped(desk: Desk, unbroken: Store, room: int) -> None:
    code, said = desk.build(ON_A_FULL_DISK, str(room))
    assert (code, said.partition(" ")[0]) == (1, "Error:"), said
    assert "Traceback" not in said
    desk.finish(unbroken)


def test_a_corpus_that_changes_gives_the_graph_of_what_it_is_in_the_end(
    graph: BoltStore, tmp_path: Path, corpus: Path, pipeline_into: PipelineInto, check_whole: CheckWhole
) -> None:
    for file in corpus.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    pipeline = pipeline_into(graph)

    def assert_as_fresh(*names: str) -> None:
        fresh = MemoryStore()
        pipeline_into(fresh).build([tmp_path / name for name in names])
        assert_same(graph, fresh)

    pipeline.build([tmp_path])
    first = content(graph)

    (tmp_path / "1.txt").write_text("Ask Theo.\n\n" + (corpus / "1.txt").read_text("utf-8")[20:], encoding="utf-8")
    assert pipeline.build([tmp_path]).updated == 1
    assert_as_fresh("0.txt", "1.txt", "2.txt")

    removal = remove(graph, Resolver(Decisions.none()), [str(tmp_path / "1.txt")])
    assert removal.removed == ((tmp_path / "1.txt").as_uri(),)
    assert_as_fresh("0.txt", "2.txt")

    (tmp_path / "1.txt").write_bytes((corpus / "1.txt").read_bytes())
    assert pipeline.build([tmp_path]).added == 1
    assert_as_fresh("0.txt", "1.txt", "2.txt")
    check_whole(graph, tmp_path)
    assert content(graph)[0] == first[0]
