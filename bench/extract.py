"""How fast the extractor reads, beside the reference package on the same weights, texts, labels and cores.

    python bench/extract.py --corpus FOLDER --reference PYTHON

PYTHON is an interpreter in whose environment ``gliner==0.2.29`` is installed. Each reader is a process that stays up;
rounds alternate between them, and loading is not timed. See bench/README.md.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import nan
from pathlib import Path
from statistics import median
from typing import Any

READERS = Path(__file__).parent / "readers"
TOKENIZER = Path(__file__).parent.parent / "relex_kg" / "weights"
PRECISIONS = ("float32", "bfloat16", "int8")
USUAL_PRECISIONS = ("float32", "int8")  # those that every x86-64 processor has
WINDOW = 100  # tokens that a graph's documents are read at once by, see relex_kg/reading.py
SAMPLE = 6  # texts that checkpoints are made for
CHECKPOINTS = ("minilm-token_level", "minilm-markerV0", "deberta-token_level", "deberta-markerV0")
WORD = re.compile(r"\w+(?:[-_]\w+)*|\S")

ENTITIES = [
    "person",
    "organization",
    "location",
    "date",
    "event",
    "work of art",
    "product",
    "nationality",
    "law",
    "language",
    "facility",
    "money",
    "award",
    "disease",
    "sport",
    "vehicle",
]
RELATIONS = [
    "works for",
    "located in",
    "born in",
    "died in",
    "founded by",
    "part of",
    "member of",
    "spouse",
    "parent",
    "child",
    "sibling",
    "educated at",
    "author of",
    "performer",
    "director",
    "country of citizenship",
    "capital of",
    "owned by",
    "manufacturer",
    "occupation",
    "award received",
    "participant in",
    "date of birth",
    "date of death",
    "headquarters",
    "publisher",
    "genre",
    "language spoken",
    "religion",
    "successor",
    "predecessor",
    "head of state",
    "head of government",
    "employer",
    "residence",
    "place of publication",
    "inspired by",
    "based on",
    "characters",
    "creator",
    "producer",
    "operator",
    "subsidiary",
    "parent organization",
    "military branch",
    "conflict",
    "league",
    "league of team",
    "platform",
    "named after",
]


@dataclass(frozen=True, slots=True)
class Case:
    """One row's work."""

    checkpoint: str
    texts: int
    words: int
    entities: int
    relations: int
    window: int | None = None  # tokens that ours reads at once; None for all that it can


@dataclass(frozen=True, slots=True)
class Answer:
    seconds: float
    cpu_seconds: float
    peak_mib: float
    found: list[dict[str, Any]]


class Reader:
    """A process that reads texts when asked."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._line()

    def read(self, texts: Sequence[str], case: Case) -> Answer:
        asked = {
            "texts": texts,
            "entities": ENTITIES[: case.entities],
            "relations": RELATIONS[: case.relations],
            "window": case.window,
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Answer(**self._line())

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("a reader ended early; its own message stands above")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def started(python: str, script: str, *arguments: str, threads: int) -> Iterator[Reader]:
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(threads),
        "PYTHONPATH": str(TOKENIZER.parent.parent) if script == "ours.py" else "",
        "TOKENIZERS_PARALLELISM": "true",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "PYTHONWARNINGS": "ignore",
    }
    command = [python, str(READERS / script), *arguments, str(threads)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None, text=True, env=environment
    ) as process:
        try:
            yield Reader(process)
        finally:
            process.kill()


def chunks(corpus: Path, words: int) -> Iterator[str]:
    """Pieces of the corpus's texts of exactly so many words, as the models count words."""
    for path in sorted(corpus.rglob("*.txt")):
        text = path.read_text(encoding="utf-8")
        found = list(WORD.finditer(text))
        for first in range(0, len(found) - words + 1, words):
            # Ours lets no mention cross a blank line, the reference does not see lines
            yield re.sub(r"\s+", " ", text[found[first].start() : found[first + words - 1].end()])


