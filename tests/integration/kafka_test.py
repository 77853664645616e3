"""The log's side: brokers, topics and partitions that come, go and are replaced; two processes."""

import json
import subprocess

import pytest
from kafka_client import RecordingProducer, create_topic, delete_topic, tick
from line import START_OF_TIME_MS, Line, Load
from oracle import (assert_no_hole, assert_rows_equal_the_log, ends_of, events_of, rows_of,
                    stored_ends, stored_rows, updates_by_symbol, updates_of, wait_until_stored)
from supervised import wait_until
from tradepulse_process import TradePulseProcess, binary

T = START_OF_TIME_MS
SYMBOLS = [f"L{number:04d}" for number in range(40)]


def command(line, *words, expected=0):
    """Runs another command of the binary with the configuration of the line's process."""
    done = subprocess.run([binary(), *words[:2], "--config", line.process.config, *words[2:]],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
                          check=False)
    assert done.returncode == expected, done.stdout + done.stderr
    return done


def offsets(line):
    """`offsets show` as {(topic, partition): {column: text}}."""
    head, *rows = [row.split() for row in command(line, "offsets", "show").stdout.splitlines()]
    return {(row[0], int(row[1])): dict(zip(head, row)) for row in rows}


def produce(line, symbol, *prices, first_time=T, partition=-1, producer=None):
    producer = producer or line.producer
    for number, price in enumerate(prices):
        producer.tick(symbol, str(price), "1", first_time + number, partition=partition)
    return producer.flush()


def shown(line, symbol):
    answer = line.rest.get(f"/api/snapshots/{symbol}")
    return answer.json() if answer.status == 200 else None


# --- brokers, topics, partitions ---

def test_a_broker_that_dies_under_load_comes_back_and_nothing_is_missing(
        restartable_kafka, postgres):
    server = restartable_kafka
    with Line(server.bootstrap, postgres) as line, Load(line.producer) as load:
        client = line.process.websocket()
        client.subscribe(*SYMBOLS)
        wait_until(lambda: len(client.frames) > 500, "the load", 20)
        server.kill()
        wait_until(lambda: line.ops.get("/ready").json()["status"] == "degraded", "degraded", 20)
        assert line.ops.get("/ready").status == 200
        assert shown(line, SYMBOLS[0])
        server.start()
        before = len(client.frames)
        wait_until(lambda: len(client.frames) > before + 500, "ticks again", 40)
        records = load.stop()
        assert_rows_equal_the_log(line.database, records)
        assert line.database.query("SELECT DISTINCT epoch FROM price_snapshots") == [(1,)]
        wait_until(lambda: len(client.frames) == 1 + len(records), "the rest", 10)
        messages = client.messages()
        assert {message["type"] for message in messages} == {"subscribed", "price_update"}
        updates = updates_by_symbol(messages)
        for symbol, stream in events_of(records).items():
            assert_no_hole(updates[symbol], stream)


