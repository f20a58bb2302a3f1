"""A temporary Prefect server for the tests of flows, started once."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    from prefect.testing.utilities import prefect_test_harness  # takes seconds, which others need not pay

    with prefect_test_harness(server_startup_timeout=180):
        yield
