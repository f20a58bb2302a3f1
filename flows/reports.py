"""A run's report as plain data, which Prefect can store, and as Markdown, which people read in its web pages."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from relex_kg.pipeline import RunReport

Report = dict[str, Any]

# Of flows. A report that is not stored is lost when the server's answer to a run's last state is: Prefect then asks
# again and takes the state, without its data, from the server.
KEEP_REPORT: dict[str, Any] = {"persist_result": True, "result_serializer": "json"}

_MOST_ROWS = 100  # of failures in a page; the run's result holds all
_MEASURES = ("triples", "relations", "entities")


def plain(report: RunReport) -> Report:
    """The report as JSON can hold it."""
    return {
        **report.documents(),
        **report.work(),
        "failures": [{"uri": failure.uri, "error": str(failure.error)} for failure in report.failures],
        "skipped_files": [{"path": str(skip.path), "reason": skip.reason} for skip in report.skipped],
        "gone": report.gone,
        "removed": report.removed,
    }


def summary(report: Report) -> str:
    """The report in one line."""
    kinds = ("added", "updated", "unchanged", "failed", "skipped")
    return "Documents: " + ", ".join(f"{report[kind]:,} {kind}" for kind in kinds)


def markdown(report: Report) -> str:
    """The report as a page."""
    reasons = Counter(skip["reason"] for skip in report["skipped_files"])
    failures = [(failure["uri"], failure["error"]) for failure in report["failures"]]
    parts = [
        _counts("Documents", report, ("added", "updated", "unchanged", "failed", "skipped")),
        _counts("Found in added and updated documents", report, ("chunks", "mentions", "relations")),
        _table("Left out", ("what", "count"), report["dropped"].items()),
        _table("Entities and facts", ("what", "count"), _settled(report["settled"])),
        _table("Skipped files", ("reason", "count"), reasons.items()),
        _table("Documents whose files are gone", ("document", "in the graph"), _gone(report)),
        _table("Failures", ("document", "error"), failures),
        _table("Seconds, summed over tasks", ("stage", "seconds"), report["seconds"].items()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _gone(report: Report) -> list[tuple[str, object]]:
    return [(uri, "removed") for uri in report["removed"]] + [(uri, "still there") for uri in report["gone"]]


def _settled(settled: Mapping[str, int] | None) -> list[tuple[str, object]]:
    return [(name.replace("_", " "), count) for name, count in settled.items()] if settled else []


def _counts(title: str, report: Report, kinds: Iterable[str]) -> str:
    return _table(title, ("what", "count"), [(kind, report[kind]) for kind in kinds])


def _table(title: str, columns: tuple[str, str], rows: Iterable[tuple[object, object]]) -> str:
    rows = list(rows)
    if not rows:
        return ""
    lines = [f"## {title}", "", f"| {columns[0]} | {columns[1]} |", "|---|---|"]
    lines += [f"| {escaped(left)} | {escaped(right)} |" for left, right in rows[:_MOST_ROWS]]
    if len(rows) > _MOST_ROWS:
        lines.append(f"| and {len(rows) - _MOST_ROWS:,} more | |")
    return "\n".join(lines)


def escaped(value: object) -> str:
    """Text that is data: no name of a file and no error can become markup."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~&$])", r"\\\1", " ".join(str(value).split()))


def training_markdown(report: Report, out: str) -> str:
    """A training run's report as a page."""
    numbers = {"checkpoint": out, **{name: report[name] for name in ("steps", "loss", "seconds", "resumed")}}
    dev = report["dev"]
    parts = [
        _table("Training", ("what", "value"), numbers.items()),
        _table("Records", ("file", "records"), report["records"].items()),
        _table("Records read", ("file", "records"), report["drawn"].items()),
        _table("F1 on dev before training", ("what", "F1"), dev["before"].items()) if dev else "",
        _table(f"F1 on dev at the best step, {dev['best_step']}", ("what", "F1"), dev["after"].items()) if dev else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def evaluation_markdown(report: Report) -> str:
    """An evaluation's report as a page: every column, each file of it, and the sweeps."""
    mean = [f"{100 * report['mean_f1'][measure]:.1f}" for measure in _MEASURES]
    columns = [(column["name"], *_f1s(column), column["records"]) for column in report["columns"]]
    parts = [
        _wide_table(
            "F1 %",
            ("column", *_MEASURES, "records"),
            [*columns, ("mean", *mean, ""), ("all records", *_f1s(report["all"]), report["all"]["records"])],
        ),
        *(_file(file) for file in report["files"]),
        *(_sweep(column) for column in report["columns"]),
        _table("Asked", ("what", "value"), report["protocol"].items()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _f1s(figures: Report) -> list[str]:
    return [f"{100 * figures[measure]['f1']:.1f}" for measure in _MEASURES]


def _file(file: Report) -> str:
    names = ("precision", "recall", "f1", "calibration_error")
    rows = [(measure, *(f"{100 * file[measure][name]:.1f}" for name in names)) for measure in _MEASURES]
    return _wide_table(file["file"], ("measure", "P %", "R %", "F1 %", "ECE %"), rows)


def _sweep(column: Report) -> str:
    sweep = column["triples"]
    rows = [
        (kind, row["threshold"], *(f"{100 * row[name]:.1f}" for name in ("precision", "recall", "f1")))
        for kind in ("entity", "relation")
        for row in sweep[f"by_{kind}_threshold"]
    ]
    return _wide_table(f"{column['name']}, triples by threshold", ("threshold of", "value", "P %", "R %", "F1 %"), rows)


def _wide_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [f"## {escaped(title)}", "", f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return "\n".join([*lines, *(f"| {' | '.join(escaped(value) for value in row)} |" for row in rows)])
