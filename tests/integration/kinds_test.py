"""Trades, quotes and klines: what is in the log comes once, exactly, and by its number, by socket,
by REST and in the journal, also behind a crash."""

import json
import secrets
import time
from decimal import Decimal

import pytest

from kafka_client import RecordingProducer, create_topic
from line import Line
from supervised import wait_until

# Records have these times as well, and a broker throws away what is older than a week.
T = int(time.time()) * 1000 - 60_000
KINDS = ["price", "trade", "quote", "kline_1m"]
TYPES = {"price": "price_update", "trade": "trade", "quote": "quote", "kline_1m": "kline"}


def trade(number):
    return {"e": "trade", "E": T + number, "s": "BTCUSDT", "t": 700 + number,
            "p": f"{30000 + number}.50000000", "q": "0.00100000", "T": T + number,
            "m": number % 2 == 0, "M": True}


def quote(number):
    return {"u": 9000 + number, "s": "BTCUSDT", "b": f"{30000 + number}.1", "B": "2",
            "a": f"{30000 + number}.2", "A": "3.5"}


def kline(number):
    return {"e": "kline", "E": T + number, "s": "BTCUSDT", "sequence": 40 + number,
            "k": {"t": T // 60000 * 60000, "T": T // 60000 * 60000 + 59999, "s": "BTCUSDT",
                  "i": "1m", "f": 1, "L": 2, "o": "30000", "c": f"{30000 + number}",
                  "h": "40000", "l": "29000", "v": "12.5", "n": 7, "x": number % 10 == 0,
                  "q": "375000.25", "V": "6", "Q": "180000", "B": "0"}}


class Market(Line):
    """Frames of trades and quotes in one topic, klines in another."""

    def __init__(self, kafka, postgres, settings=None):
        klines = "klines-" + secrets.token_hex(6)
        create_topic(kafka, klines, 1)
        create_topic(kafka, klines + ".dead-letter", 1)
        super().__init__(kafka, postgres, 1, settings, start=False)
        self.process.settings["topics"] = [{"name": self.topic, "decoder": "binance-stream"},
                                           {"name": klines, "decoder": "binance-klines"}]
        self.klines = RecordingProducer(kafka, klines)
        try:
            self.process.start()
        except BaseException:
            self.close()
            raise

    def produce(self, first, last):
        """As many of each kind."""
        for number in range(first, last + 1):
            for name, event in (("trade", trade(number)), ("bookTicker", quote(number))):
                frame = {"stream": f"btcusdt@{name}", "data": event}
                self.producer.produce(json.dumps(frame), key="BTCUSDT",
                                      timestamp_ms=T + number)
            self.klines.produce(json.dumps(kline(number)), key="BTCUSDT", timestamp_ms=T + number)
        self.producer.flush()
        self.klines.flush()


def of_kind(messages, stream):
    return [message["data"] for message in messages
            if message["type"] == TYPES[stream] and "snapshot" not in message]


def wait_for_all(client, last, kinds=KINDS):
    for kind in kinds:
        client.wait_for(lambda message, kind=kind: message["type"] == TYPES[kind]
                        and message["data"]["sequence"] == last)


def subscribe(client, **more):
    client.send({"type": "subscribe", "symbol": "BTCUSDT", "streams": KINDS, **more})
    answer = client.wait_for(lambda message: message["type"] == "subscribed")
    return {each["stream"]: each for each in answer["positions"]}


