"""The programs of docs/history.md do what the page says of them: taken out of it and run."""

import contextlib
import decimal
import json
import os
import re
import sys
import urllib.parse

import pytest
from line import START_OF_TIME_MS, Line
from oracle import as_event, assert_rows_equal_the_log, events_of, updates_of
from supervised import HERE, Supervised, temporary_folder, wait_until

PAGE = os.path.join(os.path.dirname(os.path.dirname(HERE)), "docs", "history.md")
PROGRAMS = {"python": ([sys.executable, "-s"], "client.py"), "js": (["/usr/bin/node"], "client.js")}
NODE_MODULES = "/usr/share/nodejs"  # Debian's
SYMBOLS = ["A", "B"]


def code(language):
    """The one block of the page in that language."""
    with open(PAGE, encoding="utf-8") as file:
        (block,) = re.findall(rf"^```{language}\n(.*?)^```$", file.read(), re.DOTALL | re.MULTILINE)
    return block


def page_statement(word):
    """The one SQL block of the page that begins with that word."""
    with open(PAGE, encoding="utf-8") as file:
        blocks = re.findall(r"^```sql\n(.*?)^```$", file.read(), re.DOTALL | re.MULTILINE)
    (block,) = [block for block in blocks if block.startswith(word)]
    return block


class Client:
    """A program of the page. What it prints is what it was told."""

    def __init__(self, language, port, symbols):
        command, name = PROGRAMS[language]
        folder = temporary_folder("tradepulse-history-page-")
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(code(language))
        self._log = os.path.join(folder, "output")
        self.run = Supervised([*command, name, f"ws://127.0.0.1:{port}/ws", *symbols],
                              log=self._log, folder=folder,
                              environment={**os.environ, "NODE_PATH": NODE_MODULES})

    def messages(self):
        assert self.run.alive, self._output()
        return [json.loads(line, parse_float=decimal.Decimal)
                for line in self._output().splitlines(keepends=True) if line.endswith("\n")]

    def _output(self):
        with open(self._log, encoding="utf-8") as file:
            return file.read()

    def numbers(self, symbol):
        return [update["sequence"] for update in updates_of(self.messages(), symbol)]

    def snapshots(self):
        return sorted((each["data"]["symbol"], each["data"]["sequence"])
                      for each in self.messages() if each.get("snapshot"))

    def wait_for(self, sequence):
        wait_until(lambda: all(self.numbers(symbol)[-1:] == [sequence] for symbol in SYMBOLS),
                   f"event {sequence} of {SYMBOLS} at the client", 30)

    def close(self):
        self.run.kill()


def produce(line, first, last):
    for number in range(first, last + 1):
        for symbol in SYMBOLS:
            line.producer.tick(symbol, f"{number}.5", "1", START_OF_TIME_MS + number)
    return line.producer.flush()


@contextlib.contextmanager
def subscribed(kafka, postgres, language, settings):
    """A line and a client of the page that has joined both symbols at their first event."""
    with Line(kafka, postgres, 2, {"symbols.ring": 0, **settings}) as line:
        assert_rows_equal_the_log(line.database, produce(line, 1, 1))
        client = Client(language, line.process.client_port, SYMBOLS)
        line.callback(client.close)
        wait_until(lambda: client.snapshots() == [("A", 1), ("B", 1)], "the snapshots", 30)
        yield line, client


def away(line, client, end, first, last):
    """The engine ends, and comes back with more events before the client does."""
    end(line.process)
    client.run.freeze()
    records = produce(line, first, last)
    line.process.start()
    assert_rows_equal_the_log(line.database, records)
    client.run.thaw()


@pytest.mark.parametrize("end", [lambda process: process.stop(), lambda process: process.kill()],
                         ids=["stopped", "killed"])
