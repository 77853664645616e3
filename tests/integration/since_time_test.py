"""A client that comes back with a time gets what was committed then and later."""

import contextlib
import json

import psycopg2
from line import START_OF_TIME_MS, Line
from oracle import as_event, assert_rows_equal_the_log, events_of, updates_of
from supervised import wait_until

T = START_OF_TIME_MS
IN_2099 = 4_102_444_799_999
# Batches of their own commit times; nothing in memory but what waits for its commit.
SMALL = {"symbols.ring": 0, "postgres.batch_size": 50, "postgres.flush_interval": "5ms"}
# A read waits as long as the test holds the table.
PATIENT = {"postgres.lock_timeout": "1m", "postgres.statement_timeout": "1m",
           "postgres.watchdog": "2m"}


def produce(line, symbol, first, last):
    for number in range(first, last + 1):
        line.producer.tick(symbol, f"{number}.5", "1", T + number)
    return line.producer.flush()


def stored(line, symbol, first, last, step=100):
    """In steps, each committed before the next: several commit times."""
    for begin in range(first, last + 1, step):
        records = produce(line, symbol, begin, min(begin + step - 1, last))
        assert_rows_equal_the_log(line.database, records)
    return records


def first_since(line, symbol, time):
    """The number of the first event that was committed at that time or later."""
    return line.database.value(
        "SELECT min(seq) FROM journal_prices JOIN journal_streams USING (stream_id)"
        " WHERE symbol = %s AND commit_time >= %s", symbol, time)


def commit_time(line, symbol, sequence):
    return line.database.value(
        "SELECT commit_time FROM journal_prices JOIN journal_streams USING (stream_id)"
        " WHERE symbol = %s AND seq = %s", symbol, sequence)


def come_back(line, symbol, time):
    client = line.process.websocket()
    client.send({"type": "subscribe", "symbol": symbol, "since": {"time": time}})
    return client


def position(client):
    answer = client.wait_for(lambda message: message["type"] == "subscribed")
    (out,) = answer["positions"]
    return out


def wait_for_event(client, sequence):
    client.wait_for(lambda message: message["type"] == "price_update"
                    and message["data"]["sequence"] == sequence)


def assert_got(client, symbol, records, first, last):
    """Each event of the log from `first` to `last`, one by one and once, and nothing else."""
    messages = client.messages()
    assert {message["type"] for message in messages} == {"subscribed", "price_update"}
    updates = updates_of(messages, symbol)
    assert [update["sequence"] for update in updates] == list(range(first, last + 1))
    assert [as_event(update) for update in updates] == events_of(records)[symbol][first - 1:last]


def test_a_time_is_gone_on_from_across_a_restart(kafka, postgres):
    with Line(kafka, postgres, 1, SMALL) as line:
        stored(line, "A", 1, 1500, step=300)
        line.process.stop()
        line.process.start()
        time = commit_time(line, "A", 700)
        first = first_since(line, "A", time)
        assert 1 < first <= 700
        behind_it = first_since(line, "A", time + 1)
        assert 700 < behind_it <= 1500
        clients = {first: come_back(line, "A", time), behind_it: come_back(line, "A", time + 1),
                   1: come_back(line, "A", commit_time(line, "A", 1)),
                   1501: come_back(line, "A", commit_time(line, "A", 1500) + 1)}
        for begin, client in clients.items():
            assert position(client) == {
                "symbol": "A", "stream": "price", "known": True, "epoch": 1, "seq": 1500,
                "recovered": True, "from": {"epoch": 1, "seq": begin},
                "to": {"epoch": 1, "seq": 1500},
                "lost": 0 if begin == 1501 else None}  # the journal is asked behind it
        records = produce(line, "A", 1501, 1510)
        for begin, client in clients.items():
            wait_for_event(client, 1510)
            assert_got(client, "A", records, begin, 1510)


def test_a_time_that_is_to_come_misses_nothing(kafka, postgres):
    with Line(kafka, postgres, 1, SMALL) as line:
        stored(line, "A", 1, 20)
        known, unknown = come_back(line, "A", IN_2099), come_back(line, "NEW", IN_2099)
        assert position(known)["from"] == {"epoch": 1, "seq": 21}
        assert position(unknown)["known"] is False
        produce(line, "A", 21, 25)
        records = produce(line, "NEW", 1, 5)
        wait_for_event(known, 25)
        wait_for_event(unknown, 5)
        assert_got(known, "A", records, 21, 25)
        assert_got(unknown, "NEW", records, 1, 5)


