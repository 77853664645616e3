"""Candles through the binary: of recorded trades, by table, REST and socket, with kills."""

import glob
import gzip
import json
import os
import subprocess
import time
from decimal import Decimal

import pytest

from candle_oracle import MS, Trade, closed_candles
from line import Line
from replay_test import PLACES, RECORDED
from supervised import wait_until
from tradepulse_process import binary

INTERVALS = ["1m", "5m", "15m", "1h"]
FIELDS = ["open", "high", "low", "close", "volume", "quote_volume", "taker_buy_volume",
          "taker_buy_quote_volume", "trades", "first_trade_id", "last_trade_id", "first_seq",
          "last_seq"]
# Records have these times as well, and a broker throws away what is older than a week.
START = int(time.time() * 1000) // MS["1h"] * MS["1h"] - MS["1h"]


def market(kafka, postgres, settings=None, source="trade", partitions=1, start=True):
    line = Line(kafka, postgres, partitions, settings, start=False)
    line.process.settings["topics"] = [{"name": line.topic, "decoder": "binance-stream",
                                        "candles": {"source": source}}]
    line.process.settings["candles.intervals"] = INTERVALS
    try:
        if start:
            line.process.start()
    except BaseException:
        line.close()
        raise
    return line


def stored(line, symbol, interval):
    """{start: candle}, of the table."""
    rows = line.database.query(
        f"SELECT (extract(epoch FROM time) * 1000)::bigint, {', '.join(FIELDS)} FROM candles"
        " WHERE symbol = %s AND interval = %s", symbol, interval)
    return {row[0]: dict(zip(FIELDS, row[1:])) for row in rows}


def events(line, symbol, interval):
    found, position = [], 0
    while True:
        page = line.rest.get(f"/api/v1/events/missed?symbol={symbol}&stream=candle_{interval}"
                             f"&fromSeq={position}&limit=1000").json()
        found += page["data"]
        assert page["gaps"] == []
        if "next" not in page or page["next"] is None:
            return found
        position = page["next"]


DAY = MS["1d"]


def recorded_frames(path, suffix):
    """[(frame, the time of its receipt)] of its trades and quotes, moved by whole days to the last
    ones: quotes have no time but that of their record, and a broker throws old records away."""
    shift, found = None, []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for text in file:
            received, _, frame = text.partition(" ")
            frame = json.loads(frame)
            name = frame.get("stream", "").partition("@")[2]
            if name not in ("trade", "bookTicker"):
                continue
            received = int(received) // 10**6
            if shift is None:
                shift = (int(time.time() * 1000) - received) // DAY * DAY - DAY
            data = frame["data"]
            data["s"] += suffix
            for member in ("T", "E"):
                if member in data:
                    data[member] += shift
            found.append((frame, received + shift))
    return found


def test_the_recorded_minutes_are_exact(kafka, postgres):
    folders = [place for place in PLACES if place
               and glob.glob(os.path.join(place, "*_20240808.gz"))]
    if not folders:
        pytest.skip("NO RECORDINGS: set TRADEPULSE_RECORDINGS to the folder of the Binance "
                    "recordings, or put them into recordings/ beside the clone; only generated "
                    "trades made candles")
    with market(kafka, postgres, partitions=4) as line:
        files = {}
        for name, (suffix, symbol, count, _) in RECORDED.items():
            frames = recorded_frames(os.path.join(folders[0], name), suffix)
            trades = [frame["data"] for frame, _ in frames if frame["stream"].endswith("@trade")]
            files[symbol] = [Trade.of_binance(number, data)
                             for number, data in enumerate(trades, start=1)]
            assert len(trades) == count
            for frame, received in frames:
                line.producer.produce(json.dumps(frame), key=symbol, timestamp_ms=received)
        line.producer.flush()
        for symbol, trades in files.items():
            wait_until(lambda symbol=symbol, count=len(trades): line.database.query(
                "SELECT last_sequence FROM stream_positions WHERE symbol = %s AND stream = 'trade'",
                symbol) == [(count,)], f"the trades of {symbol}", 60)
            reached = max(each.time for each in trades)
            for interval in INTERVALS:
                # By its own trades; quotes, and what shares its partition, may have closed more.
                due = closed_candles(trades, interval, reached)
                found = stored(line, symbol, interval)
                assert {start: found.get(start) for start in due} == due, (symbol, interval)
                numbered = events(line, symbol, interval)
                assert [each["seq"] for each in numbered] == list(range(1, len(numbered) + 1))
                newest = {each["start"]: {field: each[field] for field in FIELDS}
                          for each in numbered}
                assert {start: newest.get(start) for start in due} == due, (symbol, interval)
            assert len(closed_candles(trades, "1m", reached)) >= 5, symbol