@pytest.mark.parametrize("language", PROGRAMS)
def test_a_client_of_the_page_gets_each_event_once_across_restarts(kafka, postgres, language, end):
    with subscribed(kafka, postgres, language, {}) as (line, client):
        produce(line, 2, 30)
        client.wait_for(30)
        away(line, client, end, 31, 1500)
        client.wait_for(1500)
        assert line.process.metrics()["tradepulse_recovered_events_total"] == 2 * 1470
        produce(line, 1501, 1510)
        client.wait_for(1510)
        away(line, client, end, 1511, 1520)
        records = produce(line, 1521, 1530)
        client.wait_for(1530)
        messages = client.messages()
        for symbol in SYMBOLS:
            assert client.numbers(symbol) == list(range(2, 1531))
            assert [as_event(each) for each in updates_of(messages, symbol)] == events_of(
                records)[symbol][1:]
        assert {message["type"] for message in messages} == {"price_update"}
        assert client.snapshots() == [("A", 1), ("B", 1)]


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_client_of_the_page_is_told_what_it_cannot_have(kafka, postgres, language):
    with subscribed(kafka, postgres, language, {"journal.streams": []}) as (line, client):
        produce(line, 2, 10)
        client.wait_for(10)
        away(line, client, lambda process: process.stop(), 11, 20)
        wait_until(lambda: client.snapshots() == [("A", 1), ("A", 20), ("B", 1), ("B", 20)],
                   "where the streams stand", 30)
        produce(line, 21, 25)
        client.wait_for(25)
        messages = client.messages()
        for symbol in SYMBOLS:
            assert client.numbers(symbol) == [*range(2, 11), *range(21, 26)]
            assert [each for each in messages if each.get("symbol") == symbol] == [
                {"type": "gap", "symbol": symbol, "stream": "price", "epoch": 1, "from": 11,
                 "to": 20, "reason": "expired"}]


def test_all_that_is_kept_comes_behind_the_position_before_the_first_event(kafka, postgres):
    with Line(kafka, postgres, 1, {"symbols.ring": 0}) as line:
        assert_rows_equal_the_log(line.database, produce(line, 1, 12))
        client = line.process.websocket()
        client.send({"type": "subscribe", "symbol": "A", "since": {"epoch": 0, "seq": 0}})
        wait_until(lambda: len(updates_of(client.messages(), "A")) == 12, "the events", 20)
        records = produce(line, 13, 15)
        wait_until(lambda: len(updates_of(client.messages(), "A")) >= 15, "the live ones", 20)
        assert [as_event(each) for each in updates_of(client.messages(), "A")] == events_of(
            records)["A"]
        assert not client.messages("gap") and not client.messages("error")


def test_without_a_journal_rest_says_that_there_is_none(kafka, postgres):
    with Line(kafka, postgres, 1, {"journal.streams": []}) as line:
        assert_rows_equal_the_log(line.database, produce(line, 1, 2))
        answer = line.rest.get("/api/v1/events/missed?symbol=A&fromSeq=0")
        assert (answer.status, answer.json()["error"]["code"]) == (400, "unsupported")


def test_the_query_of_the_page_shows_each_event_exactly(kafka, postgres):
    with Line(kafka, postgres, 1) as line:
        line.producer.tick("A", "12345678901.12345678", "999999.99999999", START_OF_TIME_MS + 5)
        line.producer.tick("A", "0.00000001", None, START_OF_TIME_MS)
        line.producer.tick("B", "1", "1", START_OF_TIME_MS)
        records = line.producer.flush()
        assert_rows_equal_the_log(line.database, records)
        offsets = [each.offset for each in records]
        D = decimal.Decimal
        assert line.database.query(page_statement("SELECT")) == [
            ("A", 1, 1, D("12345678901.12345678"), D("999999.99999999"), START_OF_TIME_MS + 5,
             False, line.topic, 0, offsets[0]),
            ("A", 1, 2, D("0.00000001"), None, START_OF_TIME_MS, True, line.topic, 0, offsets[1])]