def assert_exact(client, first, last):
    """Everything from number `first` to `last` of every kind, once, as it was produced."""
    messages = client.messages()
    for kind in KINDS:
        assert [data["sequence"] for data in of_kind(messages, kind)] == \
            list(range(first, last + 1)), kind
    trades, quotes, klines = (of_kind(messages, kind) for kind in KINDS[1:])
    numbers = range(first, last + 1)
    assert trades == [
        {"symbol": "BTCUSDT", "stream": "trade", "epoch": 1, "sequence": n, "timestamp": T + n,
         "price": 30000 + n + Decimal("0.5"), "size": Decimal("0.001"), "side": "sell" if n % 2 == 0 else "buy",
         "trade_id": 700 + n, "source_sequence": 700 + n} for n in numbers]
    assert quotes == [
        {"symbol": "BTCUSDT", "stream": "quote", "epoch": 1, "sequence": n, "timestamp": T + n,
         "bid": 30000 + n + Decimal("0.1"), "bid_size": 2,
         "ask": 30000 + n + Decimal("0.2"), "ask_size": Decimal("3.5"),
         "source_sequence": 9000 + n} for n in numbers]
    assert [(each["close"], each["closed"], each["source_sequence"]) for each in klines] == [
        (30000 + n, n % 10 == 0, 40 + n) for n in numbers]
    assert klines[0] == {
        "symbol": "BTCUSDT", "stream": "kline_1m", "epoch": 1, "sequence": first,
        "timestamp": T + first, "start": T // 60000 * 60000, "end": T // 60000 * 60000 + 59999,
        "open": 30000, "high": 40000, "low": 29000, "close": 30000 + first, "volume": Decimal("12.5"),
        "quote_volume": Decimal("375000.25"), "taker_buy_volume": 6, "taker_buy_quote_volume": 180000,
        "trades": 7, "first_trade_id": 1, "last_trade_id": 2, "closed": first % 10 == 0,
        "source_sequence": 40 + first}


def committed(line, count):
    def all_of_them():
        return line.database.value(
            "SELECT count(*) FROM stream_positions WHERE last_sequence = %s", count) == 3
    wait_until(all_of_them, f"{count} of each kind in the database", 20)


def test_each_kind_comes_once_and_exactly(kafka, postgres):
    with Market(kafka, postgres) as line:
        client = line.process.websocket()
        positions = subscribe(client)
        assert positions == {kind: {"symbol": "BTCUSDT", "stream": kind, "known": False,
                                    "epoch": 0, "seq": 0, "recovered": False} for kind in KINDS}
        line.produce(1, 40)
        wait_for_all(client, 40)
        assert_exact(client, 1, 40)
        assert not client.messages("gap") and not client.messages("error")


@pytest.mark.parametrize("ring", [0, 7, 1000])
def test_who_comes_back_goes_on_with_each_kind_from_its_own_position(kafka, postgres, ring):
    with Market(kafka, postgres, {"symbols.ring": ring,
                                  "journal.streams": ["price", "trade", "quote", "kline"]}) as line:
        line.produce(1, 60)
        committed(line, 60)
        client = line.process.websocket()
        positions = subscribe(client, since={kind: {"epoch": 1, "seq": 20} for kind in KINDS})
        for kind in KINDS:
            assert positions[kind].pop("lost") in (0, None)  # What a journal has it says when read.
            assert positions[kind] == {
                "symbol": "BTCUSDT", "stream": kind, "known": True, "epoch": 1, "seq": 60,
                "recovered": True, "from": {"epoch": 1, "seq": 21}, "to": {"epoch": 1, "seq": 60}}
        wait_for_all(client, 60)
        line.produce(61, 70)
        wait_for_all(client, 70)
        assert_exact(client, 21, 70)
        assert not client.messages("gap") and not client.messages("error")


def test_a_crash_changes_no_number(kafka, postgres):
    with Market(kafka, postgres) as line:
        line.produce(1, 30)
        committed(line, 30)
        line.process.kill()
        line.produce(31, 50)
        line.process.start()
        client = line.process.websocket()
        subscribe(client, since={kind: {"epoch": 1, "seq": 25} for kind in KINDS
                                 if kind != "quote"})
        line.produce(51, 60)
        wait_for_all(client, 60)
        committed(line, 60)
        messages = client.messages()
        for kind in ("price", "trade", "kline_1m"):
            assert [data["sequence"] for data in of_kind(messages, kind)] == list(range(26, 61))
        for journal, kind in (("journal_prices", "price"), ("journal_trades", "trade"),
                              ("journal_klines", "kline_1m")):
            assert line.database.query(
                f"SELECT count(*), count(DISTINCT seq), min(seq), max(seq) FROM {journal}"
                " JOIN journal_streams USING (stream_id) WHERE stream = %s", kind) == [
                    (60, 60, 1, 60)]
        assert line.database.query("SELECT stream, gap_count FROM stream_gaps ORDER BY stream") == [
            ("kline_1m", 0), ("price", 0), ("trade", 0)]