def test_topics_and_partitions_that_come_later_are_read_from_their_first_offset(kafka, postgres):
    with Line(kafka, postgres, 1, start=False) as line:
        glob = line.topic + ".late.*"
        alone = line.topic + "-alone"
        line.process.settings["topics"] = [
            {"name": line.topic, "decoder": "price-ticks"},
            {"name": alone, "decoder": "price-ticks"},
            {"name": glob, "decoder": "market-price"}]
        line.process.start()
        assert line.ops.get("/ready").json()["status"] == "degraded"  # `alone` does not exist.
        produce(line, "EARLY", 1)
        wait_until(lambda: shown(line, "EARLY"), "the topic that exists", 20)

        def read_within_5_s(topic, partitions, symbol, value):
            create_topic(kafka, topic, partitions)
            producer = RecordingProducer(kafka, topic)
            for number in range(3):
                producer.produce(value(number), key=symbol, partition=partitions - 1)
            producer.flush()
            wait_until(lambda: (shown(line, symbol) or {}).get("seq") == 3, symbol, 5)

        read_within_5_s(alone, 1, "ALONE", lambda number: tick("ALONE", number, None, T + number))
        read_within_5_s(line.topic + ".late.one", 2, "BTC/USD", lambda number: json.dumps(
            {"type": "market_price", "market": "BTC/USD", "price": f"{number}.5",
             "timestamp": f"2024-08-08T23:54:0{number}.250Z"}))
        assert shown(line, "BTC%2FUSD")["timestamp"] == 1723161242250
        create_topic(kafka, line.topic + ".late.one.dead-letter", 1)
        letters = RecordingProducer(kafka, line.topic + ".late.one.dead-letter")
        letters.produce(json.dumps({"type": "market_price", "market": "LETTER", "price": 1,
                                    "timestamp": T}))
        letters.flush()
        from confluent_kafka.admin import AdminClient, NewPartitions
        admin = AdminClient({"bootstrap.servers": kafka})
        admin.create_partitions([NewPartitions(line.topic, 3)])[line.topic].result(30)
        producer = RecordingProducer(kafka, line.topic)
        wait_until(lambda: len(admin.list_topics(line.topic).topics[line.topic].partitions) == 3,
                   "three partitions", 10)
        produce(line, "MORE", 1, 2, 3, partition=2, producer=producer)
        wait_until(lambda: (shown(line, "MORE") or {}).get("seq") == 3, "partition 2", 5 + 2)
        topics = {topic for topic, _ in stored_ends(line.database)}
        assert topics == {line.topic, alone, line.topic + ".late.one"}
        assert shown(line, "LETTER") is None
        assert line.ops.get("/ready").json()["status"] == "ready"


def test_kafka_start_latest_skips_what_was_there_and_loses_nothing_later(kafka, postgres):
    with Line(kafka, postgres, 2, {"kafka.start": "latest"}, start=False) as line:
        produce(line, "PAST", *range(50))
        line.process.start()
        ends = wait_until(lambda: (found := stored_ends(line.database)) and None not in
                          found.values() and len(found) == 2 and found, "stored starts", 20)
        assert sum(ends.values()) == 50
        line.process.kill()
        produce(line, "NEW", 1, 2, 3)  # While nobody reads: the start was stored.
        line.process.start()
        wait_until_stored(line.database, line.producer.records)
        assert stored_rows(line.database) == {"NEW": (3, 1, T + 2, 3, 3)}


# --- the operator's command ---

def test_offsets_show_and_set(kafka, postgres):
    with Line(kafka, postgres, 2) as line:
        produce(line, "A", *range(1, 11), partition=0)
        wait_until_stored(line.database, line.producer.records)
        row = offsets(line)[line.topic, 0]
        assert (row["STORED"], row["DIGEST"], row["LOG-END"], row["LAG"], row["EPOCH-FLOOR"]) == (
            "10", "matches", "10", "0", "1")
        assert row["OWNER"] != "-" and offsets(line)[line.topic, 1]["LOG-END"] == "0"

        refused = command(line, "offsets", "set", line.topic, "0", "3", expected=64)
        assert row["OWNER"] in refused.stderr and "--force" in refused.stderr
        assert offsets(line)[line.topic, 0]["STORED"] == "10"

        # The owner learns of it when it commits the next event, which it has published by then.
        client = line.process.websocket()
        client.subscribe("A")
        command(line, "offsets", "set", line.topic, "0", "3", "--force")
        produce(line, "A", 11, first_time=T + 10, partition=0)
        wait_until(lambda: (shown(line, "A") or {}).get("epoch") == 2 and shown(line, "A")["seq"]
                   == 8, "records 3 to 10 as a new epoch", 20)
        client.wait_for(lambda message: message.get("data", {}).get("epoch") == 2
                        and message["data"]["sequence"] == 8)
        (gap,) = client.messages("gap")
        assert gap == {"type": "gap", "symbol": "A", "stream": "price", "epoch": 1, "from": 12,
                       "to": None, "reason": "new_epoch"}
        assert [(data["epoch"], data["sequence"], data["price"])
                for data in updates_of(client.messages(), "A")] == [
            (1, 11, 11)] + [(2, number, 3 + number) for number in range(1, 9)]
        wait_until_stored(line.database, line.producer.records)
        assert line.database.query("SELECT epoch, last_sequence, price FROM price_snapshots"
                                   " WHERE symbol = 'A'") == [(2, 8, 11)]

        line.process.stop()
        assert offsets(line)[line.topic, 0]["OWNER"] == "-"
        for where, sequence in (("earliest", 11), ("latest", 11)):
            answer = command(line, "offsets", "set", line.topic, "0", where).stdout
            assert "next_offset=" + {"earliest": "0", "latest": "11"}[where] in answer
            line.process.start()
            wait_until_stored(line.database, line.producer.records)
            if where == "earliest":
                assert line.database.query("SELECT epoch, last_sequence FROM price_snapshots") == [
                    (3, sequence)]
            line.process.stop()
        assert offsets(line)[line.topic, 0]["EPOCH-FLOOR"] == "4"
        command(line, "offsets", "set", line.topic, "0", "99", expected=64)
        command(line, "offsets", "set", line.topic, "7", "0", expected=64)


