"""Recorded Binance streams, and a generated one of their shape, through `tradepulse replay`."""

import dataclasses
import decimal
import glob
import gzip
import json
import os
import random
import subprocess

import pytest
from line import START_OF_TIME_MS, Line
from oracle import assert_no_hole, stored_ends, stored_rows, Event
from supervised import wait_until
from tradepulse_process import REPOSITORY, binary

Decimal = decimal.Decimal
PLACES = [os.environ.get("TRADEPULSE_RECORDINGS"),
          os.path.join(os.path.dirname(REPOSITORY), "recordings"),
          os.path.join(os.path.dirname(REPOSITORY), "shared", "data", "binance")]
# name of the file -> (suffix, symbol, trades, last trade id): the counts of its README.
RECORDED = {
    "spot_btcusdt_20240808.gz": ("", "BTCUSDT", 9757, 3735693015),
    "spot_ethusdt_20240808.gz": ("", "ETHUSDT", 6106, 1520545030),
    "usdm_btcusdt_20240808.gz": (".P", "BTCUSDT.P", 21313, 5266605247),
    "usdm_ethusdt_20240808.gz": (".P", "ETHUSDT.P", 14076, 4308082598),
}


@dataclasses.dataclass
class Recording:
    """What a file holds, read here and not by the program under test."""
    lines: int = 0
    framed: int = 0
    quotes: int = 0
    trades: list = dataclasses.field(default_factory=list)

    @staticmethod
    def read(path):
        found, newest = Recording(), 0
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                found.lines += 1
                frame = json.loads(line.partition(" ")[2])
                found.framed += "stream" in frame
                data = frame.get("data", {})
                found.quotes += frame.get("stream", "").endswith("@bookTicker")
                if not frame.get("stream", "").endswith("@trade"):
                    continue
                late, newest = data["T"] < newest, max(newest, data["T"])
                event = Event(len(found.trades) + 1, Decimal(data["p"]), Decimal(data["q"]),
                              data["T"], late)
                found.trades.append((event, data["t"]))
        return found

    def last(self):
        """The event that is shown, and its trade id: the greatest time, of equal ones the last."""
        return max(self.trades, key=lambda each: (each[0].timestamp, each[0].sequence))


