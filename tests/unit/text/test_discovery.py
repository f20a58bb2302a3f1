import os
from pathlib import Path

import pytest

from relex_kg.errors import ReadError
from relex_kg.text.discovery import Discovery, Skip, discover


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b.txt", "a/c.MD", "a/d.png", "a/README", ".git/e.txt", ".f.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text")
    return tmp_path


def test_directory(tree: Path) -> None:
    assert discover([tree]) == Discovery(
        (tree / "a/c.MD", tree / "b.txt"),
        (
            Skip(tree / ".f.txt", "hidden"),
            Skip(tree / ".git", "hidden"),
            Skip(tree / "a/README", "unsupported format (no suffix)"),
            Skip(tree / "a/d.png", "unsupported format .png"),
        ),
    )


def test_links_and_pipes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "inner").mkdir()
    (tmp_path / "b.txt").symlink_to("a.txt")
    (tmp_path / "c.txt").symlink_to("none")
    (tmp_path / "d").symlink_to("inner")
    os.mkfifo(tmp_path / "p.txt")
    assert discover([tmp_path]) == Discovery(
        (tmp_path / "a.txt",),
        (
            Skip(tmp_path / "c.txt", "link that leads nowhere"),
            Skip(tmp_path / "d", "link to a directory"),
            Skip(tmp_path / "p.txt", "not a regular file"),
        ),
    )


def test_each_file_once_in_sorted_order(tree: Path) -> None:
    paths = [tree / "b.txt", tree / "a", tree / "a" / ".." / "b.txt", tree / "a/c.MD"]
    assert discover(paths).files == (tree / "a/../b.txt", tree / "a/c.MD")
    assert discover(paths) == discover(paths[::-1])


def test_named_hidden_and_unsupported_files(tree: Path) -> None:
    assert discover([tree / ".git", tree / ".f.txt", tree / "a/d.png"]) == Discovery(
        (tree / ".f.txt", tree / ".git/e.txt"), (Skip(tree / "a/d.png", "unsupported format .png"),)
    )


def test_directory_that_cannot_be_read(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = os.scandir

    def refuse(path: str | os.PathLike[str]) -> object:
        if Path(path).name == "a":
            raise PermissionError(13, "Permission denied", str(path))
        return genuine(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert Skip(tree / "a", "directory that cannot be read") in discover([tree]).skipped


def test_missing_path(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"none\.txt does not exist"):
        discover([tmp_path / "none.txt"])
