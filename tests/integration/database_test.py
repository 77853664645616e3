"""PostgreSQL away, cut off, refusing, or full of rows of another program."""

import contextlib
import decimal

import pytest
from kafka_client import RecordingProducer, create_topic, delete_topic, read_topic
from line import START_OF_TIME_MS, Line, Load
from oracle import (assert_no_hole, assert_rows_equal_the_log, events_of, rows_of, stored_ends,
                    stored_rows, updates_by_symbol, wait_until_stored)
from profile_process import SnapshotServiceProcess
from supervised import wait_until

T = START_OF_TIME_MS
SYMBOLS = [f"L{number:04d}" for number in range(40)]


def watch(line):
    client = line.process.websocket()
    client.subscribe(*SYMBOLS)
    return client


def seen(client):
    return len(client.frames) - 1


def assert_client_has_the_log(client, records):
    streams = events_of(records)
    wait_until(lambda: seen(client) >= len(records), f"{len(records)} updates", 30)
    messages = client.messages()
    assert {message["type"] for message in messages} == {"subscribed", "price_update"}
    updates = updates_by_symbol(messages)
    for symbol, stream in streams.items():
        assert_no_hole(updates[symbol], stream)


def only_epoch_1(line):
    return line.database.query("SELECT DISTINCT epoch FROM price_snapshots") == [(1,)]


# --- away ---

def test_ticks_flow_while_the_database_is_gone_and_all_is_stored_afterwards(
        kafka, restartable_postgres):
    server = restartable_postgres
    with Line(kafka, server.url) as line, Load(line.producer, rate=1000) as load:
        client = watch(line)
        wait_until(lambda: seen(client) > 500, "the load", 20)
        server.kill()
        at_the_end = seen(client)
        wait_until(lambda: seen(client) > at_the_end + 2000, "ticks without a database", 20)
        assert line.ops.get("/ready").status == 200
        ready = wait_until(lambda: (answer := line.ops.get("/ready").json())["status"] == "degraded"
                           and answer, "degraded", 10)
        assert "postgres" in " ".join(ready["reasons"])
        assert line.rest.get(f"/api/snapshots/{SYMBOLS[0]}").status == 200
        server.start()
        wait_until(lambda: line.ops.get("/ready").json()["status"] == "ready", "ready", 20)
        records = load.stop()
        assert_rows_equal_the_log(line.database, records)
        assert only_epoch_1(line)
        assert_client_has_the_log(client, records)


def test_a_frozen_server_is_cut_and_loses_nothing(kafka, restartable_postgres):
    server = restartable_postgres
    settings = {"postgres.watchdog": "1500ms", "postgres.statement_timeout": "1s",
                "postgres.lock_timeout": "1s"}
    with Line(kafka, server.url, settings=settings) as line, Load(line.producer) as load:
        client = watch(line)
        wait_until(lambda: seen(client) > 300, "the load", 20)
        server.freeze()
        try:
            cut = "tradepulse_database_cut_connections_total"
            wait_until(lambda: line.process.metrics()[cut] > 0, "the cut", 20)
            at_the_cut = seen(client)
            wait_until(lambda: seen(client) > at_the_cut + 300, "ticks", 20)
        finally:
            server.thaw()
        records = load.stop()
        assert_rows_equal_the_log(line.database, records)
        assert only_epoch_1(line)
        assert_client_has_the_log(client, records)


