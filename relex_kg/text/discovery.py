"""Which files to read, of what a user points at."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from relex_kg.errors import ReadError
from relex_kg.text.readers import SUFFIXES, file_uri


@dataclass(frozen=True, slots=True)
class Skip:
    """A file or directory that is left out, and why (``"hidden"``), for a run's report to count."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """Both sorted by path; no file is in ``files`` twice, whatever links or spellings lead to it."""

    files: tuple[Path, ...]
    skipped: tuple[Skip, ...]


def discover(paths: Sequence[Path]) -> Discovery:
    """The files to read among ``paths``, with all that is in those of them that are directories.

    Hidden files and directories are left out unless named in ``paths``; links to directories are not followed.

    Raises:
        ReadError: one of ``paths`` does not exist.
    """
    found: dict[str, Path] = {}
    skipped: set[Skip] = set()
    for path in paths:
        if not path.exists():
            raise ReadError(
                f"{path} does not exist",
                cause="the path is misspelt, or the link it is leads nowhere",
                fix="check it with ls",
            )
        for entry in _walk(path) if path.is_dir() else _sort_out(path):
            if isinstance(entry, Skip):
                skipped.add(entry)
            else:
                uri = file_uri(entry)
                found[uri] = min(found.get(uri, entry), entry)
    return Discovery(tuple(sorted(found.values())), tuple(sorted(skipped, key=lambda skip: skip.path)))


def _walk(directory: Path) -> Iterator[Path | Skip]:
    unreadable: list[Skip] = []

    def note(error: OSError) -> None:
        unreadable.append(Skip(Path(error.filename), "directory that cannot be read"))

    for root, directories, files in os.walk(directory, onerror=note):
        inner = [Path(root, name) for name in directories]
        yield from (Skip(path, "hidden") for path in inner if _is_hidden(path))
        yield from (Skip(path, "link to a directory") for path in inner if path.is_symlink() and not _is_hidden(path))
        directories[:] = [path.name for path in inner if not _is_hidden(path)]
        for name in files:
            path = Path(root, name)
            yield from [Skip(path, "hidden")] if _is_hidden(path) else _sort_out(path)
    yield from unreadable


def _sort_out(path: Path) -> Iterator[Path | Skip]:
    if path.suffix.lower() not in SUFFIXES:
        yield Skip(path, f"unsupported format {path.suffix.lower() or '(no suffix)'}")
    elif not path.exists():
        yield Skip(path, "link that leads nowhere")
    elif not path.is_file():
        yield Skip(path, "not a regular file")
    else:
        yield path


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".")
