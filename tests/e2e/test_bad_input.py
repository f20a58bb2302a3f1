"""What people feed it by mistake: the run says what is wrong, does the rest, and leaves a whole graph."""

import json
import re
import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from relex_kg.cli.app import app
from relex_kg.errors import StoreError
from relex_kg.graph.bolt import BoltStore
from relex_kg.graph.export import WRITERS, write
from relex_kg.pipeline import Pipeline, RunReport

GOOD = "Dr. Okafor-Bell joined Northwind Labs in 2019, and left again in 2021."

Build = Callable[[], RunReport]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one good document."""
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "good.txt").write_text(GOOD)
    return folder


@pytest.fixture
def build(
    graph: BoltStore,
    folder: Path,
    pipeline_into: Callable[..., Pipeline],
    check_whole: Callable[[BoltStore, Path], None],
) -> Build:
    """Builds the graph of the folder and checks that it is whole."""

    def build() -> RunReport:
        report = pipeline_into(graph).build([folder])
        check_whole(graph, folder)
        assert report.mentions > 0
        assert (folder / "good.txt").as_uri() in {state.uri for state in graph.documents().values()}
        return report

    return build


@pytest.fixture
def texts(graph: BoltStore) -> Callable[[Path], str]:
    """The text of a document's one chunk, as the graph holds it."""

    def text(path: Path) -> str:
        statement = "MATCH (:Document {uri: $uri})-[:HAS_CHUNK]->(c:Chunk) RETURN c.text"
        [(text,)] = graph.query(statement, {"uri": path.as_uri()}, timeout=60).rows
        return str(text)

    return text


def the_failure(report: RunReport) -> str:
    assert report.added == 1
    [failure] = report.failures
    return str(failure.error)


# -- files that cannot be read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b" \r\n\t \n"])
def test_an_empty_file(folder: Path, build: Build, content: bytes) -> None:
    (folder / "empty.txt").write_bytes(content)
    assert the_failure(build()) == f"{folder / 'empty.txt'} is empty. Likely cause: it holds no text."


def test_a_binary_file_named_txt(folder: Path, build: Build) -> None:
    (folder / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    assert the_failure(build()).startswith(f"{folder / 'picture.txt'} is binary. ")


def test_a_file_that_the_system_will_not_read(folder: Path, build: Build) -> None:
    """A process's memory is a regular file whose first page no user may read, not even the superuser."""
    memory = Path("/proc/1/mem" if Path("/proc/1/mem").exists() else "/proc/self/mem")
    if not memory.exists():
        pytest.skip("no /proc")
    (folder / "secret.txt").symlink_to(memory)
    [failure] = build().failures
    assert str(failure.error).startswith(f"{folder / 'secret.txt'} cannot be read. Likely cause: ")
    assert str(failure.error).endswith(". Fix: check the path and its rights.")


def test_malformed_json_lines(folder: Path, build: Build, graph: BoltStore) -> None:
    lines = [
        b'{"id": "first", "text": "Ask Theo."}',
        b'{"id": "cut", "text": "Ask',
        b"[1, 2]",
        b'{"title": "no text"}',
        b'{"text": 5}',
        b'{"id": "first", "text": "Twice."}',
        b'{"text": "\xff"}',
        b"",
        b'{"text": "Nobody expected the committee."}',
    ]
    (folder / "mails.jsonl").write_bytes(b"\n".join(lines))
    report = build()
    assert report.added == 3
    uri = (folder / "mails.jsonl").as_uri()
    assert [failure.uri for failure in report.failures] == [f"{uri}#L{line}" for line in (2, 3, 4, 5, 6, 7)]
    assert {state.uri for state in graph.documents().values()} >= {f"{uri}#first", f"{uri}#L9"}


# -- texts of unusual kinds --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_text_in_another_encoding(folder: Path, build: Build, texts: Callable[[Path], str], encoding: str) -> None:
    text = "Café Zoé hired Noël Gagné as its first pâtissier."
    (folder / "cafe.txt").write_bytes(text.encode(encoding))
    assert build().failures == []
    assert texts(folder / "cafe.txt") == text


EMOJI = "The crew of the Aurora 🚢 reached Lisbon 👩🏽‍🚀 on 3 May 1998 👍👍."
RIGHT_TO_LEFT = "محمد يعمل في القاهرة. דנה גרה בחיפה עם אחותה."


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (EMOJI, EMOJI),
        (RIGHT_TO_LEFT, RIGHT_TO_LEFT),
        (
            "Cafe\u0301 Zoe\u0301 hired N\u0308oe\u0308l\u0300\u0301\u0302 in Zu\u0308rich.",
            "Café Zoé hired N\u0308oël\u0300\u0301\u0302 in Zürich.",
        ),
        ("\u202eReversed\u202c Mara\u200b Lind\u00adqvist \ufeffruns it.", "Reversed Mara Lindqvist runs it."),
    ],
    ids=["emoji", "right-to-left", "combining", "invisible"],
)
def test_characters_that_are_not_plain_letters(
    folder: Path, build: Build, texts: Callable[[Path], str], text: str, seen: str
) -> None:
    (folder / "odd.txt").write_text(text, encoding="utf-8")
    assert build().failures == []
    assert texts(folder / "odd.txt") == seen