def trade(number, time_ms, price="100.5", size="0.25", symbol="BTCUSDT"):
    return {"stream": f"{symbol.lower()}@trade",
            "data": {"e": "trade", "E": time_ms, "s": symbol, "t": number, "p": price, "q": size,
                     "T": time_ms, "m": number % 2 == 0, "M": True}}


def produce(line, *frames):
    for frame in frames:
        line.producer.produce(json.dumps(frame), key=frame["data"]["s"],
                              timestamp_ms=frame["data"]["T"])
    line.producer.flush()


def of_type(client, name):
    return [message["data"] for message in client.messages(name)]


def test_a_client_sees_views_and_then_the_numbered_close(kafka, postgres):
    with market(kafka, postgres) as line:
        produce(line, trade(1, START, "100"), trade(2, START + 10, "120"))
        client = line.process.websocket()
        client.send({"type": "subscribe", "symbol": "BTCUSDT", "streams": ["candle_1m"]})
        client.wait_for(lambda message: message["type"] == "subscribed")
        produce(line, trade(3, START + 30, "90"))
        view = client.wait_for(lambda message: message["type"] == "candle_view"
                               and message["data"]["trades"] == 3)["data"]
        assert (view["stream"], view["source"], view["through"], view["closed"]) == (
            "candle_1m", "trade", {"epoch": 1, "seq": 3}, False)
        assert "sequence" not in view
        produce(line, trade(4, START + 60_000, "110"))
        close = client.wait_for(lambda message: message["type"] == "candle")["data"]
        assert close == {
            "symbol": "BTCUSDT", "stream": "candle_1m", "epoch": 1, "sequence": 1,
            "timestamp": START + 60_000, "start": START, "end": START + 60_000, "open": 100,
            "high": 120, "low": 90, "close": 90, "volume": Decimal("0.75"),
            "quote_volume": Decimal("77.5"), "taker_buy_volume": Decimal("0.5"),
            "taker_buy_quote_volume": Decimal("47.5"), "trades": 3, "first_trade_id": 1,
            "last_trade_id": 3, "closed": True, "revision": 0, "source_epoch": 1, "first_seq": 1,
            "last_seq": 3}
        produce(line, trade(5, START + 59_999, "300"))  # Late: a correction.
        again = client.wait_for(lambda message: message["type"] == "candle"
                                and message["data"]["sequence"] == 2)["data"]
        assert (again["start"], again["revision"], again["high"], again["close"],
                again["trades"]) == (START, 1, 300, 300, 4)


