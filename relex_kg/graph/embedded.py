"""The store in a folder: an ArcadeDB server of our own, run as a child process that speaks Bolt on loopback.

The folder holds::

    relex-kg-store.json   what this folder is, and the passwords (readable by its owner alone)
    lock                  locked by the process that has the store open
    server.pid            the server's process id
    server.args           its options (they hold passwords, which a command line would show to everybody)
    server.log            what it printed
    server/               its home: config, databases, its own logs

Linux and macOS. On Linux the server ends with its parent, whatever ends that; a server left over elsewhere is ended by
the next process that opens the folder.
"""

import fcntl
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

from relex_kg.errors import StoreBusyError, StoreError
from relex_kg.graph.bolt import BoltStore
from relex_kg.graph.cypher import ARCADEDB
from relex_kg.graph.driver import Connection, answers, open_driver

DATABASE = "kg"
START_TIMEOUT = 180.0
STOP_TIMEOUT = 20.0
# A query is given up by the client when its own time is over; this is when the server lets go of it.
QUERY_LIMIT = 600.0
# Bytes of a message, and of a text in it. After a longer one the server stops answering, without a word.
MESSAGE_LIMIT = 1 << 28

_TROUBLE = re.compile(r"\b(\w*error|\w*exception|invalid|severe?)\b", re.IGNORECASE)

_FORMAT = 1
_MARKER = "relex-kg-store.json"
_MAIN = "com.arcadedb.server.ArcadeDBServer"
# What the users of each group may do. The server ignores a Bolt session's access mode, but not this.
_GROUPS = {
    "version": 1,
    "databases": {
        "*": {
            "groups": {
                group: {
                    "access": rights,
                    "resultSetLimit": -1,
                    "readTimeout": -1,
                    "types": {"*": {"access": records}},
                }
                for group, rights, records in (
                    (
                        "admin",
                        ["updateSecurity", "updateSchema", "updateDatabaseSettings"],
                        ["createRecord", "readRecord", "updateRecord", "deleteRecord"],
                    ),
                    ("reader", [], ["readRecord"]),
                    ("*", [], []),
                )
            }
        }
    },
}


@dataclass(frozen=True, slots=True)
class _Passwords:
    root: str
    reader: str


def open_folder(folder: Path, *, heap: str = "1g") -> BoltStore:
    """Open the store in ``folder``, which is created if it does not exist.

    Args:
        folder: where the store lives; an empty folder becomes one.
        heap: the most memory that the server's Java heap may take, as Java writes it (``512m``, ``4g``).

    Raises:
        StoreBusyError: another process has it open.
        StoreError: the folder is not a store, cannot be written, or its server does not start.
    """
    with ExitStack() as resources:
        passwords = _claim(folder, resources)
        _end_leftover(folder)
        server = _Server(folder, passwords, heap)
        resources.callback(server.stop)
        server.wait_until_ready()
        connection = Connection(
            address=server.address,
            writer=open_driver(server.address, username="root", password=passwords.root),
            reader=open_driver(server.address, username="reader", password=passwords.reader),
            database=DATABASE,
            dialect=ARCADEDB,
        )
        resources.callback(connection.close)
        connection.check()
        return BoltStore(connection, resources.pop_all())


