"""Commits of the engine that stand still between their rows and their end."""

import contextlib

import psycopg2

from supervised import wait_until

# For each row a commit waits as long as somebody holds the lock.
LOCK = 4711
INSTALL = f"""
CREATE FUNCTION wait_for_the_test() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared({LOCK}); RETURN NEW; END $$;
CREATE TRIGGER wait_for_the_test BEFORE INSERT OR UPDATE ON price_snapshots
  FOR EACH ROW EXECUTE FUNCTION wait_for_the_test();
"""
# The server ends what waits for a lock, and a cut connection what it serves, after a while: a
# test that needs the commit for longer gives these settings to the engine.
PATIENT_ENGINE = {"postgres.statement_timeout": "50s", "postgres.lock_timeout": "40s",
                  "postgres.watchdog": "1m"}


class HeldCommit:
    """Requires: the schema is there."""

    def __init__(self, database):
        self._database = database
        database.query(INSTALL)

    @contextlib.contextmanager
    def held(self, then=lambda: None):
        """Commits stand still. Does `then` and yields when one does; its end lets them go on."""
        connection = psycopg2.connect(self._database.url)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
            then()
            wait_until(self.standing, "a commit that stands still", 20)
            yield
        finally:
            connection.close()

    def standing(self):
        """Server processes of commits that stand still. Who makes the first leaf of a journal
        waits for a lock as well, of another number."""
        return [pid for pid, in self._database.query(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            LOCK)]

    def wait_for_a_claim_behind_it(self):
        wait_until(lambda: self._database.query(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock' AND wait_event = 'transactionid'"),
                   "a claim behind the old commit", 30)

    def roll_back(self):
        """What stands still now; the next one may come at once."""
        pids = self.standing()
        self._database.query("SELECT pg_terminate_backend(pid) FROM unnest(%s) AS pid", pids)
        wait_until(lambda: not self._database.query(
            "SELECT pid FROM pg_stat_activity WHERE pid = ANY(%s)", pids), "the end of the commit", 20)
