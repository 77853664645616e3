"""A process that is killed or stopped under load loses nothing and numbers nothing anew."""

import contextlib
import json
import os
import signal
import time

from line import START_OF_TIME_MS, Line, Load
from oracle import (as_event, assert_no_hole, assert_rows_equal_the_log, events_of,
                    stored_ends, stored_rows, updates_by_symbol, updates_of)
from supervised import wait_until

T = START_OF_TIME_MS
SYMBOLS = [f"L{number:04d}" for number in range(40)]


def total_of(client):
    return len(client.frames)


def watch(process):
    client = process.websocket()
    client.subscribe(*SYMBOLS)
    return client


def committed(line):
    return sum(offset or 0 for offset in stored_ends(line.database).values())


def assert_what_was_seen_is_the_log(client, streams, to_the_end):
    """Nothing but events of the log, at their positions, and no hole from where it joined."""
    (answer,) = client.messages("subscribed")
    joined = {each["symbol"]: each["seq"] for each in answer["positions"]}
    messages = client.messages()
    assert not [each for each in messages if each["type"] in ("gap", "error")]
    by_symbol = updates_by_symbol(messages)
    for symbol, stream in streams.items():
        updates = by_symbol.get(symbol, [])
        last = updates[-1]["sequence"] if updates else joined[symbol]
        assert_no_hole(updates, stream, joined[symbol], len(stream) if to_the_end else last)


def only_epoch_1(line):
    return line.database.query("SELECT DISTINCT epoch FROM price_snapshots") == [(1,)]


def test_kill_9_under_load_and_a_new_start(kafka, postgres):
    with Line(kafka, postgres) as line, Load(line.producer, 40, rate=1500) as load:
        clients = []
        for _ in range(2):
            client = watch(line.process)
            clients.append(client)
            seen, stored = total_of(client), committed(line)
            wait_until(lambda: total_of(client) > seen + 800 and committed(line) > stored + 400,
                       "events and commits", 30)
            line.process.kill()
            began = time.monotonic()
            line.process.start()
            again = watch(line.process)
            again.wait_for(lambda message: message["type"] == "price_update"
                           and not message.get("snapshot"))
            assert time.monotonic() - began < 10
            clients.append(again)
        records = load.stop()
        assert_rows_equal_the_log(line.database, records)
        assert only_epoch_1(line)
        streams = events_of(records)
        clients[-1].wait_for(lambda message: message.get("data", {}).get("symbol") == SYMBOLS[0]
                             and message["data"]["sequence"] == len(streams[SYMBOLS[0]]))
        for client in clients:
            assert_what_was_seen_is_the_log(client, streams, to_the_end=False)


def test_kill_9_of_a_process_that_has_never_committed(kafka, postgres):
    with Line(kafka, postgres, 2, {"postgres.flush_interval": "1m",
                                   "postgres.batch_size": 100000}) as line:
        client = line.process.websocket()
        client.subscribe("A")
        for number in range(500):
            line.producer.tick("A", f"{number}.5", "1", T + number)
        line.producer.flush()
        client.wait_for(lambda message: message.get("data", {}).get("sequence") == 500)
        assert stored_rows(line.database) == {}
        line.process.kill()
        line.process.settings.update({"postgres.flush_interval": "100ms"})
        line.process.start()
        assert_rows_equal_the_log(line.database, line.producer.records)
        again = line.process.websocket()
        assert again.subscribe("A")["positions"][0]["seq"] == 500
        line.producer.tick("A", "1", "1", T + 500)
        stream = events_of(line.producer.flush())["A"]
        update = again.wait_for(lambda message: message.get("data", {}).get("sequence") == 501)
        assert as_event(update["data"]) == stream[500] and only_epoch_1(line)
        assert_no_hole(updates_of(client.messages(), "A"), stream, end=500)


