"""A temporary Prefect server for the tests of flows, started once."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    from prefect import settings  # takes seconds, which others need not pay
    from prefect.testing.utilities import prefect_test_harness

    # What these loops do no test asks for, and each writes to the server's SQLite file, which admits one writer at a
    # time: on a busy machine a run's last state once waited its minute in vain, and with it the run's result was gone.
    loops = (
        settings.PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED,
        settings.PREFECT_SERVER_SERVICES_FOREMAN_ENABLED,
        settings.PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED,
        settings.PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_ENABLED,
        settings.PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED,
        settings.PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED,
    )
    changed = dict.fromkeys(loops, False) | {
        settings.PREFECT_LOCAL_STORAGE_PATH: tmp_path_factory.mktemp("prefect-storage")
    }
    with settings.temporary_settings(changed), prefect_test_harness(server_startup_timeout=180):
        yield
