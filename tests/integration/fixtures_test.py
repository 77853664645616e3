"""The fixture `spine`: a topic, a database and a ready tradepulse between them."""

import decimal

import pytest
from supervised import ServerError, wait_until


def test_one_tick_reaches_rest_websocket_and_database(spine):
    line = spine()
    client = line.process.websocket()
    client.subscribe("AAPL")
    line.producer.tick("AAPL", "92233720368.54775807", "0.00000001", timestamp_ms=1700000000000)
    line.producer.flush()

    seen = client.wait_for(lambda message: message["type"] == "price_update")["data"]
    assert seen["price"] == decimal.Decimal("92233720368.54775807")
    assert (seen["sequence"], seen["timestamp"]) == (1, 1700000000000)
    body = line.rest.get("/api/snapshots/AAPL").json()
    assert (body["price"], body["seq"]) == (decimal.Decimal("92233720368.54775807"), 1)
    rows = wait_until(lambda: line.database.query(
        "SELECT symbol, price, volume, timestamp, last_sequence FROM price_snapshots"), "a row", 10)
    assert rows == [("AAPL", decimal.Decimal("92233720368.54775807"),
                     decimal.Decimal("0.00000001"), 1700000000000, 1)]


def test_a_process_stops_with_0_and_starts_again_on_what_it_stored(spine):
    line = spine(partitions=2)
    line.producer.tick("AAPL", "1.5", timestamp_ms=1700000000000)
    line.producer.flush()
    wait_until(lambda: line.rest.get("/api/snapshots/AAPL").status == 200, "the snapshot", 20)
    assert line.process.stop() == 0
    assert not line.process.alive
    line.process.start()
    assert line.rest.get("/api/snapshots/AAPL").json()["price"] == decimal.Decimal("1.5")
    samples = line.process.metrics()
    assert any(name.startswith("tradepulse_") for name in samples)


def test_a_wrong_configuration_is_shown_with_its_words(tradepulse):
    process = tradepulse({"no.such.key": 1}, start=False)
    with pytest.raises(ServerError, match="no.such.key"):
        process.start()
    assert process.wait_for_exit() == 78
