"""A Neo4j of our own, for tests and measurements: started from a script, and stopped, or killed as by a power cut."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from relex_kg.errors import StoreUnreachableError
from relex_kg.graph.connect import open_store

PASSWORD = "relex-kg-test"
HEAP = "512m"


@dataclass
class Neo4j:
    """A server of our own, which a script starts when called with a folder and two ports."""

    script: Path
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    address: str = ""

    def start(self) -> None:
        """Start it, on the data that the folder has, and wait until it answers."""
        ports = [_free_port(), _free_port()]
        self.address = f"bolt://127.0.0.1:{ports[0]}"
        environment = os.environ | {"NEO4J_PASSWORD": PASSWORD, "NEO4J_HEAP": HEAP, "NEO4J_PAGECACHE": "64m"}
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.script, self.folder / "home", *map(str, ports)], env=environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 300
        while True:
            try:
                open_store(self.address, password=PASSWORD).close()
            except StoreUnreachableError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.5)
            else:
                return

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """End it in good order."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=120)


@contextmanager
def running(script: Path, folder: Path) -> Iterator[Neo4j]:
    """A server, started, and stopped in the end."""
    server = Neo4j(script, folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
