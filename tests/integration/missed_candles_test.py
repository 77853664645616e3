"""GET /api/v1/klines/missed where a topic is configured so that candles answer."""

from decimal import Decimal

import pytest
from candles_test import START, market, produce, trade
from kline_line import kline
from supervised import wait_until

MISSED = "/api/v1/klines/missed?symbol="
MINUTE = 60_000


def wait_until_stored(line, stream, count, symbol="BTCUSDT"):
    wait_until(lambda: line.database.query(
        "SELECT last_sequence FROM stream_positions WHERE symbol = %s AND stream = %s",
        symbol, stream) == [(count,)], f"{count} of {stream} of {symbol} in the database", 30)


def answered(number, minute, close, at, revision=0, high=None, volume="0.25"):
    """Of a minute of trades at one price, or that went up to `high`."""
    start = START + minute * MINUTE
    return {"seq": number, "symbol": "BTCUSDT", "timestamp": at,
            "kline": {"t": start, "T": start + MINUTE, "s": "BTCUSDT", "o": 100 + minute,
                      "h": high or close, "l": 100 + minute, "c": close, "v": Decimal(volume)},
            "revision": revision}


def a_trade_a_minute(line, minutes):
    produce(line, *(trade(minute + 1, START + minute * MINUTE, str(100 + minute))
                    for minute in minutes))


def test_a_client_that_counts_candles_has_all_that_it_missed(kafka, postgres):
    """Closes and a correction while it was away, and a kill; it knows nothing but its number."""
    with market(kafka, postgres) as line:
        client = line.process.websocket()
        client.send({"type": "subscribe", "symbol": "BTCUSDT", "streams": ["candle_1m"]})
        client.wait_for(lambda each: each["type"] == "subscribed")
        a_trade_a_minute(line, range(2))
        last = client.wait_for(lambda each: each["type"] == "candle")["data"]["sequence"]
        client.close()
        a_trade_a_minute(line, range(2, 4))
        produce(line, trade(9, START + MINUTE + 59_000, "500"))  # late: corrects the minute
        line.process.kill()
        line.process.start()
        a_trade_a_minute(line, range(4, 5))
        wait_until_stored(line, "candle_1m", 5)
        client = line.process.websocket()
        client.send({"type": "subscribe", "symbol": "BTCUSDT", "streams": ["candle_1m"]})
        client.wait_for(lambda each: each["type"] == "subscribed")
        a_trade_a_minute(line, range(5, 6))
        live = client.wait_for(lambda each: each["type"] == "candle")["data"]["sequence"]
        assert (last, live) == (1, 6)
        answer = line.rest.get(f"{MISSED}BTCUSDT&fromSeq={last}&toSeq={live - 1}")
        assert answer.status == 200
        assert answer.json() == {
            "symbol": "BTCUSDT", "fromSeq": 1, "toSeq": 5, "count": 4, "data": [
                answered(2, 1, 101, START + 2 * MINUTE), answered(3, 2, 102, START + 3 * MINUTE),
                answered(4, 1, 500, START + MINUTE + 59_000, 1, 500, "0.5"),
                answered(5, 3, 103, START + 4 * MINUTE)],
            "stream": "candle_1m", "numbering": "engine", "epoch": 1, "gaps": []}


def test_pages_follow_each_other_and_the_end_is_told(kafka, postgres):
    with market(kafka, postgres) as line:
        a_trade_a_minute(line, range(8))
        wait_until_stored(line, "candle_1m", 7)
        at, numbers, gaps, pages = 0, [], [], 0
        while at is not None:
            page = line.rest.get(f"{MISSED}BTCUSDT&fromSeq={at}&toSeq=9&limit=3").json()
            numbers += [each["seq"] for each in page["data"]]
            gaps += page["gaps"]
            at, pages = page.get("next"), pages + 1
        assert numbers == [1, 2, 3, 4, 5, 6, 7] and pages == 3
        assert gaps == [{"from": 8, "to": 9, "reason": "not_yet"}]
        five = line.rest.get(MISSED + "BTCUSDT&fromSeq=0&toSeq=1&interval=5m").json()
        assert [each["kline"]["T"] - each["kline"]["t"] for each in five["data"]] == [5 * MINUTE]
        # Made of no candles, and not closed yet.
        for query in ("BTCUSDT&fromSeq=0&toSeq=1&interval=3m", "NOPE&fromSeq=0&toSeq=1"):
            assert line.rest.get(MISSED + query).status == 404, query
        produce(line, trade(1, START + 8 * MINUTE, symbol="NEWUSDT"))
        wait_until_stored(line, "trade", 1, "NEWUSDT")
        open_one = line.rest.get(MISSED + "NEWUSDT&fromSeq=0&toSeq=1")
        assert open_one.status == 404
        assert "no candle of interval 1m that has closed" in open_one.body.decode()


def test_candles_have_the_engines_numbers_where_klines_have_upstreams(kafka, postgres):
    with market(kafka, postgres, {"klines.missed_numbers": "source"}) as line:
        a_trade_a_minute(line, range(3))
        wait_until_stored(line, "candle_1m", 2)
        answer = line.rest.get(MISSED + "BTCUSDT&fromSeq=0&toSeq=2").json()
        assert (answer["stream"], answer["numbering"], answer["epoch"]) == ("candle_1m", "engine", 1)
        assert [each["seq"] for each in answer["data"]] == [1, 2]


@pytest.mark.parametrize("said, stream", [
    ("as-bars", "kline_1m"), ("klines", "kline_1m"), ("candles", "candle_1m")])
def test_the_topic_says_which_where_a_symbol_has_both(kafka, postgres, said, stream):
    with market(kafka, postgres, start=False) as line:
        line.process.settings["topics"][0]["missed_klines"] = said
        line.process.start()
        a_trade_a_minute(line, range(3))
        wait_until_stored(line, "candle_1m", 2)
        before = line.rest.get(MISSED + "BTCUSDT&fromSeq=0&toSeq=1")
        if said == "klines":
            assert before.status == 404
        else:
            assert before.json()["stream"] == "candle_1m"
        produce(line, {"stream": "btcusdt@kline_1m",
                       "data": {**kline("BTCUSDT", 0, "7"), "T": START + 3 * MINUTE}})
        wait_until_stored(line, "kline_1m", 1)
        answer = line.rest.get(MISSED + "BTCUSDT&fromSeq=0&toSeq=1").json()
        assert (answer["stream"], answer["count"]) == (stream, 1)
        # Bars are not asked by number: there klines come first.
        assert line.rest.get("/bars/BTCUSDT").json()["source"] == "kline_1m"


def test_candles_that_are_not_kept_are_refused_and_are_bars_all_the_same(kafka, postgres):
    with market(kafka, postgres, {"journal.streams": ["trade"]}) as line:
        a_trade_a_minute(line, range(3))
        wait_until_stored(line, "candle_1m", 2)
        refused = line.rest.get(MISSED + "BTCUSDT&fromSeq=0&toSeq=1")
        assert refused.status == 400
        assert "journal.streams does not name candle" in refused.json()["error"]["message"]
        bars = line.rest.get("/bars/BTCUSDT").json()
        assert [(each["close"], each["closed"]) for each in bars["data"]] == [
            (100, True), (101, True), (102, False)]
        assert (bars["source"], bars["seq"], bars["gaps"]) == ("candle_1m", 2, [])
