"""Many writers, one graph: processes write and settle overlapping parts of a corpus and leave one writer's graph.

python bench/parallel.py --store bolt://localhost:7687 --password secret
python bench/parallel.py --store bolt://localhost:7687 --password secret --processes 16 --documents 400

Each process takes three fifths of the documents, in an order of its own, writes a first draft of some, and settles in
between. It ends with an error where a process failed, or where the graph is not the one that a single writer leaves.
The documents are those of bench/settle.py; they are removed at the end.
"""

import argparse
import random
import subprocess
import sys
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parent))

from settle import RESOLVER, make_document

from relex_kg.graph.connect import open_store
from relex_kg.graph.memory import MemoryStore
from relex_kg.graph.store import Store, Subgraph
from relex_kg.settlement.run import settle

_SHARE = 0.6  # of the documents, for each process
_DRAFTS, _SETTLINGS = 0.2, 0.05  # how often a first draft is written before a document, and the graph settled after it


def part(process: int, documents: int) -> list[int]:
    """The numbers of the documents that a process writes."""
    return random.Random(process).sample(range(documents), round(documents * _SHARE))


def write_part(store: Store, process: int, documents: int) -> None:
    """What one process does."""
    chance = random.Random(f"process {process}")
    for number in part(process, documents):
        if chance.random() < _DRAFTS:
            store.replace_document(make_document(number, version=1))
        store.replace_document(make_document(number))
        if chance.random() < _SETTLINGS:
            settle(store, RESOLVER)
    settle(store, RESOLVER)


def content(graph: Subgraph) -> tuple[list[object], list[object]]:
    """What a graph says, without the ids that depend on its history."""
    entities = {each.id: (each.type, each.name, each.aliases, each.mentions) for each in graph.entities}
    facts = [
        (entities[fact.head], fact.type, entities[fact.tail], fact.support, fact.documents, fact.confidence, passages)
        for fact, passages in graph.facts
    ]
    return sorted(entities.values(), key=repr), sorted(facts, key=repr)


def run(address: str, password: str | None, processes: int, documents: int) -> None:
    """Write with many processes, and compare."""
    with open_store(address, password=password) as store:
        store.prepare()
        if store.counts().documents:
            raise SystemExit(f"Error: the graph at {address} holds documents; this needs an empty one")
        began = perf_counter()
        command = [sys.executable, __file__, "--store", address, "--documents", str(documents)]
        secret = ["--password", password] if password else []
        children = [
            subprocess.Popen([*command, *secret, "--process", str(number)], stderr=subprocess.PIPE, text=True)
            for number in range(processes)
        ]
        failures = [(number, child.communicate()[1]) for number, child in enumerate(children) if child.wait()]
        seconds = perf_counter() - began
        for number, text in failures:
            print(f"Process {number} failed:\n{text}", file=sys.stderr)
        written = {number for process in range(processes) for number in part(process, documents)}
        settle(store, RESOLVER)
        single = MemoryStore()
        for number in sorted(written):
            single.replace_document(make_document(number))
        settle(single, RESOLVER)
        same = content(store.graph()) == content(single.graph()) and store.counts() == single.counts()
        for document in store.documents():
            store.remove_document(document)
        settle(store, RESOLVER)
    verdict = "a single writer's" if same else "NOT a single writer's"
    counts = f"{processes} processes, {len(written)} documents, {seconds:.1f} s: {len(failures)} failed"
    print(f"{counts}, the graph is {verdict}")
    if failures or not same:
        raise SystemExit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--store", required=True, help="a Neo4j server's address; its graph must be empty")
    parser.add_argument("--password", help="of the server's user neo4j")
    parser.add_argument("--processes", type=int, default=16, help="(%(default)s)")
    parser.add_argument("--documents", type=int, default=200, help="(%(default)s)")
    parser.add_argument("--process", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.process is None:
        run(given.store, given.password, given.processes, given.documents)
    else:
        with open_store(given.store, password=given.password) as store:
            write_part(store, given.process, given.documents)


if __name__ == "__main__":
    main()