def test_the_statement_of_the_page_brings_back_events_of_a_clock_ahead(kafka, postgres):
    """The partition's commit time is a year ahead, as after one commit by such a clock."""
    with Line(kafka, postgres, 1, {"symbols.ring": 0}) as line:
        query, value = line.database.query, line.database.value
        records = produce(line, 1, 5)
        assert_rows_equal_the_log(line.database, records)
        ahead = "SELECT count(*) FROM journal_prices WHERE commit_time > 86400000 + extract(epoch" \
            " FROM now()) * 1000"
        line.process.stop()
        query("UPDATE ingest_offsets SET journal_time = journal_time + 365 * bigint '86400000'")
        line.process.start()
        records = produce(line, 6, 10)
        assert_rows_equal_the_log(line.database, records)
        assert value(ahead) == 2 * 5
        line.process.stop()
        query(page_statement("DO"))
        line.process.start()
        records = produce(line, 11, 15)
        assert_rows_equal_the_log(line.database, records)
        assert value(ahead) == 0
        assert value("SELECT count(*) FROM journal_leaves WHERE leaf > current_date + 1") == 0
        assert query("SELECT symbol, events, gap_count FROM stream_gaps ORDER BY 1") == [
            ("A", 15, 0), ("B", 15, 0)]
        for since in (0, 4, 7, 10, 12):
            answer = line.rest.get(f"/api/v1/events/missed?symbol=A&epoch=1&fromSeq={since}").json()
            assert [each["seq"] for each in answer["data"]] == list(range(since + 1, 16))
            assert answer["gaps"] == []


def as_writer(line, more=""):
    """The line migrates, and goes on as a role with the rights of the page and these."""
    line.process.start()  # with the rights of whoever migrates
    line.process.stop()
    role = "writer_" + line.database.parts["name"]
    query = line.database.query
    query(f"CREATE ROLE {role} LOGIN PASSWORD 'of the test'")
    line.callback(query, f"DROP OWNED BY {role}; DROP ROLE {role}")
    query((page_statement("GRANT") + more).replace("TO writer", f"TO {role}"))
    url = urllib.parse.urlsplit(line.database.url)
    url = url._replace(netloc=f"{role}:of%20the%20test@{url.hostname}:{url.port}")
    line.process.settings.update({"postgres.url": url.geturl(), "postgres.migrate": False})
    line.process.start()
    return role


def test_the_rights_of_the_page_are_enough(kafka, postgres):
    """A role that owns nothing writes, reads, and makes no table of its own."""
    with Line(kafka, postgres, 1, {"symbols.ring": 0}, start=False) as line:
        role = as_writer(line)
        query = line.database.query
        assert_rows_equal_the_log(line.database, produce(line, 1, 9))
        answer = line.rest.get("/api/v1/events/missed?symbol=A&fromSeq=0").json()
        assert [each["seq"] for each in answer["data"]] == list(range(1, 10))
        assert answer["gaps"] == []
        assert query("SELECT count(*) FROM pg_tables WHERE tableowner = %s", role) == [(0,)]


@pytest.mark.parametrize("name, replace", [("klines", []), ("klines", ["klines"])],
                         ids=["adopted", "put aside"])
def test_bars_of_another_programs_table_take_the_rights_that_the_page_adds(kafka, postgres, name,
                                                                           replace):
    """Missing, they are told at the start with the GRANT to run; that GRANT is enough."""
    stands = name + ("_before_tradepulse" if replace else "")
    with Line(kafka, postgres, 1, {"adopt.replace": replace}, start=False) as line:
        line.database.query(
            f"CREATE TABLE {name} (time TIMESTAMPTZ, symbol TEXT, open NUMERIC, high NUMERIC,"
            f" low NUMERIC, close NUMERIC); INSERT INTO {name} VALUES"
            " ('2024-08-08 14:00Z', 'A', 1, 9, 1, 2)")
        role = as_writer(line)
        line.process.wait_for_log("event=bars_unreadable")
        ask = lambda: line.rest.get("/bars/A?interval=1m")
        assert ask().status == 500
        grant = f"GRANT SELECT ON {stands} TO {role}"
        assert grant in line.process.log_text()
        line.database.query(grant)
        assert [bar["close"] for bar in ask().json()["data"]] == [2]