def test_kills_change_no_candle(kafka, postgres):
    """A client that goes on from where it was has every number once; the table is as if nothing had
    happened; what is late behind a kill finds its candle in the database."""
    with market(kafka, postgres, {"postgres.flush_interval": "20ms"}) as line:
        trades, reached, got = [], 0, []
        for round_number in range(4):
            client = line.process.websocket()
            client.send({"type": "subscribe", "symbol": "BTCUSDT", "streams": ["candle_1m"],
                         "since": {"epoch": 1 if reached else 0, "seq": reached}})
            client.wait_for(lambda message: message["type"] == "subscribed")
            frames = []
            for number in range(round_number * 60, round_number * 60 + 60):
                late = 150_000 if number % 20 == 7 and number > 20 else 0
                frames.append(trade(number + 1, START + number * 10_000 - late,
                                    f"{100 + number * 7 % 31}.{number % 10}", f"{number % 9 + 1}"))
            trades += [Trade.of_binance(len(trades) + i + 1, frame["data"])
                       for i, frame in enumerate(frames)]
            produce(line, *frames[:40])
            if round_number < 3:
                line.process.kill()
            produce(line, *frames[40:])
            if round_number < 3:
                line.process.start()
                new = [each["sequence"] for each in of_type(client, "candle")]
                got += new
                reached = max([reached, *new])
        wait_until(lambda: line.database.query(
            "SELECT last_sequence FROM stream_positions WHERE stream = 'trade'") == [(240,)],
            "all trades", 30)
        count = len(events(line, "BTCUSDT", "1m"))
        client.wait_for(lambda message: message["type"] == "candle"
                        and message["data"]["sequence"] == count)
        got += [each["sequence"] for each in of_type(client, "candle")]
        assert got == list(range(1, count + 1))
        assert not client.messages("gap") and not client.messages("error")
        watermark = max(each.time for each in trades)
        for interval in ("1m", "5m", "15m"):
            assert stored(line, "BTCUSDT", interval) == closed_candles(trades, interval, watermark)
        assert line.database.query("SELECT stream, gap_count FROM stream_gaps WHERE stream LIKE"
                                   " 'candle%' ORDER BY stream") == [
            (f"candle_{interval}", 0) for interval in ("15m", "1m", "5m")]


def come_back(line, epoch, seq):
    client = line.process.websocket()
    client.send({"type": "subscribe", "symbol": "BTCUSDT", "streams": ["candle_1m"],
                 "since": {"epoch": epoch, "seq": seq}})
    return client, client.wait_for(lambda message: message["type"] == "subscribed")["positions"][0]


def test_an_epoch_that_has_no_candle_yet_is_a_position(kafka, postgres):
    """Over the socket and by REST, of the process that began it and of those that come after it."""
    with market(kafka, postgres) as line:
        produce(line, *(trade(number + 1, START + number * MS["1m"]) for number in range(3)))
        wait_until(lambda: line.database.query(
            "SELECT last_sequence FROM stream_positions WHERE stream = 'trade'") == [(3,)],
            "all trades", 30)
        line.process.stop()
        subprocess.run([binary(), "offsets", "set", "--config", line.process.config, line.topic,
                        "0", "latest"], check=True, stdout=subprocess.DEVNULL, timeout=60)
        line.process.start()
        produce(line, trade(4, START + 2 * MS["1m"] + 5))
        wait_until(lambda: line.database.query(
            "SELECT epoch, last_sequence FROM stream_positions WHERE stream = 'trade'") == [(2, 1)],
            "the first trade of the epoch", 30)
        clients = []
        for round_number in range(3):
            client, position = come_back(line, 2, 0)
            clients = [client]
            assert position == {
                "symbol": "BTCUSDT", "stream": "candle_1m", "known": True, "epoch": 2, "seq": 0,
                "recovered": True, "from": {"epoch": 2, "seq": 1}, "to": {"epoch": 2, "seq": 0},
                "lost": 0}, round_number
            behind, position = come_back(line, 1, 1)
            clients.append(behind)
            assert position["to"] == {"epoch": 2, "seq": 0}
            if round_number < 2:
                line.process.kill()
                line.process.start()
            # At once, that is before the claim.
            answers = {epoch: line.rest.get("/api/v1/events/missed?symbol=BTCUSDT&stream=candle_1m"
                                            f"&epoch={epoch}&fromSeq=0").json() for epoch in (1, 2)}
            assert (answers[1]["count"], answers[1]["ended_at"], answers[1]["gaps"]) == (2, 2, [])
            assert {each: answers[2].get(each) for each in ("count", "lowest", "gaps", "ended_at")
                    } == {"count": 0, "lowest": None, "gaps": [], "ended_at": None}
        produce(line, trade(5, START + 4 * MS["1m"]))
        for client, due in zip(clients, ([(2, 1)], [(1, 2), (2, 1)])):
            client.wait_for(lambda message: message["type"] == "candle"
                            and message["data"]["epoch"] == 2)
            assert [(each["epoch"], each["sequence"]) for each in of_type(client, "candle")] == due
            assert not client.messages("error")
        (gap,) = clients[1].messages("gap")
        assert (gap["epoch"], gap["from"], gap["to"], gap["reason"]) == (1, 3, None, "new_epoch")
