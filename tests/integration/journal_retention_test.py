"""journal.retention in the real process: an old day goes, and everybody is told the truth."""

import contextlib
import datetime
import secrets
import subprocess
import urllib.parse

import pytest
from line import START_OF_TIME_MS, Line
from supervised import wait_until
from tradepulse_process import binary

T = START_OF_TIME_MS
DAY_MS = 86_400_000
OLD, NEW = 20, 1  # days ago
DROPPED = 'tradepulse_journal_leaves_dropped_total{stream="price"}'
FAILURES = "tradepulse_journal_retention_failures_total"
OLDEST = 'tradepulse_journal_oldest_day_timestamp_seconds{stream="price"}'


def day(ago):
    today = datetime.datetime.now(datetime.timezone.utc).date()
    return today - datetime.timedelta(days=ago)


def leaf_name(ago):
    return "journal_prices_" + day(ago).strftime("%Y%m%d")


def start_ms(ago):
    return (day(ago) - datetime.date(1970, 1, 1)).days * DAY_MS


def write(line, symbol, ago, first, last):
    """Events first..last of epoch 1, committed on that day."""
    query = line.database.query
    query("SELECT journal_leaf('journal_prices', %s)", day(ago))
    query("INSERT INTO journal_streams (symbol, stream) VALUES (%s, 'price')"
          " ON CONFLICT DO NOTHING", symbol)
    stream = line.database.value("SELECT stream_id FROM journal_streams WHERE symbol = %s", symbol)
    query("INSERT INTO journal_leaves VALUES (%s, 1, %s, %s)", stream, day(ago), first)
    query("INSERT INTO journal_prices (price, event_time, commit_time, kafka_offset, epoch, seq,"
          " stream_id, partition_id, flags) SELECT n, %s + n, %s, n, 1, n, %s, 0, 0"
          " FROM generate_series(%s, %s) n", T, start_ms(ago), stream, first, last)


def leaves(line):
    return [name for name, in line.database.query(
        "SELECT relname FROM pg_class WHERE relkind = 'r'"
        " AND relname ~ '^journal_prices_[0-9]{8}$' ORDER BY 1")]


@contextlib.contextmanager
def aged(kafka, postgres, settings=None):
    """A line that is not running yet: A has 1..10 in an old day and 11..20 in a new one, B 1..5 in
    the old one alone."""
    with Line(kafka, postgres, 1, {"journal.retention.price": "forever"}) as line:
        line.process.stop()
        for symbol, last in (("A", 20), ("B", 5)):
            line.database.query(
                "INSERT INTO price_snapshots (symbol, price, timestamp, epoch, last_sequence,"
                " home_topic, home_partition) VALUES (%s, 1, %s, 1, %s, %s, 0)", symbol, T, last,
                line.topic)
        write(line, "A", OLD, 1, 10)
        write(line, "A", NEW, 11, 20)
        write(line, "B", OLD, 1, 5)
        del line.process.settings["journal.retention.price"]
        line.process.settings.update(settings or {})
        yield line


def missed(line, symbol):
    answer = line.rest.get(f"/api/v1/events/missed?symbol={symbol}&fromSeq=0")
    assert answer.status == 200, answer.body
    return answer.json()


def test_a_day_beyond_its_retention_goes_and_the_lowest_position_is_the_next_ones(kafka, postgres):
    with aged(kafka, postgres) as line:
        line.process.start()
        line.process.wait_for_log(f"event=journal_leaf_dropped leaf={leaf_name(OLD)}")
        assert leaves(line) == [leaf_name(NEW)]
        wait_until(lambda: line.process.metrics()[OLDEST] == start_ms(NEW) / 1000, "the metric", 20)
        metrics = line.process.metrics()
        assert (metrics[DROPPED], metrics[FAILURES]) == (1, 0)

        answer = missed(line, "A")
        assert [each["seq"] for each in answer["data"]] == list(range(11, 21))
        assert (answer["lowest"], answer["highest"]) == (11, 20)
        assert answer["gaps"] == [{"from": 1, "to": 10, "reason": "not_kept"}]
        answer = missed(line, "B")  # nothing of it is kept, and its position is what it was
        assert (answer["data"], answer["lowest"], answer["highest"]) == ([], None, None)
        assert answer["gaps"] == [{"from": 1, "to": 5, "reason": "not_kept"}]
        assert line.database.query("SELECT * FROM stream_gaps") == [
            ("A", "price", 1, 10, 11, 20, 0)]

        # The numbers go on, and so does the journal.
        line.producer.tick("B", "5", "1", T)
        line.producer.flush()
        wait_until(lambda: missed(line, "B")["highest"] == 6, "the event", 20)
        answer = missed(line, "B")
        assert [each["seq"] for each in answer["data"]] == [6]
        assert answer["gaps"] == [{"from": 1, "to": 5, "reason": "not_kept"}]
        assert line.ops.get("/ready").json()["status"] == "ready"
        assert line.database.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"
                                   " AND database = (SELECT oid FROM pg_database"
                                   " WHERE datname = current_database())") == []