# --- the log's identity ---

def replace(line, partitions=1):
    delete_topic(line.kafka, line.topic)
    create_topic(line.kafka, line.topic, partitions)
    line.producer = RecordingProducer(line.kafka, line.topic)


@pytest.mark.parametrize("living", [True, False], ids=["while it runs", "between two runs"])
def test_a_replaced_log_stops_its_partition_until_the_operator_speaks(kafka, postgres, living):
    with Line(kafka, postgres, 1, {"kafka.identity_check_interval": "500ms"}) as line:
        produce(line, "A", *range(1, 31))
        wait_until_stored(line.database, line.producer.records)
        if not living:
            line.process.stop()
        replace(line)
        produce(line, "A", *range(101, 141), first_time=T + 100)
        if not living:
            line.process.start()
        ready = wait_until(lambda: (answer := line.ops.get("/ready").json())["status"] == "degraded"
                           and "offsets set" in json.dumps(answer) and answer, "the alarm", 30)
        assert line.ops.get("/ready").status == 200
        assert f"offsets set {line.topic} 0" in json.dumps(ready)
        assert offsets(line)[line.topic, 0]["OWNER"] == "-"
        assert stored_rows(line.database)["A"][3] == 30  # Nothing of the new log was used.
        command(line, "offsets", "set", line.topic, "0", "earliest")  # No --force is needed.
        wait_until_stored(line.database, line.producer.records)
        assert line.database.query("SELECT epoch, last_sequence, price FROM price_snapshots") == [
            (2, 40, 140)]
        wait_until(lambda: line.ops.get("/ready").json()["status"] == "ready", "ready", 10)


