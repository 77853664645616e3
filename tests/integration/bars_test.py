"""GET /bars and /api/v3/klines: klines that came by Kafka, and those that another program left."""

import datetime
import decimal

import pytest
from kline_line import MINUTE, Klines, T, kline

D = decimal.Decimal


@pytest.fixture(scope="module")
def line(kafka, postgres):
    """Three minutes of BTCUSDT, the last one open and told twice, and one of 5m of ETHUSDT."""
    with Klines(kafka, postgres) as out:
        out.produce(kline("BTCUSDT", 0, "10"), kline("BTCUSDT", 1, "11"),
                    kline("BTCUSDT", 2, "12", closed=False),
                    kline("BTCUSDT", 2, "13", closed=False), kline("ETHUSDT", 0, "20",
                                                                   interval="5m"))
        out.wait_until_stored()
        yield out


def bar(minute, close, seq, closed=True):
    start = T + minute * MINUTE
    return {"timestamp": start, "start": start, "end": start + MINUTE, "open": D("1.5"),
            "high": 99, "low": D("0.5"), "close": close, "volume": D("12.5"),
            "quote_volume": D("375000.25"), "closed": closed, "epoch": 1, "seq": seq}


def row(minute, close):
    start = T + minute * MINUTE
    return [start, "1.50000000", "99.00000000", "0.50000000", close, "12.50000000",
            start + MINUTE - 1, "375000.25000000", 7, "6.00000000", "180000.00000000", "0"]


@pytest.mark.parametrize("below", ["", "/api"])
def test_bars_are_the_newest_state_of_each_kline(line, below):
    answer = line.rest.get(f"{below}/bars/BTCUSDT")
    assert answer.status == 200
    assert answer.json() == {
        "symbol": "BTCUSDT", "interval": "1m", "source": "kline_1m", "epoch": 1, "seq": 4,
        "count": 3, "gaps": [],
        "data": [bar(0, 10, 1), bar(1, 11, 2), bar(2, 13, 4, closed=False)]}


def test_pages_of_a_range_go_on_with_next(line):
    path = f"/bars/BTCUSDT/range?end={T + 3 * MINUTE}&limit=2&start="
    first = line.rest.get(path + str(T)).json()
    assert [each["seq"] for each in first["data"]] == [1, 2]
    second = line.rest.get(path + str(first["next"])).json()
    assert [each["seq"] for each in second["data"]] == [4]
    assert "next" not in second


def test_pages_of_the_newest_go_back_with_next(line):
    first = line.rest.get("/bars/BTCUSDT?limit=2").json()
    assert [each["seq"] for each in first["data"]] == [2, 4]
    second = line.rest.get(f"/bars/BTCUSDT?limit=2&end={first['next']}").json()
    assert [each["seq"] for each in second["data"]] == [1]
    assert "next" not in second


def test_the_position_is_that_of_the_stream(line):
    seen = line.rest.get(f"/bars/BTCUSDT/range?start={T}&end={T + MINUTE}").json()
    line.produce(kline("BTCUSDT", 2, "14"))
    line.wait_until_stored()
    missed = line.rest.get("/api/v1/events/missed?symbol=BTCUSDT&stream=kline_1m"
                           f"&epoch={seen['epoch']}&fromSeq={seen['seq']}").json()
    assert [(each["seq"], each["close"], each["closed"]) for each in missed["data"]] == [
        (5, 14, True)]
    assert line.rest.get("/bars/BTCUSDT?limit=1").json()["data"] == [bar(2, 14, 5)]


def test_latest_has_the_newest_bar_of_each_symbol(line):
    answer = line.rest.get("/bars/latest?symbols=BTCUSDT,ETHUSDT,NOPE").json()
    (only,) = answer["data"]
    assert (only["symbol"], only["start"]) == ("BTCUSDT", T + 2 * MINUTE)
    assert only["position"] == {"epoch": 1, "seq": only["seq"]}
    assert answer["missing"] == ["ETHUSDT", "NOPE"]
    everyone = line.rest.get("/bars/latest?interval=5m").json()
    assert [each["symbol"] for each in everyone["data"]] == ["ETHUSDT"]
    assert everyone["data"][0]["end"] == T + 5 * MINUTE


def test_klines_are_rows_as_binance_has_them(line):
    path = f"/api/v3/klines?symbol=BTCUSDT&interval=1m&endTime={T + MINUTE}"
    answer = line.rest.get(path)
    assert answer.status == 200
    assert answer.json() == [row(0, "10.00000000"), row(1, "11.00000000")]
    assert answer.headers["x-tradepulse-position"].startswith("stream=kline_1m; epoch=1; seq=")
    assert line.rest.get(path + "&limit=1").json() == [row(1, "11.00000000")]
    assert line.rest.get(path + f"&limit=1&startTime={T}").json() == [row(0, "10.00000000")]


@pytest.mark.parametrize("query, code", [
    ("interval=1m", -1102), ("symbol=BTCUSDT&interval=2m", -1120),
    ("symbol=NOPE&interval=1m", -1121), ("symbol=BTCUSDT&interval=1m&limit=0", -1130),
    ("symbol=BTCUSDT&interval=1m&startTime=%2B5", -1100)])
