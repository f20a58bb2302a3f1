"""Histories at random, against the oracle: documents come, change and go, decisions change, settling stops half-way.

python bench/soak.py                                              # 10,000 in memory, 500 on the embedded store
python bench/soak.py --neo4j PATH/TO/start --memory 0 --servers 500

After each settling the graph must be the one that resolving the whole corpus at once gives. A difference is printed as
the shortest history that shows it, with the seed that finds it again (--seed). What was done is kept in --journal: a
run that was stopped goes on from there.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from histories import RESOLVERS, SIZES, histories
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from neo4j_server import HEAP, PASSWORD, running

from relex_kg.graph.connect import open_store
from relex_kg.graph.memory import MemoryStore
from relex_kg.graph.store import Store
from relex_kg.settlement.run import settle

AT_ONCE = 25  # sequences with one seed
_STEPS = 20


def sequences(empty_store: Callable[[], Store], number: int, count: int) -> str | None:
    """Run sequences; gives the difference that they found, if any. The seed decides how much settling does at once."""
    size = (1, 3, 200)[number % 3]
    for module, name in SIZES:
        setattr(module, name, size)
    machine = seed(number)(histories(empty_store))
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=count,
                stateful_step_count=_STEPS,
                deadline=None,
                database=None,
                phases=(Phase.generate, Phase.shrink),
                suppress_health_check=list(HealthCheck),
            ),
        )
    except Exception as error:
        return "\n".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])
    return None


def soak(name: str, empty_store: Callable[[], Store], wanted: int, journal: Path) -> tuple[int, int]:
    """Run what the journal lacks; gives the numbers of sequences and of differences."""
    lines = journal.read_text("utf-8").splitlines() if journal.exists() else []
    batches = [batch for batch in map(json.loads, lines) if batch["store"] == name]
    done = sum(batch["sequences"] for batch in batches)
    differences = sum(batch["difference"] is not None for batch in batches)
    number = len(batches)
    while done < wanted:
        count = min(AT_ONCE, wanted - done)
        began = perf_counter()
        difference = sequences(empty_store, number, count)
        batch = {"store": name, "seed": number, "sequences": count, "difference": difference}
        with journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**batch, "seconds": round(perf_counter() - began, 1)}) + "\n")
        if difference is not None:
            print(f"{name}, seed {number}, {count} sequences:\n{difference}\n", flush=True)
            differences += 1
        done, number = done + count, number + 1
    return done, differences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--memory", type=int, default=10_000, metavar="N", help="sequences in memory (%(default)s)")
    parser.add_argument("--servers", type=int, default=500, metavar="N", help="on each server (%(default)s)")
    parser.add_argument("--neo4j", type=Path, metavar="SCRIPT", help="starts a Neo4j: SCRIPT DIR BOLT_PORT HTTP_PORT")
    parser.add_argument("--journal", type=Path, default=Path("soak.jsonl"), metavar="FILE", help="(%(default)s)")
    parser.add_argument("--seed", type=int, help="run the sequences of one seed again, in memory")
    given = parser.parse_args()
    if given.seed is not None:
        print(sequences(MemoryStore, given.seed, AT_ONCE) or "no difference")
        return
    rows: list[tuple[str, int, int]] = []
    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory()))

        def on(store: Store) -> Callable[[], Store]:
            store.prepare()

            def emptied() -> Store:
                # Each sequence takes out in the end what it put in, unless it ends in a difference.
                for document in store.documents():
                    store.remove_document(document)
                settle(store, RESOLVERS[0])
                return store

            return emptied

        rows.append(("memory", *soak("memory", MemoryStore, given.memory, given.journal)))
        if given.servers:
            embedded = resources.enter_context(open_store(str(folder / "graph"), heap=HEAP))
            rows.append(("embedded", *soak("embedded", on(embedded), given.servers, given.journal)))
        if given.servers and given.neo4j:
            server = resources.enter_context(running(given.neo4j, folder / "neo4j"))
            store = resources.enter_context(open_store(server.address, password=PASSWORD))
            rows.append(("neo4j", *soak("neo4j", on(store), given.servers, given.journal)))
    print(f"{'store':10}{'sequences':>12}{'differences':>14}")
    for name, done, differences in rows:
        print(f"{name:10}{done:>12,}{differences:>14,}")
    if any(differences for *_, differences in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
