"""GET /api/v1/events/missed: a journal filled by hand, and every number answered for.

The symbols of the journal get no record from Kafka, so nobody but the test writes their events;
UNCOMMITTED gets one, which the engine publishes and does not commit.
"""

import contextlib
import decimal
import json
import os
import signal
import socket

import pytest
from line import START_OF_TIME_MS, Line
from supervised import wait_until

T = START_OF_TIME_MS
MISSED = "/api/v1/events/missed?symbol="
DAY_MS = 86_400_000
FIRST_DAY = "2024-08-01"
FIRST_DAY_MS = 1_722_470_400_000
PATIENT = {"postgres.lock_timeout": "60s", "postgres.statement_timeout": "60s",
           "postgres.watchdog": "120s"}


def know(line, symbol, epoch, sequence):
    """A stored stream whose home is a partition of the line."""
    line.database.query(
        "INSERT INTO price_snapshots (symbol, price, timestamp, epoch, last_sequence, home_topic,"
        " home_partition) VALUES (%s, 1, %s, %s, %s, %s, 0)", symbol, T, epoch, sequence,
        line.topic)


def write(line, symbol, epoch, day, first, last):
    """Events first..last, in the leaf of that many days behind the first one."""
    query = line.database.query
    (leaf,), = query("SELECT journal_leaf('journal_prices', DATE %s + %s)", FIRST_DAY, day)
    query("INSERT INTO journal_streams (symbol, stream) VALUES (%s, 'price')"
          " ON CONFLICT DO NOTHING", symbol)
    stream = line.database.value("SELECT stream_id FROM journal_streams WHERE symbol = %s"
                                 " AND stream = 'price'", symbol)
    query("INSERT INTO journal_leaves VALUES (%s, %s, DATE %s + %s, %s)", stream, epoch, FIRST_DAY,
          day, first)
    query(f"INSERT INTO {leaf} (price, size, event_time, commit_time, kafka_offset, epoch, seq,"
          " source_sequence, stream_id, partition_id, size_rest, flags)"
          " SELECT n, n * 10, %s + n, %s, n, %s, n, n + 7, %s, 0,"
          " CASE WHEN n %% 2 = 1 THEN 99 END, CASE WHEN n %% 10 = 0 THEN 1 ELSE 0 END"
          " FROM generate_series(%s, %s) n", T, FIRST_DAY_MS + day * DAY_MS, epoch, stream, first,
          last)


def event(epoch, number):
    """As write() has made it."""
    out = {"seq": number, "epoch": epoch, "timestamp": T + number,
           "price": decimal.Decimal(number).scaleb(-8),
           "volume": decimal.Decimal(number * 1000 + (99 if number % 2 else 0)).scaleb(-8),
           "source_sequence": number + 7}
    return {**out, "late": True} if number % 10 == 0 else out


@contextlib.contextmanager
def journalled(kafka, postgres, settings=None):
    """A line whose engine knows A (epoch 2, kept from 1/11 on), B and UNCOMMITTED."""
    never = {"postgres.flush_interval": "1m", "postgres.batch_size": 100000,
             "journal.retention.price": "forever"}  # its days are of a summer long ago
    with Line(kafka, postgres, 1, {**never, **(settings or {})}) as line:
        line.process.stop()
        know(line, "A", 2, 250)
        write(line, "A", 1, 0, 11, 20)
        write(line, "A", 2, 0, 1, 100)
        write(line, "A", 2, 1, 101, 120)
        write(line, "A", 2, 5, 121, 250)
        know(line, "B", 1, 3)
        write(line, "B", 1, 0, 1, 3)
        know(line, "UNCOMMITTED", 1, 2)
        write(line, "UNCOMMITTED", 1, 0, 1, 2)
        line.process.start()
        yield line


@pytest.fixture(scope="module", name="line")
def line_fixture(kafka, postgres):
    with journalled(kafka, postgres) as line:
        yield line


def missed(line, parameters):
    answer = line.rest.get(MISSED + parameters)
    assert answer.status == 200, answer.body
    return answer.json()


def numbers(answer):
    return [each["seq"] for each in answer["data"]]


# --- what is answered ---

def test_each_event_is_exact(line):
    answer = missed(line, "A&fromSeq=97&toSeq=103")
    assert answer.pop("data") == [event(2, number) for number in range(98, 104)]
    assert answer == {"symbol": "A", "stream": "price", "epoch": 2, "seq": 103, "fromSeq": 97,
                      "toSeq": 103, "count": 6, "lowest": 1, "highest": 250, "gaps": []}


