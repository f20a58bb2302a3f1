"""Builds that are killed, and servers: the next run must leave the graph of an unbroken one.

python bench/crash.py                                             # the embedded store: 100 builds, 20 servers
python bench/crash.py --neo4j PATH/TO/start --clients 10 --servers 2

Each round starts a build of --corpus into an empty store, kills it (or the store's server) with SIGKILL at a moment of
its own, lets a second build run to the end, and compares the graph with that of a build into memory. Moments are spread
over the time that a build takes once its model is loaded. What was done is kept in --journal: a run that was stopped
goes on from there.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from neo4j_server import HEAP, PASSWORD, Neo4j, running

from relex_kg.graph.bolt import BoltStore
from relex_kg.graph.connect import open_store
from relex_kg.graph.memory import MemoryStore
from relex_kg.graph.store import Store
from relex_kg.pipeline import Pipeline, remove
from relex_kg.settings import BuildOptions

CORPUS = Path(__file__).resolve().parents[1] / "examples" / "corpus"
READY = "ready"  # what a build prints when its model is loaded


@dataclass(frozen=True, slots=True)
class Round:
    """One kill, and what came of it."""

    store: str
    victim: str
    number: int
    moment: float
    hit: bool
    whole: bool


def build(corpus: Path, options: BuildOptions) -> None:
    """What a child process does: a build, all of whose time is the store's and the model's."""
    schema, resolver, extractor = options.load_schema(), options.load_resolver(), options.load_extractor()
    print(READY, flush=True)
    with options.open_store() as store:
        pipeline = Pipeline(
            schema=schema, extractor=extractor, resolver=resolver, store=store, window=options.window_size
        )
        pipeline.build([corpus])


def content(store: Store) -> object:
    """What a graph says, without ids that depend on history; scores rounded, as batches change their last digits."""
    graph = store.graph()
    entities = {entity.id: (entity.type, entity.name, entity.aliases, entity.mentions) for entity in graph.entities}
    facts = sorted(
        (
            *(entities[fact.head], fact.type, entities[fact.tail], fact.support, fact.documents),
            round(fact.confidence, 3),
            [passage.relation for passage in passages],
        )
        for fact, passages in graph.facts
    )
    return sorted(entities.values()), facts, store.counts()


class Bench:
    """Where builds are killed: a store of one kind."""

    def __init__(self, name: str, corpus: Path, folder: Path, server: Neo4j | None) -> None:
        self.name = name
        self._corpus = corpus
        self._folder = folder
        self._server = server

    def start_build(self) -> subprocess.Popen[str]:
        target = self._server.address if self._server else str(self._folder)
        environment = os.environ | {"NEO4J_PASSWORD": PASSWORD, "RELEX_KG_HEAP": HEAP}
        child = subprocess.Popen(
            [sys.executable, __file__, "--corpus", self._corpus, "--build-into", target],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        child.stdout.readline()
        return child

    @contextmanager
    def opened(self) -> Iterator[BoltStore]:
        target = self._server.address if self._server else str(self._folder)
        with open_store(target, password=PASSWORD, heap=HEAP) as store:
            yield store

    def empty(self) -> None:
        if self._server is None:
            shutil.rmtree(self._folder, ignore_errors=True)
            return
        with self.opened() as store:
            store.prepare()
            if uris := [state.uri for state in store.documents().values()]:
                remove(store, BuildOptions.chosen().load_resolver(), uris)

    def kill_server(self) -> bool:
        """False where there is none yet, or no more."""
        if self._server is not None:
            self._server.kill()
            return True
        try:
            os.kill(int((self._folder / "server.pid").read_text()), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return False
        return True

    def restart_server(self) -> None:
        if self._server is not None:
            self._server.start()


def strike(bench: Bench, victim: str, moment: float) -> bool:
    """Start a build and kill it, or its server; False where it was over by then."""
    child = bench.start_build()
    try:
        child.wait(timeout=moment)
    except subprocess.TimeoutExpired:
        if victim == "client":
            child.kill()
            child.wait()
            return True
        hit = bench.kill_server()
        # It may be in the middle of its own shutdown, or wait for the server to come back.
        try:
            child.wait(timeout=120)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        bench.restart_server()
        return hit
    return False


def rounds(bench: Bench, victim: str, wanted: int, unbroken: object, journal: Path) -> list[Round]:
    """Do the rounds that the journal lacks; gives all."""
    lines = journal.read_text("utf-8").splitlines() if journal.exists() else []
    entries = [Round(**json.loads(line)) for line in lines]
    done = [entry for entry in entries if (entry.store, entry.victim) == (bench.name, victim)]
    if len(done) >= wanted:
        return done
    bench.empty()
    child = bench.start_build()
    began = time.monotonic()
    if child.wait() != 0:
        raise SystemExit("Error: an unbroken build failed")
    whole_time = time.monotonic() - began
    for number in range(len(done), wanted):
        moment = random.Random(f"{bench.name} {victim} {number}").random() * whole_time
        bench.empty()
        hit = strike(bench, victim, moment)
        last = bench.start_build()
        _, said = last.communicate()
        with bench.opened() as store:
            whole = last.returncode == 0 and content(store) == unbroken
        entry = Round(bench.name, victim, number, round(moment, 3), hit, whole)
        done.append(entry)
        with journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps({name: getattr(entry, name) for name in Round.__slots__}) + "\n")
        if not whole:
            print(f"{bench.name}, {victim} killed after {moment:.3f} s, number {number}: another graph\n{said}")
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--corpus", type=Path, default=CORPUS, metavar="FOLDER", help="(examples/corpus)")
    parser.add_argument("--clients", type=int, default=100, metavar="N", help="builds to kill (%(default)s)")
    parser.add_argument("--servers", type=int, default=20, metavar="N", help="servers to kill (%(default)s)")
    parser.add_argument("--neo4j", type=Path, metavar="SCRIPT", help="starts a Neo4j: SCRIPT DIR BOLT_PORT HTTP_PORT")
    parser.add_argument("--journal", type=Path, default=Path("crash.jsonl"), metavar="FILE", help="(%(default)s)")
    parser.add_argument("--build-into", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.build_into:
        build(given.corpus, BuildOptions.chosen(store=given.build_into))
        return
    options, memory = BuildOptions.chosen(), MemoryStore()
    Pipeline(
        schema=options.load_schema(),
        extractor=options.load_extractor(),
        resolver=options.load_resolver(),
        store=memory,
        window=options.window_size,
    ).build([given.corpus])
    unbroken = content(memory)
    results: list[Round] = []
    with tempfile.TemporaryDirectory() as folder:
        counts = {"client": given.clients, "server": given.servers}
        embedded = Bench("embedded", given.corpus, Path(folder) / "graph", None)
        for victim, count in counts.items():
            results += rounds(embedded, victim, count, unbroken, given.journal)
        if given.neo4j:
            with running(given.neo4j, Path(folder) / "neo4j") as server:
                neo4j = Bench("neo4j", given.corpus, Path(folder), server)
                for victim, count in counts.items():
                    results += rounds(neo4j, victim, count, unbroken, given.journal)
    print(f"{'store':10}{'killed':8}{'rounds':>8}{'hit':>6}{'the unbroken graph':>20}")
    for store, victim in dict.fromkeys((entry.store, entry.victim) for entry in results):
        those = [entry for entry in results if (entry.store, entry.victim) == (store, victim)]
        hits, whole = sum(entry.hit for entry in those), sum(entry.whole for entry in those)
        print(f"{store:10}{victim:8}{len(those):>8}{hits:>6}{whole:>20}")
    if not all(entry.whole for entry in results):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