def test_backends_terminated_again_and_again(kafka, postgres):
    with Line(kafka, postgres) as line, Load(line.producer) as load:
        client = watch(line)
        terminated = 0

        def terminate():
            nonlocal terminated
            terminated += line.database.value(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()")
            return terminated >= 30

        wait_until(terminate, "30 terminated backends", 60, interval=0.1)
        records = load.stop()
        assert_rows_equal_the_log(line.database, records)
        assert only_epoch_1(line)
        assert_client_has_the_log(client, records)


def test_credit_bounds_what_waits_and_kafka_keeps_the_rest(kafka, restartable_postgres):
    server = restartable_postgres
    settings = {"ingest.credit_events": 2000, "ingest.batch_records": 500}
    with Line(kafka, server.url, 2, settings) as line:
        client = watch(line)
        for partition in (0, 1):
            line.producer.tick(SYMBOLS[partition], "1", "1", T, partition=partition)
        assert_rows_equal_the_log(line.database, line.producer.flush())
        server.kill()
        for number in range(10000):
            line.producer.tick(SYMBOLS[number % 2], f"{number}", "1", T + number,
                               partition=number % 2)
        records = line.producer.flush()
        wait_until(lambda: line.rest.get("/api/stats").json()["service"]["credit_events"] >= 1500,
                   "the credit to be used up", 20)
        assert line.rest.get("/api/stats").json()["service"]["credit_events"] <= 2000
        assert seen(client) <= 2002
        server.start()
        assert_rows_equal_the_log(line.database, records)
        assert_client_has_the_log(client, records)


def test_a_row_that_is_refused_goes_to_the_dead_letters_and_holds_nobody_up(kafka, postgres):
    with Line(kafka, postgres, 1) as line:
        line.producer.tick("FIRST", "1", None, T)
        assert_rows_equal_the_log(line.database, line.producer.flush())
        line.database.query("ALTER TABLE price_snapshots ADD CONSTRAINT no_poison"
                            " CHECK (symbol <> 'POISON')")
        for number in range(10):
            line.producer.tick("POISON", f"{number}", None, T + number)
            line.producer.tick(f"GOOD{number}", f"{number}", None, T)
        records = line.producer.flush()
        wait_until_stored(line.database, records)
        expected = rows_of(events_of(records))
        expected.pop("POISON")
        assert stored_rows(line.database) == expected
        letters = read_topic(kafka, line.topic + ".dead-letter")
        assert {letter.headers["tradepulse-reason"] for letter in letters} == {"database_refused"}
        assert all("23514" in letter.headers["tradepulse-detail"] for letter in letters)
        poison = {record.offset for record in records if b"POISON" in record.value}
        assert {int(letter.headers["tradepulse-offset"]) for letter in letters} == poison
        assert line.database.query("SELECT epoch, last_sequence FROM stream_positions"
                                   " WHERE symbol = 'POISON'") == [(1, 10)]
        line.process.stop()
        line.process.start()  # The position is kept, though the row is not.
        client = line.process.websocket()
        client.subscribe("POISON")
        line.producer.tick("POISON", "99", None, T + 99)
        line.producer.flush()
        update = client.wait_for(lambda message: message["type"] == "price_update"
                                 and not message.get("snapshot"))
        assert (update["data"]["epoch"], update["data"]["sequence"]) == (1, 11)


# --- rows of another program ---

OLD_SCHEMA = """
CREATE TABLE price_snapshots (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  symbol VARCHAR(20) NOT NULL UNIQUE,
  price DECIMAL(20,8) NOT NULL,
  timestamp BIGINT NOT NULL,
  volume DECIMAL(20,8),
  created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP,
  updated_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP);
CREATE INDEX idx_price_snapshots_symbol ON price_snapshots (symbol);
CREATE INDEX idx_price_snapshots_timestamp ON price_snapshots (timestamp);
INSERT INTO price_snapshots (symbol, price, timestamp, volume, created_at, updated_at)
  SELECT 'OLD' || n, n + 0.12345678, 1600000000000 + n, CASE WHEN n % 2 = 0 THEN n * 0.5 END,
         '2023-01-01', '2023-01-02'
    FROM generate_series(1, 1500) n;
"""
KEPT = "SELECT id, symbol, price, timestamp, volume, created_at, updated_at FROM price_snapshots"


def assert_rest_has(process, rows):
    listed = process.rest.get("/api/snapshots").json()
    assert listed["count"] == len(rows)
    assert {each["symbol"]: (each["price"], each["timestamp"], each["volume"])
            for each in listed["data"]} == {row[1]: (row[2], row[3], row[4]) for row in rows}


def test_an_existing_table_is_adopted_with_all_its_rows(kafka, postgres):
    with Line(kafka, postgres, 2, start=False) as line:
        line.database.query(OLD_SCHEMA)
        before = sorted(line.database.query(KEPT))
        line.process.start()
        assert sorted(line.database.query(KEPT)) == before
        assert_rest_has(line.process, before)
        assert line.database.value(
            "SELECT character_maximum_length FROM information_schema.columns"
            " WHERE table_name = 'price_snapshots' AND column_name = 'symbol'") == 32
        client = line.process.websocket()
        (position,) = client.subscribe("OLD7")["positions"]
        assert (position["known"], position["seq"]) == (True, 0)
        shown = client.wait_for(lambda message: message.get("snapshot"))["data"]
        assert (shown["price"], shown["sequence"]) == (decimal.Decimal("7.12345678"), 0)
        line.producer.tick("OLD7", "0.00000001", "3", T)
        line.producer.tick("A" * 32, "5", None, T)
        wait_until_stored(line.database, line.producer.flush())
        update = client.wait_for(lambda message: message.get("data", {}).get("sequence") == 1)
        assert update["data"]["epoch"] == 1 and "late" not in update["data"]
        assert client.messages("gap") == []
        (old,) = [row for row in before if row[1] == "OLD7"]
        (new,) = line.database.query(KEPT + " WHERE symbol = 'OLD7'")
        assert new[:6] == (old[0], "OLD7", decimal.Decimal("0.00000001"), T, 3, old[5])
        assert new[6] > old[6]
        assert len(line.database.query(KEPT)) == 1501


@pytest.mark.parametrize("existing", [False, True], ids=["empty", "existing"])
def test_the_profile_needs_no_more_than_its_environment(kafka, database, existing):
    rows = []
    if existing:
        database.query(OLD_SCHEMA)
        rows = database.query(KEPT)
    with contextlib.ExitStack() as stack:
        create_topic(kafka, "price-ticks", 3)
        stack.callback(delete_topic, kafka, "price-ticks")
        process = SnapshotServiceProcess(kafka, database)
        stack.callback(process.close)
        process.start()
        assert_rest_has(process, rows)
        client = process.websocket()
        client.subscribe("NEW")
        producer = RecordingProducer(kafka, "price-ticks")
        producer.tick("NEW", "150.25", "100", T)
        producer.tick("OLD1", "2.5", "1", T)
        records = producer.flush()
        client.wait_for(lambda message: message["type"] == "price_update")
        wait_until_stored(database, records)
        assert stored_rows(database) == rows_of(events_of(records))
        assert process.rest.get("/api/snapshots/OLD1").json()["price"] == decimal.Decimal("2.5")
        assert database.value("SELECT count(*) FROM price_snapshots") == (1501 if existing else 2)
        assert database.value("SELECT count(*) FROM pg_indexes WHERE indexname ="
                              " 'idx_price_snapshots_timestamp'") == 1
        answer = process.rest.get("/api/snapshots/NEW", {"Origin": "https://any.example"})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert process.metrics()["tradepulse_ticks_total"] == 2
        assert process.ops.get("/health").status == 200
        assert stored_ends(database).keys() == {("price-ticks", number) for number in range(3)}