def test_the_pages_of_a_stream_follow_each_other_without_a_hole(line):
    seen, at, pages = [], 0, 0
    while at is not None:
        answer = missed(line, f"A&fromSeq={at}&limit=60")
        seen += answer["data"]
        pages += 1
        assert answer["seq"] == seen[-1]["seq"]
        at = answer.get("next")
    assert seen == [event(2, number) for number in range(1, 251)]
    assert pages == 5


def test_a_hundred_events_are_a_page_and_a_thousand_the_most(line):
    assert missed(line, "A&fromSeq=0")["count"] == 100
    assert missed(line, "A&fromSeq=0&limit=1000")["count"] == 250


def test_an_epoch_that_is_over_answers_with_where_it_ended(line):
    answer = missed(line, "A&epoch=1&fromSeq=5")
    assert numbers(answer) == list(range(11, 21))
    assert (answer["epoch"], answer["ended_at"], answer["highest"]) == (1, 20, 20)
    assert answer["gaps"] == [{"from": 6, "to": 10, "reason": "not_kept"}]
    behind = missed(line, "A&epoch=1&fromSeq=18&toSeq=25")
    assert numbers(behind) == [19, 20]
    assert behind["gaps"] == [{"from": 21, "to": 25, "reason": "epoch_ended"}]


def test_what_is_published_and_not_committed_is_told(line):
    line.producer.tick("UNCOMMITTED", "5", "1", T)
    line.producer.flush()
    wait_until(lambda: line.rest.get("/api/snapshots/UNCOMMITTED").json()["seq"] == 3,
               "the event", 20)
    answer = missed(line, "UNCOMMITTED&fromSeq=0&toSeq=5")
    assert numbers(answer) == [1, 2]
    assert answer["gaps"] == [{"from": 3, "to": 3, "reason": "not_committed"},
                              {"from": 4, "to": 5, "reason": "not_yet"}]
    assert answer["seq"] == 2


def test_head_and_other_methods(line):
    head = line.rest.request("HEAD", MISSED + "B&fromSeq=0")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) == len(line.rest.get(MISSED + "B&fromSeq=0").body)
    assert line.rest.post(MISSED + "B&fromSeq=0", {}).status == 405
    assert line.ops.get(MISSED + "B&fromSeq=0").status == 404


# --- what is refused ---

@pytest.mark.parametrize("parameters, status, code, word", [
    ("A", 400, "bad_request", "fromSeq"),
    ("A&fromSeq=", 400, "bad_request", "fromSeq"),
    ("A&fromSeq=-1", 400, "bad_request", "fromSeq"),
    ("A&fromSeq=0x10", 400, "bad_request", "fromSeq"),
    ("A&fromSeq=%2B5", 400, "bad_request", "fromSeq"),
    ("A&fromSeq=%D9%A1", 400, "bad_request", "fromSeq"),
    ("A&fromSeq=9223372036854775808", 400, "bad_request", "fromSeq"),
    ("A&fromSeq=5&toSeq=5", 400, "bad_request", "toSeq"),
    ("A&fromSeq=5&toSeq=1e3", 400, "bad_request", "toSeq"),
    ("A&fromSeq=5&limit=0", 400, "bad_request", "limit"),
    ("A&fromSeq=5&limit=1001", 400, "bad_request", "limit"),
    ("A&fromSeq=5&epoch=0", 400, "bad_request", "epoch"),
    ("A&fromSeq=5&epoch=3", 400, "bad_request", "epoch"),
    ("A&fromSeq=5&stream=ticker", 400, "bad_request", "stream"),
    ("A&fromSeq=5&stream=candle_2m", 400, "bad_request", "stream"),
    ("A&fromSeq=5&stream=candle_1m", 404, "unknown_symbol", "candle_1m"),
    ("A&fromSeq=5&stream=trade", 404, "unknown_symbol", "trade"),
    ("&fromSeq=5", 400, "symbol_invalid", "symbol"),
    ("NOPE&fromSeq=5", 404, "unknown_symbol", "NOPE"),
])
def test_a_bad_question_names_the_parameter(line, parameters, status, code, word):
    answer = line.rest.get(MISSED + parameters)
    error = answer.json()["error"]
    assert (answer.status, error["code"]) == (status, code)
    assert word in error["message"]


