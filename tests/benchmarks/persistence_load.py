"""The rows that both sides commit, and what must stand in the database after them.

A table of symbols, of which the same ones, spread evenly, change with each commit. The price and
the volume of a row alternate between two values, time and number rise by one with each commit.
persistence_store.cpp makes the same rows by the same formulas.
"""

import dataclasses

import psycopg2

from measure import check

TOPIC = "price-ticks"
FIRST_TIME = 1_700_000_000_000


class Beside:
    """A connection beside those that are measured."""

    def __init__(self, url):
        self._connection = psycopg2.connect(url)
        self._connection.autocommit = True

    def run(self, statement, *arguments):
        with self._connection.cursor() as cursor:
            cursor.execute(statement, arguments or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement, *arguments):
        ((value,),) = self.run(statement, *arguments)
        return value

    def close(self):
        self._connection.close()


def _decimal(units):
    return f"{units // 10_000}.{units % 10_000:04d}"


@dataclasses.dataclass(frozen=True)
class Load:
    table: int    # symbols stored
    changed: int  # of these, rows of each commit
    topic: str = TOPIC

    @property
    def numbers(self):
        return range(0, self.table, self.table // self.changed)[:self.changed]

    @property
    def symbols(self):
        return [f"SYM{number:05d}" for number in self.numbers]

    # Prices and volumes in units of 0.0001.
    @staticmethod
    def price_units(number, odd):
        return 100_000_000 + (number * 7919 + odd * 104_729) % 800_000_000

    @staticmethod
    def volume_units(number, odd):
        return 100_000 + (number * 31 + odd * 4_211) % 900_000

    def prices(self, odd):
        return [_decimal(self.price_units(number, odd)) for number in self.numbers]

    def volumes(self, odd):
        return [_decimal(self.volume_units(number, odd)) for number in self.numbers]

    @property
    def times(self):
        return [FIRST_TIME + number for number in self.numbers]

    def store(self, beside):
        """Empty tables but for each symbol's row, claimed as generation 1; all pages written."""
        beside.run("TRUNCATE price_snapshots, ingest_offsets, stream_positions, stream_sources")
        beside.run("INSERT INTO price_snapshots (symbol, price, volume, timestamp, epoch,"
                   " home_topic, home_partition) SELECT 'SYM' || lpad(n::text, 5, '0'), 1, 1, %s, 1,"
                   " %s, 0 FROM generate_series(0, %s) n", FIRST_TIME - 1, TOPIC, self.table - 1)
        beside.run("INSERT INTO ingest_offsets (topic, partition, next_offset, generation)"
                   " VALUES (%s, 0, 0, 1)", TOPIC)
        beside.run("VACUUM ANALYZE price_snapshots")
        beside.run("CHECKPOINT")

    def check(self, beside, commits, what):
        """The tables are those after so many commits."""
        odd = commits % 2
        (found,) = beside.run(
            "SELECT count(*), sum(price) * 10000, sum(volume) * 10000, sum(timestamp),"
            " sum(last_sequence), sum(price_sequence), count(DISTINCT epoch),"
            " count(*) FILTER (WHERE state <> 0 OR home_partition <> 0 OR home_topic <> %s)"
            " FROM price_snapshots WHERE last_sequence > 0", TOPIC)
        expected = (self.changed,
                    sum(self.price_units(number, odd) for number in self.numbers),
                    sum(self.volume_units(number, odd) for number in self.numbers),
                    sum(time + commits for time in self.times), self.changed * commits,
                    self.changed * commits, 1, 0)
        for name, got, due in zip(("rows", "prices", "volumes", "times", "last_sequence",
                                   "price_sequence", "epochs", "strangers"), found, expected):
            check(int(got), due, f"{what}: {name}")
        check(beside.value("SELECT count(*) FROM price_snapshots"), self.table,
              f"{what}: rows in all")
        check(beside.value("SELECT next_offset FROM ingest_offsets"), self.changed * commits,
              f"{what}: next_offset")
