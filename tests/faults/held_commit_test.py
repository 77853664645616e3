"""Whether what the faults call a commit that stands still is one."""

import contextlib
import threading

import psycopg2
from database import create_database, drop_database
from held_commit import HeldCommit

from supervised import wait_until


def test_who_waits_for_another_lock_is_no_commit(postgres):
    database = create_database(postgres)
    try:
        database.query("CREATE TABLE price_snapshots (symbol TEXT)")
        commit = HeldCommit(database)
        with contextlib.ExitStack() as ends:
            holder = ends.enter_context(contextlib.closing(psycopg2.connect(database.url)))
            holder.cursor().execute("SELECT pg_advisory_lock(1)")
            other = threading.Thread(target=database.query,
                                     args=("SELECT pg_advisory_xact_lock(1)",))
            other.start()
            ends.callback(other.join)
            ends.callback(holder.close)  # before that
            wait_until(lambda: database.query("SELECT pid FROM pg_locks WHERE NOT granted"),
                       "who waits", 10)
            assert commit.standing() == []

            def write():
                database.query("INSERT INTO price_snapshots VALUES ('A')")

            writer = threading.Thread(target=write)
            with commit.held(then=writer.start):
                assert len(commit.standing()) == 1
            writer.join()
    finally:
        drop_database(postgres, database)