@pytest.mark.parametrize("living", [True, False], ids=["while it runs", "between two runs"])
def test_a_replaced_log_begins_a_new_epoch_where_so_configured(kafka, postgres, living):
    settings = {"kafka.identity_check_interval": "500ms", "kafka.on_replaced_log": "new_epoch"}
    with Line(kafka, postgres, 1, settings) as line:
        produce(line, "A", *range(1, 31))
        produce(line, "ONLY-BEFORE", 7)
        wait_until_stored(line.database, line.producer.records)
        client = None
        if living:
            client = line.process.websocket()
            client.subscribe("A")
        else:
            line.process.stop()
        replace(line)
        produce(line, "A", *range(101, 151), first_time=T - 1000)  # Older, and new all the same.
        if not living:
            line.process.start()
        wait_until(lambda: (shown(line, "A") or {}).get("epoch") == 2
                   and shown(line, "A")["seq"] == 50, "the new epoch", 30)
        wait_until_stored(line.database, line.producer.records)
        assert line.database.query("SELECT symbol, epoch, last_sequence, price FROM price_snapshots"
                                   " ORDER BY symbol") == [("A", 2, 50, 150),
                                                           ("ONLY-BEFORE", 1, 1, 7)]
        if client:
            client.wait_for(lambda message: message.get("data", {}).get("sequence") == 50
                            and message["data"]["epoch"] == 2)
            updates = updates_of(client.messages(), "A")
            (gap,) = client.messages("gap")
            last = max(data["sequence"] for data in updates + [{"sequence": 30, "epoch": 1}]
                       if data["epoch"] == 1)
            assert (gap["epoch"], gap["from"], gap["to"], gap["reason"]) == (
                1, last + 1, None, "new_epoch")
            assert_no_hole([data for data in updates if data["epoch"] == 2],
                           events_of(line.producer.records)["A"])


def test_no_record_of_a_new_log_gets_a_number_of_the_old_epoch(kafka, postgres):
    """Each log is longer than the one before, so that reading could simply go on."""
    settings = {"kafka.identity_check_interval": "1h", "kafka.on_replaced_log": "new_epoch"}
    with Line(kafka, postgres, 1, settings) as line:
        client = line.process.websocket()
        client.subscribe("A")
        lengths = [30, 80, 200, 500, 1200]
        for epoch, length in enumerate(lengths, 1):
            if epoch > 1:
                replace(line)
            produce(line, "A", *range(length), first_time=T + 10000 * epoch)
            wait_until(lambda: (shown(line, "A") or {}).get("epoch") == epoch
                       and shown(line, "A")["seq"] == length, f"epoch {epoch}", 30)
            wait_until_stored(line.database, line.producer.records)
        client.wait_for(lambda message: message.get("data", {}).get("epoch") == 5
                        and message["data"]["sequence"] == 1200)
        updates = updates_of(client.messages(), "A")
        for epoch, length in enumerate(lengths, 1):
            assert [(data["sequence"], data["price"]) for data in updates
                    if data["epoch"] == epoch] == [(n + 1, n) for n in range(length)]
        assert [(gap["epoch"], gap["from"], gap["to"], gap["reason"])
                for gap in client.messages("gap")] == [
            (epoch, length + 1, None, "new_epoch") for epoch, length in enumerate(lengths[:-1], 1)]


# --- two processes of a group ---

def assignment(line):
    """{partition: generation} and the owners, as the database has them."""
    rows = line.database.query("SELECT partition, generation, owner FROM ingest_offsets"
                               " ORDER BY partition")
    return {row[0]: row[1] for row in rows}, [row[2] for row in rows]