def _claim(folder: Path, resources: ExitStack) -> _Passwords:
    """Make the folder a store if it is empty, and ours until ``resources`` are closed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / _MARKER).exists() and any(entry.name != "lock" for entry in folder.iterdir()):
            raise StoreError(f"{folder} is not a graph store, and not empty", fix="name another folder")
        _lock(folder, resources)
        return _passwords(folder)
    except OSError as error:
        raise StoreError(
            f"the graph store in {folder} cannot be opened: {error.strerror or error}",
            fix="name a folder that you may write",
        ) from error


def _lock(folder: Path, resources: ExitStack) -> None:
    file = resources.enter_context((folder / "lock").open("a"))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StoreBusyError(
            f"another process has the graph store in {folder} open",
            fix="wait until it ends, or use a Neo4j server, which many processes can share",
        ) from None


def _passwords(folder: Path) -> _Passwords:
    marker = folder / _MARKER
    if not marker.exists():
        fresh = {"format": _FORMAT, "root": secrets.token_urlsafe(24), "reader": secrets.token_urlsafe(24)}
        _write_private(marker, json.dumps(fresh))
    try:
        content = json.loads(marker.read_text(encoding="utf-8"))
        if content["format"] != _FORMAT:
            raise StoreError(f"{folder} holds a graph store of another version of relex-kg", fix="use that version")
        return _Passwords(root=content["root"], reader=content["reader"])
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{marker} is damaged", fix="restore it from a backup of the folder") from error


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read; it is whole or not there at all."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _end_leftover(folder: Path) -> None:
    """End the server of a process that was killed before it could; we hold the lock, so nobody uses it."""
    try:
        pid = int((folder / "server.pid").read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return
    if _is_ours(pid, folder):
        _end(pid, lambda: not _is_ours(pid, folder))


def _is_ours(pid: int, folder: Path) -> bool:
    """Whether the process is this folder's server, not another that got the same process id."""
    if sys.platform == "linux":
        try:
            command = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return False
    else:
        command = subprocess.run(
            ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
    return f"@{folder.absolute() / 'server.args'}" in command


def _end(pid: int, ended: Callable[[], bool]) -> None:
    """Ask a process to end, and make it where it does not."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(pid, sign)
        deadline = monotonic() + STOP_TIMEOUT
        while not ended():
            if monotonic() > deadline:
                break
            sleep(0.02)
        else:
            return


class _Server:
    """The child process."""

    def __init__(self, folder: Path, passwords: _Passwords, heap: str) -> None:
        self._folder = folder.absolute()
        self._passwords = passwords
        self._log = self._folder / "server.log"
        port = _free_port()
        self.address = f"bolt://127.0.0.1:{port}"
        try:
            self._write_config(port, heap)
            self._process = self._launch()
        except OSError as error:
            raise StoreError(f"the embedded store's server cannot be started: {error}") from error

    def _write_config(self, port: int, heap: str) -> None:
        home = self._folder / "server"
        (home / "config").mkdir(parents=True, exist_ok=True)
        (home / "config" / "server-groups.json").write_text(json.dumps(_GROUPS), encoding="utf-8")
        options = [*_java_options(heap), *(f"-Darcadedb.{key}={value}" for key, value in self._settings(home, port))]
        _write_private(self._folder / "server.args", "\n".join(map(_quoted, options)) + "\n")

    def _settings(self, home: Path, port: int) -> list[tuple[str, str]]:
        users = f"root,reader:{self._passwords.reader}:reader"
        return [
            ("server.rootPath", str(home)),
            ("server.rootPassword", self._passwords.root),
            ("server.defaultDatabases", f"{DATABASE}[{users}]"),
            ("server.plugins", "Bolt:com.arcadedb.bolt.BoltProtocolPlugin"),
            ("bolt.host", "127.0.0.1"),
            ("bolt.port", str(port)),
            ("bolt.maxMessageSize", str(MESSAGE_LIMIT)),
            ("bolt.packstream.maxValueLength", str(MESSAGE_LIMIT)),
            # HTTP cannot be switched off: keep it on loopback, at a port that nobody is told.
            ("server.httpIncomingHost", "127.0.0.1"),
            ("server.httpIncomingPort", "0"),
            # In production mode errors say no more than "see the server's log".
            ("server.mode", "development"),
            ("command.timeout", str(int(QUERY_LIMIT * 1000))),
            ("polyglotEngineEnabled", "false"),
            ("opencypher.loadCsv.allowFileUrls", "false"),
            ("opencypher.loadCsv.allowRemoteUrls", "false"),
        ]

    def _launch(self) -> subprocess.Popen[bytes]:
        package = _package()
        command = [
            sys.executable,
            "-I",
            str(Path(__file__).with_name("launch.py")),
            str(os.getpid()),
            str(self._folder / "server.pid"),
            str(package / "jre" / "bin" / "java"),
            f"@{self._folder / 'server.args'}",
            "-cp",
            str(package / "jars" / "*"),
            _MAIN,
        ]
        started: Future[subprocess.Popen[bytes]] = Future()

        def keep() -> None:
            try:
                with self._log.open("wb") as log:
                    process = subprocess.Popen(
                        command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
                    )
            except OSError as error:
                started.set_exception(error)
            else:
                started.set_result(process)
                process.wait()

        # The kernel ends the server with the thread that started it, so that thread lives as long as the server.
        Thread(target=keep, daemon=True, name="embedded store").start()
        return started.result()

    def wait_until_ready(self) -> None:
        """Wait until both users can query the database: the port opens before that."""
        deadline = monotonic() + START_TIMEOUT
        # The reader last: he may not exist yet, and the server locks a user out after a few failures.
        for username, password in (("root", self._passwords.root), ("reader", self._passwords.reader)):
            while not answers(self.address, username=username, password=password, database=DATABASE):
                if self._process.poll() is not None:
                    raise self._failure("ended while it started")
                if monotonic() > deadline:
                    raise self._failure(f"did not answer within {START_TIMEOUT:.0f} s")
                sleep(0.05)

    def _failure(self, what: str) -> StoreError:
        log = self._log.read_text(encoding="utf-8", errors="replace")
        lines = [line.strip().rstrip(".") for line in log.splitlines() if line.strip()] or ["nothing"]
        # Java and the server put the reason first and what follows from it after.
        telling = next((line for line in lines if _TROUBLE.search(line)), lines[-1])
        return StoreError(f"the embedded store's server {what}; it said: {telling}", fix=f"read {self._log}")

    def stop(self) -> None:
        _end(self._process.pid, lambda: self._process.poll() is not None)
        (self._folder / "server.pid").unlink(missing_ok=True)


def _java_options(heap: str) -> list[str]:
    return [
        f"-Xmx{heap}",
        # One client on one machine: these two halve the time to start and the memory.
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Djava.awt.headless=true",
        "--add-opens=java.base/java.nio=ALL-UNNAMED",
        "--enable-native-access=ALL-UNNAMED",
    ]


def _quoted(option: str) -> str:
    """``option`` as a line of a Java argument file."""
    escaped = option.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _package() -> Path:
    """Where the server's package is installed; it is not imported, as that would start a Java machine in here."""
    spec = find_spec("arcadedb_embedded")
    if spec is None or spec.origin is None:
        raise StoreError("the embedded store's server is not installed", fix="pip install arcadedb-embedded")
    return Path(spec.origin).parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
