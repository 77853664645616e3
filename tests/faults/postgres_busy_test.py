"""PostgreSQL that answers late or refuses: slow, locked, full, read-only."""

import contextlib

import psycopg2
import pytest
from database import Database
from history import Violation
from postgres_line import PostgresLine, broken, proxied
from postgres_variants import FullDiskServer
from supervised import wait_until


def test_slow_database(kafka, server, campaign):
    """Statements take a while; then longer than postgres.statement_timeout allows."""
    with PostgresLine(kafka, server.url, campaign) as line:
        line.database.query(
            "CREATE TABLE pause (seconds float); INSERT INTO pause VALUES (0);"
            "CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " PERFORM pg_sleep((SELECT seconds FROM pause)); RETURN NULL; END $$;"
            "CREATE TRIGGER be_slow BEFORE INSERT ON price_snapshots"
            " FOR EACH STATEMENT EXECUTE FUNCTION be_slow()")

        def fault(draw):
            line.database.query("UPDATE pause SET seconds = %s", draw.uniform(0.2, 1.5))
            line.wait_for_commits(100)
            line.database.query("UPDATE pause SET seconds = 60")
            try:
                found = line.wait_until_told()
                line.wait_for_frames(300)
            finally:
                line.database.query("UPDATE pause SET seconds = 0")
            return found
        broken(line, campaign, fault, campaign.rounds())


def test_slow_network_to_the_database(kafka, server, campaign):
    """Each answer takes a fifth of a second more, and no more than 40 KB a second get through."""
    with proxied(kafka, server, campaign) as (line, proxy):
        def fault(_):
            proxy.delay_s, proxy.bytes_per_s = 0.1, 40_000
            try:
                line.wait_for_commits(500)
                line.wait_for_frames(500)
            finally:
                proxy.delay_s, proxy.bytes_per_s = 0, None
            return []
        broken(line, campaign, fault, campaign.rounds())


@pytest.mark.parametrize("what", ["LOCK TABLE price_snapshots",
                                  "SELECT FROM ingest_offsets FOR UPDATE"],
                         ids=["table", "rows"])
def test_locks_of_a_frozen_client(kafka, server, campaign, what):
    """Somebody holds locks in a transaction and stands still."""
    with PostgresLine(kafka, server.url, campaign) as line:
        def fault(_):
            holder = psycopg2.connect(line.database.url)
            with contextlib.closing(holder), holder.cursor() as cursor:
                cursor.execute(what)
                found = line.wait_until_told()
                line.wait_for_frames(300)
            return found
        broken(line, campaign, fault, campaign.rounds())


@contextlib.contextmanager
def one_partition_locked(line, draw):
    """Somebody has the row of one partition, and the others go on being stored, also the one that
    shares its writer. Yields when they did so twice over; violations."""
    def ends():
        return [row[0] for row in line.database.query(
            "SELECT next_offset FROM ingest_offsets ORDER BY partition")]

    locked = draw.randrange(4)
    holder = psycopg2.connect(line.database.url)
    with contextlib.closing(holder), holder.cursor() as cursor:
        cursor.execute("SELECT next_offset FROM ingest_offsets WHERE partition = %s FOR UPDATE",
                       [locked])
        stands = cursor.fetchone()[0]
        for _ in range(2):
            before = ends()
            wait_until(lambda before=before: all(now > then for number, (now, then) in enumerate(
                zip(ends(), before)) if number != locked), "commits of the others", 30)
        yield [] if ends()[locked] == stands else [Violation("harness", "the lock", "did not hold")]


def test_lock_of_one_partition(kafka, server, campaign):
    with PostgresLine(kafka, server.url, campaign) as line:
        def fault(draw):
            with one_partition_locked(line, draw) as found:
                return found
        broken(line, campaign, fault, campaign.rounds())


def test_lock_of_one_partition_is_told(kafka, server, campaign):
    with PostgresLine(kafka, server.url, campaign) as line:
        def fault(draw):
            with one_partition_locked(line, draw) as found:
                # From its first failure on it stands all the time that follows.
                found += line.wait_until_told()
                answers = []
                wait_until(lambda: answers.append(line.ready()[1]["status"]) or len(answers) == 20,
                           "20 answers", 30, interval=0.1)
                if "ready" in answers:
                    found.append(Violation("I7", "/ready", "of 20 answers while nothing of a "
                                           "partition is stored", "20 degraded",
                                           f"{answers.count('ready')} ready"))
                return found
        broken(line, campaign, fault, campaign.rounds())


def test_disk_full(kafka, campaign):
    reason = FullDiskServer.reason_to_skip()
    if reason:
        pytest.skip(reason)
    with contextlib.closing(FullDiskServer()) as server:
        server.start()

        def prepare(database):
            name = database.parts["name"]
            Database(server.url).query(f'ALTER DATABASE "{name}" SET default_tablespace = small')
        with PostgresLine(kafka, server.url, campaign, private=True, prepare=prepare) as line:
            def fault(_):
                server.fill()
                line.load.grow(400)  # The table has to grow for them.
                found = line.wait_until_told("53100")
                line.wait_for_frames(300)
                server.empty()
                return found
            broken(line, campaign, fault, campaign.rounds())


def test_read_only_database(kafka, server, campaign):
    with PostgresLine(kafka, server.url, campaign) as line:
        # Not itself read-only: somebody has to end it.
        admin = Database(server.url + "?options=-c%20default_transaction_read_only%3Doff")

        def fault(_):
            admin.query("ALTER SYSTEM SET default_transaction_read_only = on")
            admin.query("SELECT pg_reload_conf()")
            try:
                found = line.wait_until_told()
                line.wait_for_frames(300)
            finally:
                admin.query("ALTER SYSTEM RESET default_transaction_read_only")
                admin.query("SELECT pg_reload_conf()")
            return found
        broken(line, campaign, fault, campaign.rounds())