def test_two_processes_share_the_partitions_and_only_what_moves_moves(kafka, postgres):
    with Line(kafka, postgres, 4) as line:
        second = TradePulseProcess(line.settings)
        line.callback(second.close)
        partition_of = {symbol: number % 4 for number, symbol in enumerate(SYMBOLS)}
        with Load(line.producer, rate=800, partition_of=partition_of.get) as load:
            client = line.process.websocket()
            client.subscribe(*SYMBOLS)
            wait_until(lambda: len(stored_rows(line.database)) == 40, "a row of each symbol", 20)
            before, (first_owner, *_) = assignment(line)
            second.start()
            wait_until(lambda: len(set(assignment(line)[1])) == 2 and
                       assignment(line)[1].count(first_owner) == 2, "two owners", 30)
            after, owners = assignment(line)
            stayed = [number for number in after if owners[number] == first_owner]
            assert all(after[number] == before[number] for number in stayed)

            moved = [symbol for symbol in SYMBOLS if partition_of[symbol] not in stayed]
            there = second.websocket()
            there.subscribe(*moved)
            wait_until(lambda: len(there.frames) > 500, "ticks of the second", 20)
            for symbol in moved[:5]:
                assert second.rest.get(f"/api/snapshots/{symbol}").status == 200
                answer = line.rest.get(f"/api/snapshots/{symbol}")
                assert (answer.status, answer.json()["error"]["code"]) == (503, "not_owner")
                assert answer.json()["error"]["retryable"] is True
            listed = line.rest.get("/api/snapshots").json()
            assert {each["symbol"] for each in listed["data"]} == set(SYMBOLS) - set(moved)
            errors = client.messages("error")
            assert sorted(each["symbol"] for each in errors) == sorted(moved)
            assert {(each["code"], each["retryable"]) for each in errors} == {(1006, True)}
            assert client.messages("gap") == []

            second.kill()  # Its partitions come back, and the subscriptions with them.
            wait_until(lambda: set(assignment(line)[1]) == {first_owner}, "one owner", 30)
            records = load.stop()
        assert_rows_equal_the_log(line.database, records)
        assert line.database.query("SELECT DISTINCT epoch FROM price_snapshots") == [(1,)]
        assert line.database.value("SELECT sum(last_sequence) FROM price_snapshots") == len(records)
        assert stored_ends(line.database) == ends_of(records)
        streams = events_of(records)
        wait_until(lambda: all(shown(line, symbol)["seq"] == len(streams[symbol])
                               for symbol in SYMBOLS), "the end of every stream", 20)
        client.wait_for(lambda message: message.get("data", {}).get("symbol") == SYMBOLS[0]
                        and message["data"]["sequence"] == len(streams[SYMBOLS[0]]))
        messages = client.messages()
        updates = updates_by_symbol(messages)
        for symbol in set(SYMBOLS) - set(moved):
            assert_no_hole(updates[symbol], streams[symbol])
        for symbol in moved:
            assert_moved_is_announced(messages, symbol, streams[symbol])
        assert rows_of(streams) == stored_rows(line.database)


def assert_moved_is_announced(messages, symbol, stream):
    """What another process told is a `gap`, then a snapshot; the rest is as the log."""
    position = 0
    for message in messages:
        if message["type"] == "gap" and message["symbol"] == symbol:
            assert (message["from"], message["reason"]) == (position + 1, "moved")
            position = message["to"]
        elif message["type"] == "price_update" and message["data"]["symbol"] == symbol:
            data = message["data"]
            if message.get("snapshot"):
                assert data["sequence"] == position
            else:
                assert_no_hole([data], stream, position, data["sequence"])
                position = data["sequence"]
    assert position == len(stream)


def test_a_symbol_that_moves_to_another_process_goes_on_from_what_is_stored(kafka, postgres):
    """Both processes are running when it first comes: neither has read it at its start."""
    with Line(kafka, postgres, 2) as line:
        second = TradePulseProcess(line.settings)
        line.callback(second.close)
        second.start()
        wait_until(lambda: len(set(assignment(line)[1])) == 2, "two owners", 30)
        client = second.websocket()
        client.subscribe("MOVES", "STAYS")
        wait_until_stored(line.database, produce(line, "MOVES", 10, 11, 12, partition=0))
        wait_until_stored(line.database, produce(line, "MOVES", 20, 21, partition=1, first_time=T + 9)
                          + produce(line, "STAYS", 30, partition=1))
        assert line.database.query(
            "SELECT symbol, epoch, last_sequence, price::int FROM price_snapshots ORDER BY 1") == [
                ("MOVES", 2, 2, 21), ("STAYS", 1, 1, 30)]
        assert line.database.query(
            "SELECT epoch, seq, partition, (e.price / 100000000)::int FROM journal_prices e"
            " JOIN journal_streams USING (stream_id) JOIN journal_partitions USING (partition_id)"
            " WHERE symbol = 'MOVES' ORDER BY 1, 2") == [
                (1, 1, 0, 10), (1, 2, 0, 11), (1, 3, 0, 12), (2, 1, 1, 20), (2, 2, 1, 21)]
