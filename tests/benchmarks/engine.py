"""The real binary under measurement: its database, its process, its counters."""

import contextlib
import secrets
import subprocess
import tempfile

import psycopg2

from database import create_database, drop_database
from measure import check, cpu_seconds
from tradepulse_process import TradePulseProcess, configuration_text

from supervised import wait_until

# What a benchmark needs of every engine: nothing but the load may make it work.
SETTINGS = {
    "heartbeat.interval": "1h",
    "heartbeat.timeout": "2h",
    "log.level": "info",
}


@contextlib.contextmanager
def fresh_database(server_url, binary):
    """An empty database with the current schema."""
    database = create_database(server_url)
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write(configuration_text({"postgres.url": database.url}))
            file.flush()
            subprocess.run([binary, "migrate", "--config", file.name], check=True,
                           stdout=subprocess.DEVNULL)
        yield database
    finally:
        drop_database(server_url, database)


@contextlib.contextmanager
def serve(kafka, database, topic, settings=None, wait=True, environment=None):
    """A started `tradepulse serve` that reads `topic`; a group of its own."""
    process = TradePulseProcess({
        **SETTINGS, "kafka.brokers": [kafka], "kafka.group_id": "benchmark-" + secrets.token_hex(6),
        "topics": [{"name": topic, "decoder": "price-ticks"}], "postgres.url": database.url,
        "postgres.migrate": False, **(settings or {})}, environment)
    with contextlib.closing(process):
        process.start(wait=wait)
        yield process


class Watch:
    """Looks at a database by one connection, so that looking costs little."""

    def __init__(self, database):
        self._connection = psycopg2.connect(database.url)
        self._connection.autocommit = True

    def row(self, statement, *arguments):
        with self._connection.cursor() as cursor:
            cursor.execute(statement, arguments or None)
            return cursor.fetchone()

    def wait_for_offsets(self, topic, ends, timeout, interval=0.005):
        """Until each partition's stored next_offset is its end in `ends`."""
        def stored():
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT partition, next_offset FROM ingest_offsets"
                               " WHERE topic = %s", (topic,))
                return dict(cursor.fetchall()) == ends
        wait_until(stored, f"next_offset of {topic} = {ends}", timeout, interval)

    def close(self):
        self._connection.close()


@contextlib.contextmanager
def watch(database):
    with contextlib.closing(Watch(database)) as made:
        yield made


@contextlib.contextmanager
def claims_held_back(database):
    """While this is open no partition can be claimed, so nothing is read; yields the release."""
    connection = psycopg2.connect(database.url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE ingest_offsets IN ACCESS EXCLUSIVE MODE")
        yield connection.rollback
    finally:
        connection.close()


# A claim waits for the lock above as long as it is held.
PATIENT = {"postgres.lock_timeout": "0", "postgres.statement_timeout": "1m",
           "postgres.watchdog": "2m"}


def settled_metrics(process, ticks):
    """The metrics, when the last commit is counted: a row can be read before its writer counts."""
    found = {}

    def counted():
        found.update(process.metrics())
        return found["tradepulse_database_events_total"] >= ticks

    wait_until(counted, f"tradepulse_database_events_total = {ticks}", 10)
    return found


def check_counters(metrics, ticks, what):
    """Every record was a tick, and every tick was numbered and committed once."""
    check(metrics["tradepulse_ticks_total"], ticks, f"{what}: tradepulse_ticks_total")
    check(metrics["tradepulse_database_events_total"], ticks,
          f"{what}: tradepulse_database_events_total")
    rejected = sum(value for name, value in metrics.items()
                   if name.startswith("tradepulse_rejected_records_total"))
    check(rejected, 0, f"{what}: rejected records")


def cpu(process):
    return cpu_seconds(process.pid)
