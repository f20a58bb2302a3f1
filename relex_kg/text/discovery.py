"""Which files to read, of what a user points at."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from relex_kg.errors import ReadError
from relex_kg.text.readers import STDIN, SUFFIXES, file_uri, suffix


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


@dataclass(frozen=True, slots=True)
class Selection:
    """Which files of a folder are meant, by patterns as in a ``.gitignore``, relative to the folder.

    Attributes:
        include: if there are any, only files that one of them matches: ``("*.md", "notes/")``.
        exclude: no files or folders that one of them matches.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


EVERYTHING = Selection()


def discover(paths: Sequence[Path], selection: Selection = EVERYTHING) -> Discovery:
    """The files to read among ``paths``, with all that is in those of them that are directories.

    A directory's hidden files and directories, stores of graphs, what a ``.gitignore`` in it leaves out and what
    ``selection`` does not mean are left out unless named in ``paths``; links to directories are not followed. ``-``
    stands for standard input.

    Raises:
        ReadError: one of ``paths`` does not exist, or a pattern is malformed.
    """
    include, exclude = (_spec(patterns) for patterns in (selection.include, selection.exclude))
    found: dict[str, Path] = {}
    skipped: set[Skip] = set()
    for path in paths:
        if path.parts[:1] in (("http:",), ("https:",)):
            address = str(path).replace(":/", "://", 1)
            raise ReadError(
                f"{address} is an address, not a file",
                fix=f"save it, for example with curl -LO {address}, and give the file",
            )
        if path == STDIN:
            found[file_uri(path)] = path
            continue
        if not path.exists():
            raise ReadError(
                f"{path} does not exist",
                cause="the path is misspelt, or the link it is leads nowhere",
                fix="check it with ls",
            )
        for entry in _Walk(path, include, exclude).entries() if path.is_dir() else _sort_out(path):
            if isinstance(entry, Skip):
                skipped.add(entry)
            else:
                uri = file_uri(entry)
                found[uri] = min(found.get(uri, entry), entry)
    return Discovery(tuple(sorted(found.values())), tuple(sorted(skipped, key=lambda skip: skip.path)))


class _Walk:
    """Goes through a directory."""

    def __init__(self, directory: Path, include: GitIgnoreSpec, exclude: GitIgnoreSpec) -> None:
        self._directory = directory
        self._include = include
        self._exclude = exclude
        self._ignored: dict[Path, GitIgnoreSpec] = {}  # by the directory whose .gitignore it is

    def entries(self) -> Iterator[Path | Skip]:
        unreadable: list[Skip] = []

        def note(error: OSError) -> None:
            unreadable.append(Skip(Path(error.filename), "directory that cannot be read"))

        for root, directories, files in os.walk(self._directory, onerror=note):
            if ".gitignore" in files and not self._learn(Path(root)):
                yield Skip(Path(root, ".gitignore"), "rules that cannot be read")  # git itself goes on without them
            entered: list[str] = []
            for name in directories:
                path = Path(root, name)
                reason = next(self._reasons(path, is_directory=True), None)
                if reason:
                    yield Skip(path, reason)
                else:
                    entered.append(name)
            directories[:] = entered
            for name in files:
                path = Path(root, name)
                reason = next(self._reasons(path, is_directory=False), None)
                yield from [Skip(path, reason)] if reason else _sort_out(path)
        yield from unreadable

    def _learn(self, directory: Path) -> bool:
        """Take up what a directory's ``.gitignore`` says; False where it cannot be read."""
        try:
            lines = (directory / ".gitignore").read_text(encoding="utf-8", errors="replace").splitlines()
            self._ignored[directory] = GitIgnoreSpec.from_lines(lines)
        except (OSError, ValueError):
            return False
        return True

    def _reasons(self, path: Path, *, is_directory: bool) -> Iterator[str]:
        """Why a file or directory is left out, if it is."""
        name = path.relative_to(self._directory).as_posix() + "/" * is_directory
        if path.name.startswith("."):
            yield "hidden"
        if is_directory and path.is_symlink():
            yield "link to a directory"
        if is_directory and _is_store(path):
            yield "store of a graph"
        if self._exclude.match_file(name):
            yield "excluded"
        if self._is_ignored(path, is_directory=is_directory):
            yield "left out by .gitignore"
        if not is_directory and len(self._include) and not self._include.match_file(name):
            yield "not included"

    def _is_ignored(self, path: Path, *, is_directory: bool) -> bool:
        """What the nearest ``.gitignore`` with a word on it says."""
        for directory in path.parents:
            spec = self._ignored.get(directory)
            verdict = spec.check_file(path.relative_to(directory).as_posix() + "/" * is_directory) if spec else None
            if verdict and verdict.include is not None:
                return verdict.include
            if directory == self._directory:
                break
        return False


def _spec(patterns: Sequence[str]) -> GitIgnoreSpec:
    try:
        return GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise ReadError(
            f"a pattern is malformed: {error}", fix="write it as in a .gitignore, such as '*.md'"
        ) from error


def _is_store(directory: Path) -> bool:
    """Whether an embedded store lives there: its server's folder, beside what it is started with."""
    return (directory / "server.args").is_file() and (directory / "server").is_dir()


def _sort_out(path: Path) -> Iterator[Path | Skip]:
    if suffix(path) not in SUFFIXES:
        yield Skip(path, f"unsupported format {suffix(path) or '(no suffix)'}")
    elif not path.exists():
        yield Skip(path, "link that leads nowhere")
    elif not path.is_file():
        yield Skip(path, "not a regular file")
    else:
        yield path