@pytest.mark.parametrize("kind", ["price", "trade", "quote", "kline", "candle"])
def test_each_kind_can_be_said(kafka, postgres, kind):
    forever = {f"journal.retention.{each}": "forever" for each in ["price", "quote"]}
    with Line(kafka, postgres, 1, forever) as line:
        line.process.stop()
        line.database.query(f"SELECT journal_leaf('journal_{kind}s', %s)", day(OLD))
        line.process.settings[f"journal.retention.{kind}"] = "7d"
        line.process.start()
        line.process.wait_for_log(
            f"event=journal_leaf_dropped leaf=journal_{kind}s_{day(OLD):%Y%m%d}")
        dropped = 'tradepulse_journal_leaves_dropped_total{stream="%s"}' % kind
        wait_until(lambda: line.process.metrics()[dropped] == 1, "the metric", 20)
        assert line.ops.get("/ready").json()["status"] == "ready"


def test_for_ever_is_for_ever(kafka, postgres):
    with aged(kafka, postgres, {"journal.retention.price": "forever"}) as line:
        line.process.start()
        line.producer.tick("B", "5", "1", T)
        line.producer.flush()
        wait_until(lambda: missed(line, "B")["highest"] == 6, "the event", 20)
        assert [each["seq"] for each in missed(line, "B")["data"]] == [1, 2, 3, 4, 5, 6]
        assert leaf_name(OLD) in leaves(line)


def test_an_operator_looks_first_and_trims_by_hand(kafka, postgres):
    with aged(kafka, postgres, {"journal.retention.price": "forever"}) as line:
        line.process.start()  # writes its configuration
        line.process.stop()

        def trim(*options):
            return subprocess.run([binary(), "journal", "trim", "--config", line.process.config,
                                   *options], capture_output=True, text=True, timeout=60,
                                  check=True).stdout

        for_ever = ("--set", "journal.retention.quote=forever")
        assert trim(*for_ever) == "journal.retention keeps everything for ever\n"
        week = ("--set", "journal.retention.price=7d")
        rest = f"price: the oldest day is {day(NEW)}\nquote: the oldest day is none\n"
        assert trim(*week, "--dry-run") == f"would drop {leaf_name(OLD)}\n" + rest
        assert leaves(line) == [leaf_name(OLD), leaf_name(NEW)]
        assert trim(*week) == f"dropped {leaf_name(OLD)}\n" + rest
        assert trim(*week) == "nothing to drop\n" + rest
        assert leaves(line) == [leaf_name(NEW)]


@pytest.fixture(name="writer")
def writer_fixture():
    return "writer_" + secrets.token_hex(6)


def test_a_role_that_does_not_own_the_journal_raises_an_alarm_and_serves(kafka, postgres, writer):
    with aged(kafka, postgres) as line:
        query = line.database.query
        query(f"CREATE ROLE {writer} LOGIN PASSWORD 'of the test'")
        try:
            query(f"GRANT SELECT ON tradepulse_migrations TO {writer};"
                  "GRANT SELECT, INSERT, UPDATE ON price_snapshots, ingest_offsets,"
                  " stream_positions, stream_sources, candle_states, candles, journal_streams,"
                  f" journal_partitions, journal_leaves TO {writer};"
                  f"GRANT INSERT ON journal_prices, journal_klines, journal_candles TO {writer}")
            url = urllib.parse.urlsplit(line.database.url)
            place = url.netloc.rpartition("@")[2]
            line.process.settings.update({
                "postgres.migrate": False,
                "postgres.url": url._replace(
                    netloc=f"{writer}:of%20the%20test@{place}").geturl()})
            # Told before the first trade is read, which could not be stored.
            line.process.start(wait=False)
            assert line.process.wait_for_exit() == 78
            assert (f"the database's role {writer} lacks INSERT on journal_trades: let the owner of"
                    f" the tables run GRANT INSERT ON journal_trades TO {writer};"
                    ) in line.process.log_text()
            query(f"GRANT INSERT ON journal_trades TO {writer}")
            line.process.start()
            line.process.wait_for_log("event=journal_unreadable")
            line.process.wait_for_log("event=journal_retention_failed")
            assert f"role {writer} may not take leaves of journal_prices away" in (
                line.process.log_text())
            wait_until(lambda: line.process.metrics()[FAILURES] == 1, "the counter", 20)
            assert line.ops.get("/ready").json()["status"] == "ready"
            assert leaves(line) == [leaf_name(OLD), leaf_name(NEW)]

            # Leaves that are older than the right to read them.
            query(f"GRANT SELECT ON journal_prices TO {writer}")
            assert [each["seq"] for each in missed(line, "A")["data"]] == list(range(1, 21))
            line.process.stop()
        finally:
            query(f"DROP OWNED BY {writer}; DROP ROLE {writer}")
