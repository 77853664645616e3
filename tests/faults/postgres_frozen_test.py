"""PostgreSQL that says nothing: frozen processes, a network that forgets, a transaction that
stands still."""

import contextlib
import os
import signal
import time

import psycopg2
from history import Violation
from postgres_line import (FREED_LIMIT_S, IDLE_LIMIT_S, SESSIONS, PostgresLine, broken, proxied,
                           terminate)
from postgres_proxy import IN_TRANSACTION
from supervised import wait_until


@contextlib.contextmanager
def stopped(pids):
    """SIGSTOP for these processes of a server that the test has started."""
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def idle_sessions_stopped(database):
    """All sessions of the engine frozen while none is within a statement, so that none holds a
    lock. A try that meets one within a statement is undone."""
    def all_idle():
        held = contextlib.ExitStack()
        held.enter_context(stopped([pid for pid, _ in database.query(SESSIONS)]))
        if all(state == "idle" for _, state in database.query(SESSIONS)):
            return held
        held.close()
        return None
    with wait_until(all_idle, "sessions that are idle", 30):
        yield


def test_frozen_backends(kafka, server, campaign):
    """Others can connect: the engine cuts its frozen connections and commits by new ones."""
    with PostgresLine(kafka, server.url, campaign) as line:
        def fault(_):
            with idle_sessions_stopped(line.database):
                seconds = line.seconds_to_commit()
                line.wait_for_frames(200)
            late = [] if seconds <= FREED_LIMIT_S else [
                Violation("watchdog", "the first commit", "seconds", f"<= {FREED_LIMIT_S}",
                          round(seconds, 2))]
            return seconds, late
        campaign.run(line, fault, campaign.rounds(), before=line.take_baseline)


def test_frozen_server(kafka, server, campaign):
    """Everything of it: connections stay open, new ones are not answered."""
    with PostgresLine(kafka, server.url, campaign) as line:
        def fault(_):
            server.freeze()
            try:
                found = line.wait_until_told()
                line.wait_for_frames(500)
            finally:
                server.thaw()
            return found
        broken(line, campaign, fault, campaign.rounds())


def test_frozen_postmaster(kafka, server, campaign):
    """Sessions work on, but the first one that is lost cannot be replaced."""
    with PostgresLine(kafka, server.url, campaign) as line:
        def fault(_):
            judge = psycopg2.connect(line.database.url)
            with contextlib.closing(judge), stopped([server.pid]):
                line.wait_for_frames(100)
                with judge, judge.cursor() as cursor:
                    cursor.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
                        " current_database() AND pid <> pg_backend_pid()")
                found = line.wait_until_told()
                line.wait_for_frames(500)
            return found
        broken(line, campaign, fault, campaign.rounds())


def test_claim_that_stands_still_in_its_transaction(kafka, server, campaign):
    """The row of a partition is locked, and the one who locked it says nothing more: the server
    ends that session after postgres.idle_in_transaction_session_timeout."""
    silent = ("SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
              " AND state = 'idle in transaction'")
    with proxied(kafka, server, campaign) as (line, proxy):
        def fault(_):
            hold = proxy.hold(IN_TRANSACTION)
            try:
                terminate(line.database)
                hold.wait()
                first = set(wait_until(lambda: line.database.query(silent), "a silent one", 20))
                began = time.monotonic()
                line.wait_for_frames(200)
                # The next ones of the engine are held in their turn.
                wait_until(lambda: not first & set(line.database.query(silent)),
                           "the end of the lock", 60)
                seconds = time.monotonic() - began
            finally:
                hold.drop()
            found = [] if seconds <= IDLE_LIMIT_S else [
                Violation("watchdog", "the lock of a silent session", "seconds",
                          f"<= {IDLE_LIMIT_S}", round(seconds, 2))]
            return line.seconds_to_commit(), found
        campaign.run(line, fault, campaign.rounds(), before=line.take_baseline)


def test_half_open_connections_to_the_database(kafka, server, campaign):
    """A network that forgets connections: nobody is told, new ones work."""
    with proxied(kafka, server, campaign) as (line, proxy):
        def fault(_):
            proxy.half_open()
            before = proxy.commits
            began = time.monotonic()
            wait_until(lambda: proxy.commits > before, "a commit by a new connection", 60)
            seconds = time.monotonic() - began
            late = [] if seconds <= FREED_LIMIT_S else [
                Violation("watchdog", "the first commit", "seconds", f"<= {FREED_LIMIT_S}",
                          round(seconds, 2))]
            return seconds, late
        campaign.run(line, fault, campaign.rounds(), before=line.take_baseline)