def test_what_is_not_committed_yet_was_not_committed_before(kafka, postgres):
    with Line(kafka, postgres, 1, {**SMALL, "postgres.flush_interval": "1m",
                                   "postgres.batch_size": 100000}) as line:
        watching = line.process.websocket()
        watching.subscribe("A")
        produce(line, "A", 1, 30)
        wait_for_event(watching, 30)
        client = come_back(line, "A", IN_2099)
        records = produce(line, "A", 31, 35)
        wait_for_event(client, 35)
        assert_got(client, "A", records, 1, 35)


def test_a_time_older_than_what_is_kept_begins_with_that_and_says_so(kafka, postgres):
    with Line(kafka, postgres, 1, SMALL) as line:
        stored(line, "A", 1, 200)
        line.process.stop()
        query = line.database.query
        query("DELETE FROM journal_prices WHERE seq <= 120")
        query("UPDATE journal_leaves SET first_seq = 121")
        line.process.start()
        client = come_back(line, "A", 946_684_800_000)
        where = position(client)
        assert (where["from"], where["lost"]) == ({"epoch": 1, "seq": 121}, None)
        records = produce(line, "A", 201, 203)
        wait_for_event(client, 203)
        assert_got(client, "A", records, 121, 203)


def test_without_a_journal_a_time_gives_all_that_memory_has(kafka, postgres):
    with Line(kafka, postgres, 1, {"journal.streams": [], "symbols.ring": 10}) as line:
        assert_rows_equal_the_log(line.database, produce(line, "A", 1, 30))
        client = come_back(line, "A", IN_2099)
        where = position(client)
        assert (where["from"], where["lost"]) == ({"epoch": 1, "seq": 21}, None)
        wait_for_event(client, 30)  # else memory may lose some to those that come
        records = produce(line, "A", 31, 33)
        wait_for_event(client, 33)
        assert_got(client, "A", records, 21, 33)


def test_a_hundred_clients_with_one_time_make_two_looks(kafka, postgres):
    """What lies behind the place that they find is in memory here, so all reads are looks."""
    settings = {**SMALL, **PATIENT, "symbols.ring": 1000}
    with Line(kafka, postgres, 1, settings) as line, contextlib.ExitStack() as stack:
        stored(line, "A", 1, 400)
        time = commit_time(line, "A", 250)
        first = first_since(line, "A", time)
        held = psycopg2.connect(line.database.url)
        stack.callback(held.close)
        held.cursor().execute("LOCK TABLE journal_leaves IN ACCESS EXCLUSIVE MODE")
        clients = [come_back(line, "A", time) for _ in range(100)]
        wait_until(lambda: line.process.metrics()["tradepulse_history_waiting"] == 100,
                   "all questions", 20)
        assert all(not client.messages() for client in clients)
        held.rollback()
        for client in clients:
            assert position(client)["from"] == {"epoch": 1, "seq": first}
        records = produce(line, "A", 401, 402)
        for client in clients:
            wait_for_event(client, 402)
            assert_got(client, "A", records, first, 402)
        metrics = line.process.metrics()
        # One for the first, and one for all others, who asked while that was under way.
        assert metrics["tradepulse_history_queries_total"] == 100
        assert metrics["tradepulse_history_reads_total"] == 2


def test_a_database_that_does_not_answer_ends_the_connection_with_the_time_to_come_back_with(
        kafka, restartable_postgres):
    server = restartable_postgres
    with Line(kafka, server.url, 1, {**SMALL, "recovery.timeout": "1s", "postgres.watchdog": "2s",
                                     "postgres.statement_timeout": "1s"}) as line:
        stored(line, "A", 1, 20)
        time = commit_time(line, "A", 20)
        server.freeze()
        client = come_back(line, "A", time)
        client.wait_until_closed(30)
        assert client.close_code == 1013
        assert json.loads(client.close_reason) == {
            "retry_after_ms": 1000, "symbol": "A", "time": time}
        assert not client.messages("subscribed")
        server.thaw()
        again = come_back(line, "A", time)
        assert position(again)["from"] == {
            "epoch": 1, "seq": first_since(line, "A", time)}
