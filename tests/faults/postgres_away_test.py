"""PostgreSQL restarted, away, absent at a start: ticks flow on, and in the end the rows are what
the log says."""

import time

import pytest
from fault_line import FaultLine
from postgres_line import PostgresLine, broken
from postgres_variants import restart_immediately
from supervised import wait_until


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_database_restart(kafka, server, campaign, how):
    with PostgresLine(kafka, server.url, campaign) as line:
        def fault(_):
            if how == "fast":
                server.stop()
                server.start()
            else:
                restart_immediately(server)
            return []
        broken(line, campaign, fault, campaign.rounds())


def test_database_down(kafka, server, campaign):
    with PostgresLine(kafka, server.url, campaign) as line:
        def fault(_):
            server.kill()
            up_again = time.monotonic() + campaign.outage_s(8, full=300)
            found = line.wait_until_told()
            line.join("late")
            while time.monotonic() < up_again:
                line.wait_for_frames(100)
                line.look()
            server.start()
            return found
        broken(line, campaign, fault, campaign.rounds(share=0.1))


def test_start_without_a_database(kafka, server, campaign):
    """The engine is killed, and the database right after its new start: it waits, says so, and
    reads on when the database is back."""
    with FaultLine(kafka, server.url, seed=campaign.seed) as line:
        def answer(path):
            try:
                return line.process.ops.get(path).status
            except OSError:
                return None

        def fault(_):
            def without():
                server.kill()
                wait_until(lambda: answer("/health") == 200, "/health", 30)
                told = wait_until(lambda: answer("/ready"), "/ready", 30)
                server.start()
                # Its rows may have been read already; then it is ready, and only claims wait.
                assert told in (200, 503)
                return time.monotonic()
            return line.kill_and_restart(after_start=without)
        campaign.run(line, fault, campaign.rounds())