def replay(line, path, suffix):
    done = subprocess.run(
        [binary(), "replay", path, "--speed", "max", "--topic", line.topic, "--brokers", line.kafka,
         *(["--symbol-suffix", suffix] if suffix else [])],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    summary = dict(word.split("=") for word in done.stdout.splitlines()[-1].split())
    return {name: value for name, value in summary.items() if name != "seconds"}


def assert_replayed(kafka, postgres, files):
    """files: {symbol: (path, suffix, Recording)}"""
    with Line(kafka, postgres, 3, start=False) as line:
        line.process.settings["topics"] = [{"name": line.topic, "decoder": "binance-stream"}]
        # Nothing is merged: a reader in Python may take a while.
        line.process.settings["limits.outbound_queue"] = "64MB"
        line.process.start()
        client = line.process.websocket()
        client.subscribe(*files)
        for path, suffix, recording in files.values():
            assert replay(line, path, suffix) == {
                "lines": str(recording.lines), "produced": str(recording.framed),
                "confirmed": str(recording.framed), "failed": "0", "without_symbol": "0",
                "without_stream": str(recording.lines - recording.framed), "unusable": "0"}
        produced = sum(recording.framed for _, _, recording in files.values())
        wait_until(lambda: sum(end or 0 for end in stored_ends(line.database).values()) == produced,
                   f"{produced} records", 120)
        trades = sum(len(recording.trades) for _, _, recording in files.values())
        samples = line.process.metrics()
        quotes = sum(recording.quotes for _, _, recording in files.values())
        assert samples["tradepulse_ticks_total"] == trades + quotes
        assert [samples[f'tradepulse_source_sequence_missing_total{{stream="{kind}"}}']
                for kind in ("price", "trade", "kline")] == [0, 0, 0]
        wait_until(lambda: len(client.frames) == 1 + trades, f"{trades} updates", 60)

        rows = stored_rows(line.database)
        assert rows.keys() == files.keys()
        updates = {symbol: [] for symbol in files}
        for message in client.messages("price_update"):
            updates[message["data"]["symbol"]].append(message["data"])
        for symbol, (_, _, recording) in files.items():
            shown, trade_id = recording.last()
            count = len(recording.trades)
            assert rows[symbol] == (shown.price, shown.volume, shown.timestamp, count,
                                    shown.sequence)
            answer = line.rest.get(f"/api/snapshots/{symbol}").json()
            assert (answer["price"], answer["volume"], answer["timestamp"], answer["seq"],
                    answer.get("price_seq", count), answer["source_sequence"]) == (
                shown.price, shown.volume, shown.timestamp, count, shown.sequence, trade_id)
            assert_no_hole(updates[symbol], [event for event, _ in recording.trades])
            assert [data["source_sequence"] for data in updates[symbol]] == [
                number for _, number in recording.trades]


def test_the_recordings_arrive_exact_to_the_digit(kafka, postgres):
    folders = [place for place in PLACES if place
               and glob.glob(os.path.join(place, "*_20240808.gz"))]
    if not folders:
        pytest.skip("NO RECORDINGS: set TRADEPULSE_RECORDINGS to the folder of the Binance "
                    "recordings, or put them into recordings/ beside the clone; only the "
                    "generated recording was replayed")
    files = {}
    for name, (suffix, symbol, trades, last_id) in RECORDED.items():
        path = os.path.join(folders[0], name)
        recording = Recording.read(path)
        assert (len(recording.trades), recording.last()[1]) == (trades, last_id), name
        files[symbol] = path, suffix, recording
    assert sum(len(recording.trades) for _, _, recording in files.values()) == 51252
    assert_replayed(kafka, postgres, files)


def generate(path, symbol, seed, lines):
    """A recording of the same shape: a depth snapshot, then frames of all three kinds."""
    rng, trade_id, time_ms = random.Random(seed), 10**9 + seed, START_OF_TIME_MS
    stream = symbol.lower()
    with gzip.open(path, "wt", encoding="utf-8") as file:
        def put(frame):
            file.write(f"{time_ms * 10**6} {json.dumps(frame, separators=(',', ':'))}\n")
        put({"lastUpdateId": 1, "bids": [["1.0", "2"]], "asks": [["1.1", "2"]]})
        for number in range(lines):
            time_ms += rng.randrange(3)
            price, quantity = (f"{rng.randrange(10**6, 10**13) / 10**8:.8f}" for _ in range(2))
            kind = rng.choice(("trade", "depthUpdate", "bookTicker", "trade"))
            data = {"e": kind, "E": time_ms, "s": symbol, "u": number, "b": [], "a": []}
            if kind == "bookTicker":
                data = {"u": number, "s": symbol, "b": "1.0", "B": "2", "a": "1.1", "A": "3"}
            if kind == "trade":
                trade_id += 1
                late = rng.random() < 0.02
                data = {"e": "trade", "E": time_ms, "s": symbol, "t": trade_id, "p": price,
                        "q": quantity, "T": time_ms - (50 if late else 0), "m": True, "M": True}
            put({"stream": f"{stream}@{kind if kind != 'depthUpdate' else 'depth'}", "data": data})


def test_a_generated_recording_takes_the_same_way(kafka, postgres, tmp_path):
    print("seed: 20240808")
    files = {}
    for number, (name, suffix) in enumerate(
            (("AAAUSDT", ""), ("BBBUSDT", ""), ("AAAUSDT", ".P"))):
        path = str(tmp_path / f"{number}.gz")
        generate(path, name, 20240808 + number, 1500)
        files[name + suffix] = path, suffix, Recording.read(path)
    assert all(len(recording.trades) > 500 for _, _, recording in files.values())
    assert any(event.late for _, _, recording in files.values() for event, _ in recording.trades)
    assert_replayed(kafka, postgres, files)
