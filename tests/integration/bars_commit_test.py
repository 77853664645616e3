"""GET /bars of candles whose close is not committed yet."""

from candles_test import START, market, produce, trade
from held_commit import PATIENT_ENGINE, HeldCommit
from supervised import wait_until

MINUTE = 60_000


def test_a_candle_is_there_from_its_close_on(kafka, postgres):
    """It is closed and told live, its commit stands still, and bars and rows have it all the same."""
    with market(kafka, postgres, PATIENT_ENGINE) as line:
        produce(line, trade(1, START, "100"), trade(2, START + MINUTE, "101"))
        wait_until(lambda: line.database.query("SELECT count(*) FROM candles") == [(1,)],
                   "the first candle in its table", 30)
        client = line.process.websocket()
        client.send({"type": "subscribe", "symbol": "BTCUSDT", "streams": ["candle_1m"]})
        client.wait_for(lambda each: each["type"] == "subscribed")
        commit = HeldCommit(line.database)
        two_more = [trade(3, START + 2 * MINUTE, "102"), trade(4, START + 59_000, "300")]
        with commit.held(lambda: produce(line, *two_more)):
            client.wait_for(lambda each: each["type"] == "candle" and each["data"]["sequence"] == 3)
            assert line.database.query("SELECT count(*) FROM candles") == [(1,)]
            held = line.rest.get("/bars/BTCUSDT").json()
            assert [(each["close"], each["closed"], each["seq"], each.get("revision"))
                    for each in held["data"]] == [
                (300, True, 3, 1), (101, True, 2, 0), (102, False, None, None)]
            assert (held["epoch"], held["seq"], held["gaps"]) == (1, 3, [])
            rows = line.rest.get("/api/v3/klines?symbol=BTCUSDT&interval=1m")
            assert [each[4] for each in rows.json()] == [
                "300.00000000", "101.00000000", "102.00000000"]
            assert rows.headers["x-tradepulse-position"] == "stream=candle_1m; epoch=1; seq=3"
        wait_until(lambda: line.database.query("SELECT count(*) FROM candles") == [(2,)],
                   "the second candle in its table", 30)
        # From the tables, member by member what memory said.
        assert line.rest.get("/bars/BTCUSDT").json() == held
