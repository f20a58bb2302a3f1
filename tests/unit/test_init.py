"""What importing the package sets."""

import os
import subprocess
import sys

import pytest


def _spin_count(**environment: str) -> str:
    """How long a waiting thread of torch's OpenMP spins before it sleeps, as it says itself when it is loaded."""
    clean = {name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    loaded = subprocess.run(
        [sys.executable, "-c", "import relex_kg, torch"],
        env=clean | {"OMP_DISPLAY_ENV": "verbose"} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    (count,) = (line.split("'")[1] for line in loaded.stderr.splitlines() if "GOMP_SPINCOUNT" in line)
    return count


@pytest.mark.skipif(sys.platform != "linux", reason="torch has another OpenMP there")
@pytest.mark.parametrize(
    ("chosen", "count"),
    [({}, "1000"), ({"GOMP_SPINCOUNT": "77"}, "77"), ({"OMP_WAIT_POLICY": "passive"}, "0")],
    ids=["nothing chosen", "a count", "a policy"],
)
def test_waiting_threads_soon_sleep_unless_the_user_says_otherwise(chosen: dict[str, str], count: str) -> None:
    assert _spin_count(**chosen) == count