def texts_for(corpus: Path, case: Case) -> list[str]:
    """So many texts, of three lengths around the case's, spread evenly over the corpus."""
    lengths = (case.words * 2 // 3, case.words, case.words * 4 // 3)
    texts: list[str] = []
    for number, words in enumerate(lengths):
        every = list(chunks(corpus, words))
        wanted = len(range(number, case.texts, len(lengths)))
        texts += every[:: max(len(every) // wanted, 1)][:wanted]
    # Lengths mixed, as they come in real use
    return [texts[index] for index in sorted(range(len(texts)), key=lambda index: (index * 7919) % 104729)]


def made(name: str, folder: Path, reference: str, texts: Sequence[str]) -> Path:
    target = folder / name
    if not (target / "gliner_config.json").is_file():
        asked = {"texts": texts, "entities": ENTITIES[:8], "relations": RELATIONS[:25]}
        subprocess.run(
            [reference, str(READERS / "make_checkpoint.py"), name, str(target), str(TOKENIZER)],
            input=json.dumps(asked),
            text=True,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    return target


def agreement(one: Answer, other: Answer) -> dict[str, float]:
    """Percent of all that either found which both found; nan where neither found anything."""
    shares = {}
    for kind in ("entities", "relations"):
        left, right = (
            {(row, json.dumps(item)) for row, found in enumerate(answer.found) for item in found[kind]}
            for answer in (one, other)
        )
        shares[kind] = 100 * len(left & right) / len(left | right) if left | right else nan
    return shares


def measure(case: Case, folder: Path, options: argparse.Namespace, texts: Sequence[str]) -> list[dict[str, Any]]:
    """One row a precision of ours, each against the same runs of the reference."""
    path, rows = str(folder), []
    with ExitStack() as stack:
        readers = {"reference": started(options.reference, "reference.py", path, "float32", threads=options.threads)}
        for precision in options.precisions:
            readers[precision] = started(sys.executable, "ours.py", path, precision, threads=options.threads)
        running = {name: stack.enter_context(reader) for name, reader in readers.items()}
        for reader in running.values():
            reader.read(texts, case)  # warm-up, all shapes seen
        rounds = [{name: reader.read(texts, case) for name, reader in running.items()} for _ in range(options.rounds)]
    theirs = rounds[-1]["reference"]
    for precision in options.precisions:
        ours = rounds[-1][precision]
        rows.append(
            {
                "checkpoint": case.checkpoint,
                "precision": precision,
                "labels": f"{case.entities}+{case.relations}",
                "words": case.words,
                "window": case.window or "whole",
                "texts": len(texts),
                "ours": len(texts) / median(one[precision].seconds for one in rounds),
                "theirs": len(texts) / median(one["reference"].seconds for one in rounds),
                "ratio": median(one["reference"].seconds / one[precision].seconds for one in rounds),
                "cpu_ratio": median(one["reference"].cpu_seconds / one[precision].cpu_seconds for one in rounds),
                "peak_ours": ours.peak_mib,
                "peak_theirs": theirs.peak_mib,
                "mentions": sum(len(one["entities"]) for one in theirs.found),
                "relations": sum(len(one["relations"]) for one in theirs.found),
                **{f"same_{kind}": share for kind, share in agreement(ours, theirs).items()},
            }
        )
    return rows


# Width, and how a value is written
COLUMNS = {
    "checkpoint": (-20, "{}"),
    "precision": (-9, "{}"),
    "labels": (6, "{}"),
    "words": (5, "{}"),
    "window": (6, "{}"),
    "texts": (5, "{}"),
    "ours": (7, "{:.2f}"),
    "theirs": (7, "{:.2f}"),
    "ratio": (6, "{:.2f}"),
    "cpu_ratio": (9, "{:.2f}"),
    "peak_ours": (9, "{:.0f}"),
    "peak_theirs": (11, "{:.0f}"),
    "mentions": (8, "{}"),
    "relations": (9, "{}"),
    "same_entities": (13, "{:.2f}"),
    "same_relations": (14, "{:.2f}"),
}


def line(cells: Iterable[tuple[int, str]]) -> str:
    return "  ".join(cell.ljust(-width) if width < 0 else cell.rjust(width) for width, cell in cells)


def show(values: dict[str, Any]) -> None:
    cells = ((width, form.format(values[name])) for name, (width, form) in COLUMNS.items())
    print(line((width, "-" if cell == "nan" else cell) for width, cell in cells), flush=True)


def show_ratios(rows: Sequence[dict[str, Any]], precisions: Sequence[str]) -> None:
    """A line a case, a column a precision: ratio, and by processor time in brackets."""
    names, widths = ("checkpoint", "labels", "words", "window"), (-20, 6, 5, 6, *(14 for _ in precisions))
    ratios: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        case = tuple(str(row[name]) for name in names)
        ratios.setdefault(case, {})[row["precision"]] = f"{row['ratio']:.2f} ({row['cpu_ratio']:.2f})"
    print("\nratio (cpu_ratio)\n" + line(zip(widths, (*names, *precisions), strict=True)))
    for case, cells in ratios.items():
        print(line(zip(widths, (*case, *(cells[name] for name in precisions)), strict=True)))


def cases(options: argparse.Namespace) -> list[Case]:
    small, large = (SAMPLE, SAMPLE) if options.quick else (18, SAMPLE)
    asked = options.only or CHECKPOINTS
    main = [Case(name, small if name.startswith("minilm") else large, 150, 8, 25) for name in asked]
    if options.quick or options.only:
        return main
    sizes = [Case(CHECKPOINTS[0], small // 2, 150, entities, relations) for entities, relations in ((4, 5), (16, 50))]
    lengths = [Case(CHECKPOINTS[0], small // 2, words, 8, 25) for words in (50, 300)]
    windows = [Case(CHECKPOINTS[0], small // 2, words, 9, 42, WINDOW) for words in (150, 300)]
    return main + sizes + lengths + windows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True, help="folder with .txt files")
    parser.add_argument("--reference", required=True, help="interpreter that has gliner 0.2.29")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of either reader (default: all cores)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--precisions", nargs="+", default=USUAL_PRECISIONS, choices=PRECISIONS, help="of ours (default: float32 int8)"
    )
    parser.add_argument("--only", nargs="*", choices=CHECKPOINTS, help="these checkpoints, at one length and schema")
    parser.add_argument("--quick", action="store_true", help="few texts, no rows for schema size and length")
    parser.add_argument(
        "--checkpoints",
        type=Path,
        default=Path(tempfile.gettempdir()) / "relex-kg-bench",
        help="where the checkpoints are made once and kept (default: %(default)s)",
    )
    parser.add_argument("--json", type=Path, help="write the rows here too")
    options = parser.parse_args()
    sample = texts_for(options.corpus, Case("", SAMPLE, 150, 0, 0))
    print(f"{options.threads} threads, {options.rounds} rounds; ours and theirs: documents a second; peak: MiB\n")
    print(line((width, name) for name, (width, _) in COLUMNS.items()), flush=True)
    rows: list[dict[str, Any]] = []
    for case in cases(options):
        folder = made(case.checkpoint, options.checkpoints, options.reference, sample)
        for row in measure(case, folder, options, texts_for(options.corpus, case)):
            show(row)
            rows.append(row)
    show_ratios(rows, options.precisions)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
