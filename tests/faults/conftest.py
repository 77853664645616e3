"""The campaign of a test, and the table at the end.

TRADEPULSE_FAULT_ROUNDS makes the tests long, TRADEPULSE_FAULT_SEED repeats a run
(./scripts/test faults --rounds N --seed S sets both).
"""

import contextlib
import os
import tempfile

import fault_results
import pytest
from campaign import Campaign, seed_of_run
from postgres_server import PostgresServer


def pytest_configure(config):
    config.fault_results_of_ours = None
    if fault_results.RESULTS_VARIABLE not in os.environ:
        handle, path = tempfile.mkstemp(prefix="tradepulse-faults-", suffix=".jsonl")
        os.close(handle)
        os.environ[fault_results.RESULTS_VARIABLE] = path
        config.fault_results_of_ours = path


def pytest_report_header():
    return f"fault campaign: seed {seed_of_run()}"


def pytest_terminal_summary(terminalreporter, config):
    lines = fault_results.read(os.environ[fault_results.RESULTS_VARIABLE])
    if lines:
        terminalreporter.write_sep("=", f"faults, seed {seed_of_run()}")
        for line in fault_results.table(lines):
            terminalreporter.write_line(line)
    if config.fault_results_of_ours:
        os.remove(config.fault_results_of_ours)


@pytest.fixture(name="campaign")
def campaign_fixture(request):
    """A Campaign of the test's name, without `test_`."""
    return Campaign(request.node.name.removeprefix("test_"))


@pytest.fixture(name="server", scope="module")
def server_fixture():
    """A PostgreSQL of these tests alone, which they break and mend."""
    with contextlib.closing(PostgresServer()) as server:
        yield server.start()