def test_klines_have_the_errors_of_binance(line, query, code):
    answer = line.rest.get("/api/v3/klines?" + query)
    assert (answer.status, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize("path, status, told", [
    ("/bars/BTCUSDT?limit=0", 400, "limit=0: a whole number from 1 to 1000"),
    ("/bars/BTCUSDT?interval=7m", 400, 'interval "7m": must be one of'),
    ("/bars/BTCUSDT/range", 400, "start is missing"),
    ("/bars/NOPE", 404, "symbol NOPE has no bars of 1m"),
    ("/bars/BTCUSDT?interval=1h", 404, "symbol BTCUSDT has no bars of 1h"),
    ("/bars/BTCUSDT/day", 404, "there is no route")])
def test_what_is_wrong_is_named(line, path, status, told):
    answer = line.rest.get(path)
    assert answer.status == status
    assert told in answer.json()["error"]["message"]


def test_no_other_method_is_taken(line):
    for path in ["/bars/BTCUSDT", "/api/bars/latest", "/api/v3/klines"]:
        assert line.rest.post(path, {}).status == 405


def test_what_another_program_has_left_is_among_them(kafka, postgres):
    with Klines(kafka, postgres, start=False) as line:
        line.restore("core_service.sql")
        line.process.start()
        line.produce(kline("BTCUSDT", 0, "10"))
        line.wait_until_stored()
        data = line.rest.get("/bars/BTCUSDT").json()["data"]
        assert data[-1] == bar(0, 10, 1)
        foreign = data[:-1]
        assert foreign and all(
            (each["epoch"], each["seq"], each["closed"]) == (None, None, None) for each in foreign)
        rows = line.rest.get("/api/v3/klines?symbol=BTCUSDT&interval=1m").json()
        assert [each[0] for each in rows] == [each["start"] for each in data]
        assert rows[0][8:] == [None, None, None, "0"]


def test_pages_go_back_to_the_oldest_bar_that_another_program_has_left(kafka, postgres):
    """Before all events, before twelve digits of milliseconds, and before 1970."""
    days = ["1962-01-02", "1969-12-31", "1970-01-01", "1970-01-02", "1973-03-02", "1973-03-04",
            "1999-01-01", "2024-08-08"]
    with Klines(kafka, postgres, start=False) as line:
        line.psql("CREATE TABLE market_klines (time TIMESTAMPTZ, symbol TEXT, interval TEXT,"
                  " open NUMERIC, high NUMERIC, low NUMERIC, close NUMERIC, volume NUMERIC)")
        for each in days:
            line.psql(f"INSERT INTO market_klines VALUES ('{each}Z', 'IBM', '1d', 1, 1, 1, 1, 1)")
        line.process.start()

        def pages(path, name):
            """The days of each page, until there is no next one."""
            out, given = [], ""
            for _ in range(20):
                answer = line.rest.get(f"/bars/IBM{path}interval=1d&limit=3{given}")
                assert answer.status == 200, answer.body
                page = answer.json()
                epoch = datetime.datetime(1970, 1, 1)
                out.append([f"{epoch + datetime.timedelta(milliseconds=each['start']):%Y-%m-%d}"
                            for each in page["data"]])
                if "next" not in page:
                    return out
                given = f"&{name}={page['next']}"
            raise AssertionError(out)

        assert pages("?", "end") == [days[5:8], days[2:5], days[0:2]]
        assert pages("/range?start=0001-01-01T00:00:00Z&", "start") == [
            days[0:3], days[3:6], days[6:8]]


def test_bars_are_whole_whatever_is_journalled(kafka, postgres):
    """The newest message of each kline is stored as such; what only the journal has is not known."""
    with Klines(kafka, postgres, {"journal.streams": ["price"]}) as line:
        line.produce(kline("BTCUSDT", 0, "10"), kline("BTCUSDT", 1, "11"),
                     kline("BTCUSDT", 1, "12"))
        line.wait_until_stored()
        assert line.rest.get("/bars/BTCUSDT").json() == {
            "symbol": "BTCUSDT", "interval": "1m", "source": "kline_1m", "epoch": 1, "seq": 3,
            "count": 2, "gaps": [], "data": [bar(0, 10, 1), bar(1, 12, 3)]}
        assert [each["seq"] for each in line.rest.get("/bars/latest").json()["data"]] == [3]
        rows = line.rest.get("/api/v3/klines?symbol=BTCUSDT&interval=1m").json()
        assert rows == [row(0, "10.00000000")[:8] + [None, None, None, "0"],
                        row(1, "12.00000000")[:8] + [None, None, None, "0"]]
        # The events are another question.
        for path in ["/api/v1/events/missed?stream=kline_1m&symbol=BTCUSDT&fromSeq=0",
                     "/api/v1/klines/missed?symbol=BTCUSDT&fromSeq=0&toSeq=3"]:
            refused = line.rest.get(path)
            assert refused.status == 400
            assert "journal.streams does not name kline" in refused.json()["error"]["message"]