def test_nul_characters(folder: Path, build: Build, texts: Callable[[Path], str]) -> None:
    (folder / "nul.txt").write_bytes(b"Captain\0Reyes commands the\0icebreaker Polaris and the ferry.")
    assert build().failures == []
    assert texts(folder / "nul.txt") == "Captain\ufffdReyes commands the\ufffdicebreaker Polaris and the ferry."


def test_a_word_of_5000_characters(folder: Path, build: Build, graph: BoltStore) -> None:
    (folder / "word.txt").write_text("x" * 5000)
    assert build().failures == []
    statement = "MATCH (:Document {uri: $uri})-[:HAS_CHUNK]->(c:Chunk) RETURN c.start, c.end ORDER BY c.start"
    spans = graph.query(statement, {"uri": (folder / "word.txt").as_uri()}, timeout=60).rows
    assert {position for start, end in spans for position in range(start, end)} == set(range(5000))


def test_html_with_scripts(folder: Path, build: Build, texts: Callable[[Path], str]) -> None:
    (folder / "page.html").write_text(
        "<html><head><title>Crew</title><style>p {color: red}</style></head><body>"
        "<script>document.write('Captain Mallory')</script><p onclick='alert(1)'>Captain Reyes &amp; Theo.</p>"
        "<noscript>Turn it on</noscript><template>Not shown</template></body></html>"
    )
    assert build().failures == []
    assert texts(folder / "page.html") == "Captain Reyes & Theo."


@pytest.mark.parametrize(("sentences", "blanks"), [(51, 400_000), (2, 20_000_000)])
def test_a_text_of_20_megabytes(folder: Path, build: Build, graph: BoltStore, sentences: int, blanks: int) -> None:
    """Mostly blank, so that the tiny model is soon through with it, and chunks are far larger than usual."""
    said = [f"Halvorsen {number} owns Narvik." for number in range(sentences)]
    (folder / "huge.txt").write_text(("\n" * blanks).join(said))
    assert (folder / "huge.txt").stat().st_size >= 20_000_000
    assert build().failures == []
    statement = "MATCH (:Document {uri: $uri})-[:HAS_CHUNK]->(c:Chunk) RETURN c.text"
    chunks = graph.query(statement, {"uri": (folder / "huge.txt").as_uri()}, timeout=60).rows
    assert all(any(sentence in text for (text,) in chunks) for sentence in said)


