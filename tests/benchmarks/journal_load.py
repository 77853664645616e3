"""A journal that SQL writes straight into its leaves: millions of rows in minutes.

Every member of an event is a function of its symbol and its number; journal_reader.cpp and
missed_benchmark.py know the same formulas. A server of its own, so that its settings may be those of
a load and nothing of it is left.
"""

import contextlib
import dataclasses
import datetime
import os
import threading
import time

import psycopg2

from measure import check
from postgres_server import PostgresServer

# Of a load that may be lost: pages of a leaf made in the same transaction are not logged.
LOADING = """\
wal_level = minimal
max_wal_senders = 0
fsync = off
autovacuum = off
maintenance_work_mem = 256MB
max_wal_size = 4GB
"""
LOADED = "fsync = on\nmax_wal_size = 1GB\n"
DAY_MS = 86_400_000


def price_units(symbol, seq):
    """In 1e-8."""
    return (10_000 + (seq * 7 + symbol * 977) % 80_000) * 100_000_000 + 50_000_000


def volume(symbol, seq):
    return 1 + (seq + symbol) % 9


@dataclasses.dataclass(frozen=True)
class Journal:
    topic: str
    partitions: int
    symbols: int
    days: int
    a_day: int        # events of each symbol
    # Rows lie as they come when every commit has one event of each symbol; else by symbol, which is
    # loaded several times as fast.
    in_turn: bool

    @property
    def each(self):
        return self.days * self.a_day

    @property
    def rows(self):
        return self.symbols * self.each

    @property
    def base_ms(self):
        return int(self.first_day.timestamp() * 1000)

    @property
    def first_day(self):
        """The last one is the day before yesterday: what the engine writes goes elsewhere."""
        today = datetime.datetime.now(datetime.timezone.utc).replace(
            hour=0, minute=0, second=0, microsecond=0)
        return today - datetime.timedelta(days=self.days + 1)

    def name(self, symbol):
        return f"L{symbol:05d}"


class LoadServer(PostgresServer):
    """In a folder of its own, which goes with it."""

    def configure(self, text):
        """For the next start(); of two lines for one name the later one counts."""
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as file:
            file.write(text)

    def restart(self):
        self.stop()
        return self.start()


@contextlib.contextmanager
def load_server():
    with contextlib.closing(LoadServer()) as server:
        server.configure(LOADING)
        yield server.start()


@contextlib.contextmanager
def connected(database):
    connection = psycopg2.connect(database.url)
    try:
        yield connection
    finally:
        connection.close()


def write(server, database, journal, workers=2):
    """The journal, the leaves of its streams, and each symbol's row; then the server starts anew,
    with settings as usual. Prints how long it took."""
    began = time.monotonic()
    with connected(database) as connection, connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO journal_partitions (topic, partition)"
                       " SELECT %s, n FROM generate_series(0, %s) n",
                       (journal.topic, journal.partitions - 1))
        cursor.execute("INSERT INTO journal_streams (symbol, stream) SELECT 'L' ||"
                       " lpad(n::text, 5, '0'), 'price' FROM generate_series(0, %s) n ORDER BY n",
                       (journal.symbols - 1,))
        cursor.execute(
            "INSERT INTO price_snapshots (symbol, price, volume, timestamp, epoch, last_sequence,"
            " price_sequence, home_topic, home_partition)"
            " SELECT 'L' || lpad(n::text, 5, '0'), 10000.5 + (%(each)s * 7 + n * 977) %% 80000,"
            " 1 + (%(each)s + n) %% 9, %(base)s + %(each)s, 1, %(each)s, %(each)s, %(topic)s,"
            " n %% %(partitions)s FROM generate_series(0, %(last)s) n",
            {"each": journal.each, "base": journal.base_ms, "topic": journal.topic,
             "partitions": journal.partitions, "last": journal.symbols - 1})
    days = list(range(journal.days))
    failed = []

    def work():
        try:
            with connected(database) as connection:
                while days:
                    _write_leaf(connection, journal, days.pop(0))
        except Exception as fault:  # pylint: disable=broad-except
            failed.append(fault)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    with connected(database) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE price_snapshots, journal_streams, journal_leaves")
            cursor.execute("SELECT sum(pg_total_relation_size(inhrelid))::bigint FROM pg_inherits"
                           " WHERE inhparent = 'journal_prices'::regclass")
            (size,) = cursor.fetchone()
            cursor.execute("CHECKPOINT")
    server.configure(LOADED)
    server.restart()
    print(f"{journal.rows:,} rows of {journal.symbols} symbols in {journal.days} leaves "
          f"({size / 1e6:,.0f} MB) written in {time.monotonic() - began:.0f} s", flush=True)


def _write_leaf(connection, journal, number):
    """One transaction; its index is made behind the rows, in their order or by a sort."""
    day = journal.first_day + datetime.timedelta(days=number)
    first = number * journal.a_day + 1
    order = "seq, stream_id" if journal.in_turn else "stream_id, seq"
    with connection, connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute("SELECT journal_leaf('journal_prices', %s)", (day.date(),))
        (leaf,) = cursor.fetchone()
        if not journal.in_turn:
            cursor.execute("SELECT pg_get_indexdef(%s::regclass)", (leaf + "_position",))
            (index,) = cursor.fetchone()
            cursor.execute(f"DROP INDEX {leaf}_position")
        cursor.execute(
            f"INSERT INTO {leaf} (price, size, event_time, commit_time, kafka_offset, seq,"
            " stream_id, epoch, partition_id, flags)"
            " SELECT (10000 + (seq * 7 + n * 977) %% 80000) * 100000000 + 50000000,"
            " (1 + (seq + n) %% 9) * 1000000, %(base)s + seq,"
            " %(day)s + (seq - %(first)s) * %(step)s, (seq - 1) * %(symbols)s + n, seq, stream_id,"
            " 1, partition_id, 0"
            " FROM generate_series(%(first)s::bigint, %(last)s::bigint) seq CROSS JOIN"
            " (SELECT stream_id, n, partition_id FROM (SELECT stream_id, substr(symbol, 2)::bigint"
            "  AS n FROM journal_streams WHERE stream = 'price') s JOIN journal_partitions p"
            "  ON p.partition = n %% %(partitions)s) s"
            f" ORDER BY {order}",
            {"base": journal.base_ms, "day": int(day.timestamp() * 1000), "first": first,
             "last": first + journal.a_day - 1, "step": (DAY_MS - 1) // journal.a_day,
             "symbols": journal.symbols, "partitions": journal.partitions})
        check(cursor.rowcount, journal.symbols * journal.a_day, f"rows of {leaf}")
        if not journal.in_turn:
            cursor.execute(index)
        cursor.execute("INSERT INTO journal_leaves (stream_id, epoch, leaf, first_seq)"
                       " SELECT stream_id, 1, %s, %s FROM journal_streams WHERE stream = 'price'",
                       (day.date(), first))
