"""A line whose engine lives through what happens to its PostgreSQL."""

import contextlib
import time

from checkers import check_degraded, check_log
from fault_line import FaultLine
from postgres_proxy import PostgresProxy
from supervised import ServerError, wait_until

WATCHDOG_S = 5.0  # postgres.watchdog
# What a commit needs after a cut: the watchdog, a connection attempt, a claim, a flush.
FREED_LIMIT_S = WATCHDOG_S + 5.0
# postgres.idle_in_transaction_session_timeout, and what a busy machine adds.
IDLE_LIMIT_S = 5.0 + 3.0
SESSIONS = ("SELECT pid, state FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'")


class PostgresLine(FaultLine):
    """The engine lives through all of it: no join position may go back, resources come back."""

    def __init__(self, kafka, server_url, campaign, **options):
        self._baseline = None
        self._began = time.monotonic()
        self.answers = []
        super().__init__(kafka, server_url, seed=campaign.seed, **options)
        self.clients.floor = self.clients.highest
        self.resources()  # The faults begin when all sessions are there.

    def join(self, name):
        super().join(name)
        if self._baseline:
            self._baseline["open_files"] += 1

    def take_baseline(self, number):
        if number == 0:
            self._baseline = self.resources()
        self.answers = []

    def look(self):
        """GET /ready, remembered. True where it says degraded."""
        self.answers.append(self.ready())
        return self.answers[-1][1].get("status") == "degraded"

    def wait_until_told(self, *names, timeout=20):
        """Until /ready says degraded: at most the time that a call to the database may take."""
        with contextlib.suppress(ServerError):  # The checker says what was there instead.
            wait_until(self.look, "degraded", timeout)
        return check_degraded(self.answers, ["postgres", *names])

    def finish(self):
        found = super().finish()
        # The engine's own bound: 20 lines of an event in 10 s.
        windows = 2 + int((time.monotonic() - self._began) / 10)
        return found + check_log(self.process.log_text().splitlines(), windows, 20)

    def judge(self):
        found = super().judge()
        return found + (self.not_given_back(self._baseline) if self._baseline else [])


@contextlib.contextmanager
def proxied(kafka, server, campaign, **options):
    """The engine gets to the server through a proxy, the judges directly."""
    with contextlib.closing(PostgresProxy("127.0.0.1", server.port)) as proxy:
        with PostgresLine(kafka, server.url, campaign, engine_url=proxy.url_for,
                          **options) as line:
            yield line, proxy


def broken(line, campaign, fault, rounds, first=0):
    """Runs a fault of the form fault(random) -> violations; the seconds are from its end to the
    first commit."""
    def timed(draw):
        found = fault(draw)
        return line.seconds_to_commit(), found
    campaign.run(line, timed, rounds, before=line.take_baseline, first=first)


def terminate(database, condition="true"):
    """Ends the engine's sessions; how many."""
    return database.value(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname ="
        f" current_database() AND pid <> pg_backend_pid() AND {condition}")
