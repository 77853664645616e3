"""`tradepulse serve --config config/profiles/stock-pipeline.conf`, by environment names alone."""

import json
import time

import pytest
from kafka_client import delete_topic
from profile_process import StockPipelineProcess
from supervised import wait_until

MINUTE = 60_000
T = int(time.time()) * 1000 // (5 * MINUTE) * (5 * MINUTE) - 60 * MINUTE


@pytest.fixture(name="topics")
def topics_fixture(kafka, topic, producer):
    """The topics that the profile names: producers by their names."""
    made = []
    try:
        for name in ("stock-trades", "stock-bars"):
            made.append(topic(name=name, dead_letter=False))
        yield {name: producer(name) for name in made}
    finally:
        for name in made:
            delete_topic(kafka, name)


@pytest.fixture(name="process")
def process_fixture(kafka, database, topics):  # pylint: disable=unused-argument
    process = StockPipelineProcess(kafka, database)
    yield process
    process.close()


def test_the_profile_starts_by_environment_names_alone(process, topics, database):
    process.start()
    trade = {"symbol": "AAPL", "price": 150.25, "size": 100, "timestamp": T + 1, "side": "buy",
             "trade_id": 7}
    bar = {"symbol": "AAPL", "open": 150.1, "high": 150.5, "low": 150, "close": 150.3,
           "volume": 1200, "timestamp": T}
    for name, record in (("stock-trades", trade), ("stock-bars", bar)):
        topics[name].produce(json.dumps(record), key="AAPL", timestamp_ms=T)
        topics[name].flush()
    stored = "SELECT stream, last_sequence FROM stream_positions WHERE symbol = 'AAPL' ORDER BY 1"
    wait_until(lambda: {("kline_1m", 1), ("trade", 1)} <= set(database.query(stored)),
               "the trade and the bar in the database", 30)

    missed = process.api.get("/api/v1/events/missed?symbol=AAPL&stream=trade&epoch=1&fromSeq=0")
    assert [(each["trade_id"], float(each["price"]), each["size"])
            for each in missed.json()["data"]] == [(7, 150.25, 100)]
    # What answered on two ports does so on both.
    for rest, path in ((process.bars, "/bars/AAPL"), (process.api, "/api/bars/AAPL")):
        body = rest.get(path).json()
        assert body["source"] == "kline_1m"
        assert [(each["start"], float(each["close"]), each["volume"])
                for each in body["data"]] == [(T, 150.3, 1200)]
    # Of another length it is a candle of the trades.
    body = process.bars.get("/bars/AAPL?interval=5m").json()
    assert body["source"] == "candle_5m"
    assert [(each["start"], float(each["close"])) for each in body["data"]] == [(T, 150.25)]
    assert process.api.get("/health").status == 200
    assert process.bars.get("/bars/AAPL", {"Origin": "https://any.example"}).headers[
        "access-control-allow-origin"] == "*"
    # And those who read the pipeline's tables go on.
    assert [(symbol, float(price), int(size)) for symbol, price, size in database.query(
        "SELECT symbol, price, size FROM market_data_oltp.stock_trades_realtime")] == [
            ("AAPL", 150.25, 100)]
    assert float(database.value("SELECT close FROM market_data_oltp.stock_bars_staging")) == 150.3