def test_sigterm_under_load_tells_clients_and_keeps_all(kafka, postgres):
    with Line(kafka, postgres) as line, Load(line.producer, 40, rate=1500) as load:
        before = [watch(line.process) for _ in range(5)]
        wait_until(lambda: total_of(before[-1]) > 1500, "events", 30)
        assert line.process.stop() == 0
        rows = stored_rows(line.database)
        for client in before:
            assert client.wait_until_closed() == 1012
            assert 1000 <= json.loads(client.close_reason)["retry_after_ms"] <= 5000
            # What was told is stored: the drain flushes the database.
            for symbol, updates in updates_by_symbol(client.messages()).items():
                assert updates[-1]["sequence"] <= rows[symbol][3]
        assert line.database.query("SELECT 1 FROM ingest_offsets WHERE owner IS NOT NULL") == []
        line.process.start()
        after = watch(line.process)
        records = load.stop()
        assert_rows_equal_the_log(line.database, records)
        assert only_epoch_1(line)
        streams = events_of(records)
        for client in [*before, after]:
            assert_what_was_seen_is_the_log(client, streams, to_the_end=False)


def test_a_second_start_answers_before_any_tick_and_goes_on(kafka, postgres):
    with Line(kafka, postgres, 2) as line:
        for number, time_ms in enumerate((T, T + 5, T + 2), 1):
            line.producer.tick("KEPT", f"{number}.25", "3", time_ms)
        assert_rows_equal_the_log(line.database, line.producer.flush())
        shown = line.rest.get("/api/snapshots/KEPT").json()
        line.process.stop()
        line.process.start()
        assert line.rest.get("/api/snapshots/KEPT").json() == shown
        client = line.process.websocket()
        (position,) = client.subscribe("KEPT")["positions"]
        assert (position["known"], position["epoch"], position["seq"]) == (True, 1, 3)
        snapshot = client.wait_for(lambda message: message.get("snapshot"))["data"]
        assert (snapshot["sequence"], snapshot["price_seq"]) == (3, 2)
        line.producer.tick("KEPT", "4.25", "3", T + 4)  # Late: the newest one was at T + 5.
        line.producer.tick("KEPT", "5.25", "3", T + 5)
        records = line.producer.flush()
        client.wait_for(lambda message: message.get("data", {}).get("sequence") == 5)
        assert_no_hole(updates_of(client.messages(), "KEPT"), events_of(records)["KEPT"], 3)
        assert_rows_equal_the_log(line.database, records)
        assert only_epoch_1(line)


@contextlib.contextmanager
def thawed(server):
    """Whatever happens, the server answers again at the end."""
    try:
        yield
    finally:
        server.thaw()


def draining(line):
    try:
        return line.ops.get("/ready").status == 503
    except OSError:
        return False


def uncommitted(line, server):
    """Events that are published and that a frozen database does not take."""
    client = watch(line.process)
    line.producer.tick(SYMBOLS[0], "1", "1", T)
    assert_rows_equal_the_log(line.database, line.producer.flush())
    server.freeze()
    for number in range(100):
        line.producer.tick(SYMBOLS[0], f"{number}", "1", T + number)
    line.producer.flush()
    client.wait_for(lambda message: message.get("data", {}).get("sequence") == 101)


def test_a_drain_without_a_database_ends_in_time_and_leaves_the_rest_to_kafka(
        kafka, restartable_postgres):
    server = restartable_postgres
    with Line(kafka, server.url, 1, {"shutdown.deadline": "3s"}) as line, thawed(server):
        uncommitted(line, server)
        began = time.monotonic()
        assert line.process.stop() == 0
        assert time.monotonic() - began < 3 + 2
        log = line.process.log_text()
        (left,) = [each for each in log.splitlines() if "left_to_the_log" in each]
        assert left.endswith("next_offset=1 events=100")
        assert "the end hangs" not in log, log
        server.thaw()
        line.process.start()
        assert_rows_equal_the_log(line.database, line.producer.records)
        assert only_epoch_1(line)


def test_a_second_sigterm_ends_at_once(kafka, restartable_postgres):
    server = restartable_postgres
    with Line(kafka, server.url, 1, {"shutdown.deadline": "5m"}) as line, thawed(server):
        uncommitted(line, server)
        os.kill(line.process.pid, signal.SIGTERM)
        wait_until(lambda: draining(line) or not line.process.alive, "503 while draining", 10)
        assert line.process.alive
        os.kill(line.process.pid, signal.SIGTERM)
        # Ended by the signal: 143 in a shell. Not 0, which would say that all is committed.
        assert line.process.wait_for_exit(timeout=3) == -signal.SIGTERM
        server.thaw()
        line.process.start()
        assert_rows_equal_the_log(line.database, line.producer.records)