# -- the command line --------------------------------------------------------------------------------------------------


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, build_options: list[str]) -> Callable[..., Result]:
    """Build from the command line, in this process; a bug is raised as what it is."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Result:
        result = CliRunner().invoke(app, ["build", *build_options, *map(str, arguments)])
        assert isinstance(result.exception, SystemExit), result.exception
        return result

    return run


@pytest.fixture
def refused(run: Callable[..., Result], tmp_path: Path) -> Callable[..., str]:
    """What a build that is refused says on stderr."""

    def refused(*arguments: str | Path) -> str:
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert not (tmp_path / "relex-graph").exists()
        return result.stderr

    return refused


def test_a_missing_path(refused: Callable[..., str], folder: Path) -> None:
    assert refused(folder, "txts") == (
        "Error: txts does not exist.\n"
        "Likely cause: the path is misspelt, or the link it is leads nowhere.\n"
        "Fix: check it with ls.\n"
    )


def test_a_schema_with_a_typo(refused: Callable[..., str], folder: Path, tmp_path: Path) -> None:
    (tmp_path / "typo.yaml").write_text(
        "name: typo\nentities:\n  Person: {lable: person}\nrelations:\n"
        "  KNOWS: {label: knows, head: [Person], tail: [Persn]}\n"
    )
    assert refused(folder, "--schema", "typo.yaml") == (
        "Error: typo.yaml, line 3: entity type Person has no 'label'. Fix: add 'label:'.\n"
        "typo.yaml, line 3: entity type Person has an unknown key 'lable'. Fix: write 'label'.\n"
        "typo.yaml, line 5: relation KNOWS has tail 'Persn', which is not an entity type of this schema. "
        "Fix: write 'Person'.\n"
    )


def test_a_malformed_decisions_file(refused: Callable[..., str], folder: Path, tmp_path: Path) -> None:
    (tmp_path / "merges.yaml").write_text("must_link:\n- {type: Person, names: [Ada]}\n")
    assert refused(folder, "--decisions", "merges.yaml") == (
        "Error: merges.yaml, line 2: needs at least two names, each once.\n"
        "Fix: write it like '- {type: Person, names: [J. Smith, John Smith]}'.\n"
    )


def test_a_server_that_is_down(refused: Callable[..., str], folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens, and nobody else can
        address = f"bolt://127.0.0.1:{taken.getsockname()[1]}"
        said = refused(folder, "--store", address)
    assert said.startswith(f"Error: nothing answers at {address}: ")
    assert said.endswith("Fix: start the server, or correct the address.\n")


def test_a_wrong_password(
    refused: Callable[..., str], folder: Path, graph: BoltStore, embedded_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [port] = re.findall(r"-Darcadedb.bolt.port=(\d+)", (embedded_folder / "server.args").read_text())
    monkeypatch.setenv("NEO4J_USERNAME", "somebody")
    monkeypatch.setenv("NEO4J_PASSWORD", "wrong-password")
    assert refused(folder, "--store", f"bolt://127.0.0.1:{port}") == (
        f"Error: bolt://127.0.0.1:{port} refused the user or the password.\n"
        "Fix: check the user name and the password.\n"
    )
    assert graph.documents() == {}


def test_one_run_meets_many_bad_files(run: Callable[..., Result], folder: Path) -> None:
    """The run does what it can, exits with 3, and lists all that failed."""
    (folder / "empty.txt").write_bytes(b"")
    (folder / "picture.md").write_bytes(bytes(range(256)) * 40)
    (folder / "mails.jsonl").write_text("{\n")
    (folder / "notes.xyz").write_text("unknown")
    result = run(folder, "--dry-run", "--json")
    assert (result.exit_code, result.stderr) == (3, "")
    report = json.loads(result.stdout)
    assert report["documents"] == {"added": 1, "updated": 0, "unchanged": 0, "failed": 3, "skipped": 1}
    assert [failure["uri"] for failure in report["failures"]] == [
        f"{folder.as_uri()}/{name}" for name in ("empty.txt", "mails.jsonl#L1", "picture.md")
    ]
    assert report["skipped"] == [{"path": str(folder / "notes.xyz"), "reason": "unsupported format .xyz"}]


# -- a full disk -------------------------------------------------------------------------------------------------------


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """The kernel refuses what this process writes beyond that, as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("ending", list(WRITERS))
def test_an_export_to_a_full_disk_leaves_the_file_that_was_there(
    folder: Path, build: Build, graph: BoltStore, tmp_path: Path, ending: str
) -> None:
    build()
    names = ("graph.nodes.csv", "graph.edges.csv") if ending == ".csv" else (f"graph{ending}",)
    write(graph.graph(), tmp_path / f"graph{ending}")
    before = {name: (tmp_path / name).read_bytes() for name in names}
    with no_file_larger_than(100), pytest.raises(StoreError, match="cannot be written: File too large") as caught:
        write(graph.graph(), tmp_path / f"graph{ending}")
    assert caught.value.fix == "name a file in a folder that you may write, on a disk with room"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before