# --- many at once ---

def read_answer(stream):
    status = int(stream.readline().split()[1])
    length = 0
    while (field := stream.readline().strip().lower()):
        if field.startswith(b"content-length:"):
            length = int(field.split(b":")[1])
    return status, json.loads(stream.read(length))


def waiting(line):
    return line.process.metrics()["tradepulse_history_waiting"]


def test_who_asks_while_a_read_waits_is_answered_by_the_next_one(kafka, postgres):
    import psycopg2
    with journalled(kafka, postgres, PATIENT) as line, contextlib.ExitStack() as open_sockets:
        held = psycopg2.connect(line.database.url)
        open_sockets.callback(held.close)
        held.cursor().execute("LOCK TABLE journal_leaves IN ACCESS EXCLUSIVE MODE")

        def ask(start):
            connection = socket.create_connection(("127.0.0.1", line.process.client_port), 10)
            open_sockets.callback(connection.close)
            connection.sendall(f"GET {MISSED}A&fromSeq={start} HTTP/1.1\r\nHost: x\r\n\r\n"
                               .encode())
            return connection.makefile("rb")

        clients = [ask(0)]
        wait_until(lambda: line.database.value(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()") == 1, "the first read", 20)
        clients += [ask(start) for start in range(100) for _ in range(3)]
        wait_until(lambda: waiting(line) == 301, "all questions", 20)
        # Nobody waits for them.
        assert line.rest.get("/api/snapshots/A").status == 200
        held.rollback()
        answers = [read_answer(client) for client in clients]
        assert [status for status, _ in answers] == [200] * 301
        for (_, answer), start in zip(answers[1:], (each for each in range(100) for _ in range(3))):
            assert numbers(answer) == list(range(start + 1, start + 101))
        # For the first; for all others; and what that page lacks of theirs, again for all.
        assert line.process.metrics()["tradepulse_history_reads_total"] == 3
        assert waiting(line) == 0


# --- the database is away ---

def test_questions_wait_for_a_frozen_database_and_then_are_told(kafka, restartable_postgres):
    server = restartable_postgres
    with journalled(kafka, server.url, {"recovery.timeout": "1s", "postgres.watchdog": "2s",
                                        "postgres.statement_timeout": "1s"}) as line:
        assert missed(line, "B&fromSeq=0")["count"] == 3
        server.freeze()
        answer = line.rest.get(MISSED + "B&fromSeq=0")
        assert answer.status == 503
        assert answer.json()["error"]["code"] == "database_unavailable"
        assert answer.headers["retry-after"] == "1"
        assert line.rest.get("/api/snapshots/B").status == 200
        server.thaw()
        wait_until(lambda: line.rest.get(MISSED + "B&fromSeq=0").status == 200, "an answer", 20)


def test_a_question_outlives_a_restart_of_the_database(kafka, restartable_postgres):
    server = restartable_postgres
    with journalled(kafka, server.url) as line:
        server.stop()
        with socket.create_connection(("127.0.0.1", line.process.client_port), 10) as connection:
            connection.sendall(f"GET {MISSED}B&fromSeq=0 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            wait_until(lambda: line.process.metrics()["tradepulse_history_errors_total"] > 0,
                       "a failed read", 20)
            server.start()
            connection.settimeout(30)
            status, answer = read_answer(connection.makefile("rb"))
        assert (status, answer["count"]) == (200, 3)


def test_a_frozen_database_does_not_hold_the_end_of_the_process(kafka, restartable_postgres):
    server = restartable_postgres
    with journalled(kafka, server.url) as line, contextlib.ExitStack() as sockets:
        server.freeze()
        streams = []
        # Two are being read, one waits: in the order in which they came.
        for sent, symbol in enumerate(("A", "B", "UNCOMMITTED"), 1):
            connection = sockets.enter_context(
                socket.create_connection(("127.0.0.1", line.process.client_port), 10))
            connection.sendall(f"GET {MISSED}{symbol}&fromSeq=0 HTTP/1.1\r\nHost: x\r\n\r\n"
                               .encode())
            streams.append(connection.makefile("rb"))
            wait_until(lambda: waiting(line) == sent, f"question {sent}", 20)
        os.kill(line.process.pid, signal.SIGTERM)
        status, answer = read_answer(streams[2])
        assert (status, answer["error"]["code"]) == (503, "not_ready")
        assert line.process.wait_for_exit() == 0
        server.thaw()
