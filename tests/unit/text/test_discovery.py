import os
from pathlib import Path

import pytest

from relex_kg.errors import ReadError
from relex_kg.text.discovery import Discovery, Selection, Skip, discover


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


def test_address() -> None:
    with pytest.raises(ReadError, match=r"https://example.org/a.html is an address.*"):
        discover([Path("https://example.org/a.html")])


def made(tmp_path: Path, *names: str) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text")


def names(tmp_path: Path, selection: Selection = Selection()) -> list[str]:  # noqa: B008 - frozen
    return [path.relative_to(tmp_path).as_posix() for path in discover([tmp_path], selection).files]


def test_the_store_of_a_graph_is_not_read(tmp_path: Path) -> None:
    made(tmp_path, "a.txt", "relex-graph/server.args", "relex-graph/server/databases/kg/b.jsonl", "other/server/c.txt")
    assert discover([tmp_path]) == Discovery(
        (tmp_path / "a.txt", tmp_path / "other/server/c.txt"), (Skip(tmp_path / "relex-graph", "store of a graph"),)
    )


def test_a_gitignore_that_cannot_be_read_is_counted(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").mkdir()
    (tmp_path / "c").mkdir()
    (tmp_path / "c/.gitignore").write_text("[z-a\n")
    (tmp_path / "c/a.txt").write_text("a")
    (tmp_path / "d").mkdir()
    (tmp_path / "d/.gitignore").symlink_to("nowhere")
    (tmp_path / "d/b.txt").write_text("b")
    discovery = discover([tmp_path])
    assert [file.name for file in discovery.files] == ["a.txt", "b.txt"]
    assert Skip(tmp_path / "d/.gitignore", "rules that cannot be read") in discovery.skipped


def test_gitignore(tmp_path: Path) -> None:
    made(tmp_path, "a.txt", "drafts/b.txt", "c/d.md", "c/e.md", "c/f/g.md")
    (tmp_path / ".gitignore").write_text("drafts/\n*.md\n")
    (tmp_path / "c/.gitignore").write_text("!e.md\n")
    assert names(tmp_path) == ["a.txt", "c/e.md"]
    assert Skip(tmp_path / "drafts", "left out by .gitignore") in discover([tmp_path]).skipped
    assert discover([tmp_path / "drafts/b.txt"]).files == (tmp_path / "drafts/b.txt",)


def test_include_and_exclude(tmp_path: Path) -> None:
    made(tmp_path, "a.txt", "b.md", "notes/c.txt", "notes/old/d.txt")
    assert names(tmp_path, Selection(include=("*.md", "notes/"))) == ["b.md", "notes/c.txt", "notes/old/d.txt"]
    assert names(tmp_path, Selection(exclude=("old/", "/*.md"))) == ["a.txt", "notes/c.txt"]
    skips = discover([tmp_path], Selection(("*.md",), ("old/",))).skipped
    assert {skip.path.name: skip.reason for skip in skips} == {
        "a.txt": "not included",
        "c.txt": "not included",
        "old": "excluded",
    }
