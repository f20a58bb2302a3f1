"""How bench/extract.py talks to the two readers: one JSON document a line, in and out. Needs the standard library."""

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

# (start, end, label) of an entity; (head, label, tail) of a relation
Entity = tuple[int, int, str]
Found = dict[str, list[Any]]
Read = Callable[[list[str], list[str], list[str], int | None], list[Any]]
"""Texts, entity labels, relation labels, and how many tokens to read at once (None: as many as can be)."""
Plain = Callable[[Any], Found]


def serve(read: Read, plain: Plain) -> None:
    """Answer every request with what was found and how long reading alone took, until stdin ends."""
    _answer({"ready": True})
    for line in sys.stdin:
        asked = json.loads(line)
        start, cpu_start = time.perf_counter(), time.process_time()
        found = read(asked["texts"], asked["entities"], asked["relations"], asked["window"])
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        plainly = [plain(one) for one in found]
        _answer({"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mib": peak, "found": plainly})


def _answer(document: dict[str, Any]) -> None:
    _OUT.write(json.dumps(document) + "\n")
    _OUT.flush()


# Libraries print on stdout too; the answers keep it for themselves
_OUT, sys.stdout = sys.stdout, sys.stderr