def test_kills_under_load_lose_and_double_nothing(kafka, postgres):
    """A client that goes on from where it was, behind each kill, has every number of each kind once;
    so has the journal, with the offsets of the log in their order."""
    settings = {"journal.streams": ["price", "trade", "quote", "kline"],
                "postgres.flush_interval": "20ms", "symbols.ring": 50}
    with Market(kafka, postgres, settings) as line:
        reached, got = dict.fromkeys(KINDS, 0), {kind: [] for kind in KINDS}
        for number in range(5):
            client = line.process.websocket()
            subscribe(client, since={kind: {"epoch": 1, "seq": reached[kind]} if number else
                                     {"epoch": 0, "seq": 0} for kind in KINDS})
            line.produce(number * 300 + 1, number * 300 + 200)
            if number < 4:
                line.process.kill()  # Some of it numbered, some committed, some neither.
            else:
                wait_for_all(client, 1400)
            assert not client.messages("gap") and not client.messages("error")
            for kind in KINDS:
                got[kind] += [data["sequence"] for data in of_kind(client.messages(), kind)]
                reached[kind] = max(got[kind], default=0)
            line.produce(number * 300 + 201, (number + 1) * 300)
            if number < 4:
                line.process.start()
        wait_for_all(client, 1500)
        for kind in KINDS:
            got[kind] += [data["sequence"] for data in of_kind(client.messages(), kind)
                          if data["sequence"] > reached[kind]]
            assert got[kind] == list(range(1, 1501)), kind
        committed(line, 1500)
        for journal in ("journal_prices", "journal_trades", "journal_quotes", "journal_klines"):
            assert line.database.query(
                "SELECT count(*), count(DISTINCT (epoch, seq)), min(seq), max(seq), max(epoch),"
                " count(DISTINCT kafka_offset), bool_and(ordered) FROM (SELECT *, kafka_offset >"
                " coalesce(lag(kafka_offset) OVER (ORDER BY seq), -1) AS ordered"
                f" FROM {journal}) e") == [(1500, 1500, 1, 1500, 1, 1500, True)], journal


@pytest.mark.parametrize("kind, member", [("trade", "trade_id"), ("kline_1m", "close")])
def test_missed_events_of_a_kind(kafka, postgres, kind, member):
    with Market(kafka, postgres) as line:
        line.produce(1, 30)
        committed(line, 30)
        answer = line.rest.get(f"/api/v1/events/missed?symbol=BTCUSDT&stream={kind}"
                               "&fromSeq=10&toSeq=25&limit=10").json()
        assert (answer["stream"], answer["epoch"], answer["count"], answer["next"]) == (
            kind, 1, 10, 20)
        assert (answer["lowest"], answer["highest"], answer["gaps"]) == (1, 30, [])
        assert [each["seq"] for each in answer["data"]] == list(range(11, 21))
        expected = {"trade_id": 711, "close": 30011}[member]
        assert answer["data"][0][member] == expected
        # A quote is not kept by default: said, not shown as an empty list.
        refused = line.rest.get("/api/v1/events/missed?symbol=BTCUSDT&stream=quote&fromSeq=0")
        assert refused.status == 400
        assert "journal.streams" in refused.json()["error"]["message"]


def test_a_record_that_is_no_kline_is_a_dead_letter_and_nothing_else_is_lost(kafka, postgres):
    with Market(kafka, postgres) as line:
        client = line.process.websocket()
        subscribe(client)
        line.produce(1, 3)
        bad = kline(4)
        bad["k"]["l"] = "50000"  # Above its high.
        line.klines.produce(json.dumps(bad), key="BTCUSDT", timestamp_ms=T + 4)
        line.klines.flush()
        line.produce(4, 6)
        wait_for_all(client, 6)
        assert_exact(client, 1, 6)
        wait_until(lambda: line.process.metrics()["tradepulse_dead_letters_total"] == 1,
                   "the dead letter", 20)
