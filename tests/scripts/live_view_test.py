"""scripts/live_view.py: what it shows and what it measures."""

import json
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts"))

import live_view  # noqa: E402 pylint: disable=wrong-import-position


def update(symbol="SIM001", price="150.25", timestamp=1000, sequence=1, **more):
    data = {"symbol": symbol, "timestamp": timestamp, "sequence": sequence, "epoch": 1}
    text = json.dumps({"type": "price_update", "data": data, **more})
    return text.replace('"timestamp"', f'"price": {price}, "volume": 1.50, "timestamp"')


def test_percentiles_of_known_values():
    latencies = live_view.Latencies()
    for value in range(1, 101):
        latencies.add(value / 10)
    assert (latencies.percentile(50), latencies.percentile(99)) == (5.0, 9.9)
    assert latencies.percentile(100) == 10.0


def test_percentiles_of_one_value_and_of_none():
    latencies = live_view.Latencies()
    assert latencies.percentile(50) is None
    latencies.add(7.04)
    assert (latencies.percentile(50), latencies.percentile(99)) == (7.0, 7.0)


def test_measures_live_updates_and_not_snapshots():
    market = live_view.Market()
    market.receive(update(timestamp=1000, snapshot=True), received_at=99.0)
    assert market.latencies.count == 0
    market.receive(update(timestamp=1000, sequence=2), received_at=1.0023)
    assert market.latencies.count == 1
    assert market.latencies.percentile(50) == 2.3


def test_shows_prices_with_the_digits_that_came():
    market = live_view.Market()
    market.receive(update(price="92233720368.54775807"), received_at=1.0)
    assert "92233720368.54775807" in market.lines(200, 10)[1]
    market.receive(update(price="0.10000000", sequence=2), received_at=1.0)
    assert " 0.10000000 -" in market.lines(200, 10)[1]


def test_fits_the_screen_and_tells_what_it_leaves_out():
    market = live_view.Market()
    for number in range(1, 31):
        market.receive(update(symbol=f"SIM{number:03}"), received_at=1.0)
    lines = market.lines(40, 10)
    assert len(lines) == 1 + 10 + 1 + 1
    assert all(len(line) <= 40 for line in lines)
    assert lines[11] == "... and 20 symbols more"


def test_counts_gaps_and_hands_on_errors():
    market = live_view.Market()
    assert market.receive('{"type":"gap","symbol":"A","from":1,"to":2}', 1.0) is None
    assert "1 gaps" in market.totals()
    assert market.receive('{"type":"error","code":7,"message":"no such stream"}', 1.0) == \
        "no such stream"


def test_ignores_messages_it_does_not_know():
    market = live_view.Market()
    for text in ('{"type":"ping","timestamp":1}', '{"type":"subscribed","symbols":[]}'):
        assert market.receive(text, 1.0) is None
    assert market.rows == {}


def test_the_summary_is_what_quickstart_reads():
    latencies = live_view.Latencies()
    assert live_view.summary(latencies) == "deliveries=0 p50_ms=- p99_ms=-\n"
    latencies.add(1.25)
    latencies.add(3.0)
    assert live_view.summary(latencies) == "deliveries=2 p50_ms=1.2 p99_ms=3.0\n"


def test_reads_chunked_answers():
    assert b"".join(live_view.dechunked(b"4\r\n{\"a\"\r\n3;x=y\r\n: 1\r\n0\r\n\r\n")) == b'{"a": 1'
