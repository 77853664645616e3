"""A client that comes back with the position it has reached goes on from there."""

import pytest
from confluent_kafka import Producer

from kafka_client import tick
from line import START_OF_TIME_MS, Line
from oracle import as_event, assert_rows_equal_the_log, events_of, updates_of
from supervised import wait_until

T = START_OF_TIME_MS
# Nothing is committed while a test runs: what is not in a ring waits with its range.
UNCOMMITTED = {"postgres.flush_interval": "1m", "postgres.batch_size": 100000}


def produce(line, symbol, first, last):
    for number in range(first, last + 1):
        line.producer.tick(symbol, f"{number}.5", "1", T + number)
    return line.producer.flush()


def come_back(line, symbols, epoch, seq, client=None):
    """The client and the positions of its answer, by symbol."""
    client = client or line.process.websocket()
    start = len(client.frames)
    client.send({"type": "subscribe", "symbols": symbols, "since": {"epoch": epoch, "seq": seq}})
    answer = client.wait_for(lambda message: message["type"] == "subscribed", start=start)
    return client, {each["symbol"]: each for each in answer["positions"]}


def wait_for_event(client, symbol, sequence):
    client.wait_for(lambda message: message["type"] == "price_update"
                    and (message["data"]["symbol"], message["data"]["sequence"])
                    == (symbol, sequence))


def assert_got(client, symbol, records, first, last):
    """Each event of the log from `first` to `last`, one by one and once, and nothing else."""
    updates = updates_of(client.messages(), symbol)
    assert [update["sequence"] for update in updates] == list(range(first, last + 1))
    stream = events_of(records)[symbol]
    assert [as_event(update) for update in updates] == stream[first - 1:last]


@pytest.mark.parametrize("settings", [
    {}, {"symbols.ring": 0, **UNCOMMITTED}, {"symbols.ring": 7, **UNCOMMITTED}],
    ids=["ring", "waiting-ranges", "both"])
def test_memory_has_what_was_missed(kafka, postgres, settings):
    with Line(kafka, postgres, 2, settings) as line:
        first = line.process.websocket()
        first.subscribe("A", "B")
        produce(line, "A", 1, 60)
        produce(line, "B", 1, 60)
        for symbol in "AB":
            wait_for_event(first, symbol, 60)
        client, positions = come_back(line, ["A", "B"], 1, 20)
        for symbol in "AB":
            assert positions[symbol] == {
                "symbol": symbol, "stream": "price", "known": True, "epoch": 1, "seq": 60,
                "recovered": True, "from": {"epoch": 1, "seq": 21},
                "to": {"epoch": 1, "seq": 60}, "lost": 0}
        produce(line, "A", 61, 70)
        records = produce(line, "B", 61, 70)
        for symbol in "AB":
            wait_for_event(client, symbol, 70)
            assert_got(client, symbol, records, 21, 70)
        assert not client.messages("gap") and not client.messages("error")
        assert not [each for each in client.messages() if each.get("snapshot")]


def test_who_missed_nothing_gets_nothing_but_what_follows(kafka, postgres):
    with Line(kafka, postgres, 1) as line:
        produce(line, "A", 1, 5)
        wait_until(lambda: line.rest.get("/api/snapshots/A").status == 200
                   and line.rest.get("/api/snapshots/A").json()["seq"] == 5, "five events", 20)
        client, positions = come_back(line, ["A"], 1, 5)
        assert positions["A"]["recovered"] is True and positions["A"]["lost"] == 0
        assert positions["A"]["from"] == {"epoch": 1, "seq": 6}
        assert positions["A"]["to"] == {"epoch": 1, "seq": 5}
        records = produce(line, "A", 6, 8)
        wait_for_event(client, "A", 8)
        assert_got(client, "A", records, 6, 8)


@pytest.mark.parametrize("restarted", [False, True], ids=["living", "restarted"])
def test_the_journal_has_what_memory_has_not(kafka, postgres, restarted):
    """More than a page of it, then what memory has, then what follows."""
    with Line(kafka, postgres, 1, {"symbols.ring": 0}) as line:
        assert_rows_equal_the_log(line.database, produce(line, "A", 1, 2500))
        if restarted:
            line.process.stop()
            line.process.start()
        client, positions = come_back(line, ["A"], 1, 3)
        assert positions["A"]["from"] == {"epoch": 1, "seq": 4}
        assert positions["A"]["to"] == {"epoch": 1, "seq": 2500}
        records = produce(line, "A", 2501, 2510)
        wait_for_event(client, "A", 2510)
        assert_got(client, "A", records, 4, 2510)
        assert not client.messages("gap") and not client.messages("error")
        assert not [each for each in client.messages() if each.get("snapshot")]


def test_what_nobody_has_any_more_is_a_gap_and_a_snapshot(kafka, postgres):
    with Line(kafka, postgres, 1, {"symbols.ring": 0, "journal.streams": []}) as line:
        assert_rows_equal_the_log(line.database, produce(line, "A", 1, 9))
        client, positions = come_back(line, ["A"], 1, 4)
        assert positions["A"]["recovered"] is True and positions["A"]["lost"] == 5
        gap = client.wait_for(lambda message: message["type"] == "gap")
        assert gap == {"type": "gap", "symbol": "A", "stream": "price", "epoch": 1, "from": 5,
                       "to": 9, "reason": "expired"}
        snapshot = client.wait_for(lambda message: message.get("snapshot"))["data"]
        assert snapshot["sequence"] == 9
        records = produce(line, "A", 10, 12)
        wait_for_event(client, "A", 12)
        assert_got(client, "A", records, 10, 12)


def test_what_a_killed_process_had_published_is_believed_and_not_sent_again(kafka, postgres):
    with Line(kafka, postgres, 1, UNCOMMITTED) as line:
        first = line.process.websocket()
        first.subscribe("A")
        produce(line, "A", 1, 80)
        wait_for_event(first, "A", 80)
        line.process.kill()
        line.process.start()
        client, positions = come_back(line, ["A"], 1, 80)
        assert positions["A"]["recovered"] is True
        behind, _ = come_back(line, ["A"], 1, 70)
        records = produce(line, "A", 81, 85)
        for each, begin in ((client, 81), (behind, 71)):
            wait_for_event(each, "A", 85)
            assert_got(each, "A", records, begin, 85)
            assert not each.messages("gap") and not each.messages("error")


def test_a_position_that_never_was_is_an_error(kafka, postgres):
    with Line(kafka, postgres, 1) as line:
        assert_rows_equal_the_log(line.database, produce(line, "A", 1, 9))
        for epoch, seq in ((1, 10), (7, 1)):
            client, _ = come_back(line, ["A"], epoch, seq)
            error = client.wait_for(lambda message: message["type"] == "error")
            assert (error["code"], error["symbol"]) == (1101, "A")
            assert f"{{{epoch}, {seq}}}" in error["message"] and "{1, 9}" in error["message"]
            snapshot = client.wait_for(lambda message: message.get("snapshot"))["data"]
            assert snapshot["sequence"] == 9


def produce_in_a_transaction(line, symbol, first, last):
    """Its marker is an offset behind the last record, and no record."""
    producer = Producer({"bootstrap.servers": line.kafka, "transactional.id": line.topic})
    producer.init_transactions(30)
    producer.begin_transaction()
    for number in range(first, last + 1):
        producer.produce(line.topic, tick(symbol, f"{number}.5", "1", T + number))
    producer.commit_transaction(30)


def test_a_position_that_never_was_is_an_error_also_where_the_log_ends_in_a_marker(kafka, postgres):
    with Line(kafka, postgres, 1, start=False) as line:
        produce_in_a_transaction(line, "A", 1, 9)
        line.process.start()
        stored = "SELECT last_sequence FROM price_snapshots"
        wait_until(lambda: line.database.query(stored) == [(9,)], "all of the log", 20)
        client, _ = come_back(line, ["A"], 1, 10)
        error = client.wait_for(lambda message: message["type"] == "error")
        assert error["code"] == 1101 and "{1, 9}" in error["message"]
        line.process.kill()  # There is nothing to read behind this claim.
        line.process.start()
        client, _ = come_back(line, ["A"], 1, 10)
        assert client.wait_for(lambda message: message["type"] == "error")["code"] == 1101
