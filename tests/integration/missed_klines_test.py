"""GET /api/v1/klines/missed, by upstream's numbers and by the engine's."""

from decimal import Decimal

import pytest
from kline_line import MINUTE, Klines, T, kline
from profile_process import CoreServiceProcess
from supervised import wait_until

MISSED = "/api/v1/klines/missed?symbol="
SOURCE = {"klines.missed_numbers": "source"}
# As long as a client that asks at once would have to wait.
SLOW_COMMITS = {"postgres.flush_interval": "1500ms", "postgres.batch_size": 100000}


class ClientOfToday:
    """Counts upstream's numbers, and asks for those that it did not see; knows no other member."""

    def __init__(self, rest):
        self._rest = rest
        self.last = None
        self.have = {}

    def on_message(self, message):
        number = message["sequence"]
        if self.last is not None and number > self.last + 1:
            answer = self._rest.get(
                f"{MISSED}{message['s']}&fromSeq={self.last}&toSeq={number - 1}",
                {"Authorization": "Bearer not.looked.at", "Content-Type": "application/json"})
            assert answer.status == 200, answer.body
            body = answer.json()
            assert body["count"] == len(body["data"])
            for each in body["data"]:
                self.keep(each["seq"], each["kline"]["t"], each["kline"]["c"])
        self.keep(number, message["k"]["t"], Decimal(message["k"]["c"]))
        self.last = number

    def keep(self, number, start, close):
        assert number not in self.have
        self.have[number] = (start, close)


def message(number):
    return kline("BTCUSDT", number, str(10 + number), sequence=number)


def write_as_before(line, numbers):
    """Rows as the service of before has made them."""
    line.psql("CREATE TABLE market_klines (time TIMESTAMPTZ NOT NULL, symbol VARCHAR(20) NOT NULL,"
              " open DOUBLE PRECISION, high DOUBLE PRECISION, low DOUBLE PRECISION,"
              " close DOUBLE PRECISION, volume DOUBLE PRECISION, sequence BIGINT,"
              " PRIMARY KEY (time, symbol))")
    for number in numbers:
        line.database.query(
            "INSERT INTO market_klines VALUES (to_timestamp(%s), 'BTCUSDT', 1.5, 99, 0.5, %s,"
            " 12.5, %s)", (T + number * MINUTE) // 1000, 10 + number, number)


@pytest.mark.parametrize("read_again", [False, True])
def test_a_client_of_today_has_all_across_the_cut_over(kafka, postgres, read_again):
    """It is away while the service is replaced, and once more behind that."""
    with Klines(kafka, postgres, {**SOURCE, **SLOW_COMMITS}, start=False) as line:
        client = ClientOfToday(line.rest)
        client.on_message(message(1))
        write_as_before(line, range(1, 6))
        # The log may still have what was stored before: then it comes twice.
        line.produce(*map(message, range(1 if read_again else 6, 10)))
        line.process.start()
        live = line.process.websocket()
        live.send({"type": "subscribe", "symbol": "BTCUSDT", "streams": ["kline_1m"]})
        live.wait_for(lambda each: each["type"] == "subscribed")
        line.produce(message(10))
        # Subscribers have it, the database may not yet: the client asks at once.
        live.wait_for(lambda each: each["type"] == "kline"
                      and each["data"]["source_sequence"] == 10)
        client.on_message(message(11))
        line.produce(*map(message, range(11, 31)))
        live.wait_for(lambda each: each["type"] == "kline"
                      and each["data"]["source_sequence"] == 30)
        line.process.kill()  # what was published and not stored is read again
        line.process.start()
        line.wait_until_stored()
        client.on_message(message(31))
        assert client.have == {number: (T + number * MINUTE, 10 + number)
                               for number in range(1, 32)}


def test_what_is_read_again_does_not_undo_a_kline_that_was_stored_as_its_last_message(
        kafka, postgres):
    """Upstream sends several messages a kline; the service of before has kept 560, the last one."""
    row = ("SELECT epoch, close::float8, sequence, closed FROM market_klines "
           "WHERE symbol = 'BTCUSDT'")
    with Klines(kafka, postgres, SOURCE, start=False) as line:
        write_as_before(line, [])
        line.database.query("INSERT INTO market_klines VALUES (to_timestamp(%s), 'BTCUSDT', 1.5, 99,"
                            " 0.5, 70, 12.5, 560)", (T + 5 * MINUTE) // 1000)

        def messages(numbers):
            return [kline("BTCUSDT", 5, str(number - 490), number == 560, sequence=number)
                    for number in numbers]

        def told():
            return line.rest.get(MISSED + "BTCUSDT&fromSeq=555&toSeq=560").json()

        line.produce(*messages(range(506, 559)))
        line.process.start()
        line.wait_until_stored()
        assert line.psql(row) == ["|70|560|"]
        assert [each["seq"] for each in told()["data"]] == [556, 557, 558, 560]
        bars = line.rest.get("/bars/BTCUSDT?limit=1").json()
        assert [each["close"] for each in bars["data"]] == [70]
        line.produce(*messages((559, 560)))
        line.wait_until_stored()
        assert line.psql(row) == ["1|70|560|t"]
        assert [each["seq"] for each in told()["data"]] == [556, 557, 558, 559, 560]


def test_each_number_is_answered_for_and_the_newer_message_wins(kafka, postgres):
    with Klines(kafka, postgres, SOURCE) as line:
        line.produce(message(5), message(7), kline("BTCUSDT", 8, "0.75"),  # one without a number
                     kline("BTCUSDT", 9, "77.5", sequence=7), message(9),
                     kline("BTCUSDT", 2, "1", sequence=3, interval="5m"))
        line.wait_until_stored()
        answer = line.rest.get(MISSED + "BTCUSDT&fromSeq=4&toSeq=11").json()
        assert answer == {
            "symbol": "BTCUSDT", "fromSeq": 4, "toSeq": 11, "count": 3, "data": [
                {"seq": number, "symbol": "BTCUSDT", "timestamp": T + (minute + 1) * MINUTE - 1,
                 "kline": {"t": T + minute * MINUTE, "T": T + (minute + 1) * MINUTE - 1,
                           "s": "BTCUSDT", "o": Decimal("1.5"), "h": 99, "l": Decimal("0.5"),
                           "c": close, "v": Decimal("12.5")}}
                for number, minute, close in ((5, 5, 15), (7, 9, Decimal("77.5")), (9, 9, 19))],
            "stream": "kline_1m", "numbering": "source", "gaps": [
                {"from": 6, "to": 6, "reason": "upstream"},
                {"from": 8, "to": 8, "reason": "upstream"},
                {"from": 10, "to": 11, "reason": "not_yet"}]}
        other = line.rest.get(MISSED + "BTCUSDT&fromSeq=0&toSeq=3&interval=5m").json()
        assert [each["seq"] for each in other["data"]] == [3]
        assert other["gaps"] == [{"from": 1, "to": 2, "reason": "upstream"}]
        assert line.rest.get(MISSED + "BTCUSDT&fromSeq=0&toSeq=3&interval=1h").status == 404
        assert line.rest.get(MISSED + "NOPE&fromSeq=0&toSeq=3").status == 404


def test_pages_follow_each_other(kafka, postgres):
    with Klines(kafka, postgres, SOURCE) as line:
        line.produce(*(kline("BTCUSDT", number % 50, "7", sequence=number)
                       for number in range(1, 251) if number != 130))
        line.wait_until_stored()
        at, numbers, gaps, pages = 0, [], [], 0
        while at is not None:
            page = line.rest.get(f"{MISSED}BTCUSDT&fromSeq={at}&toSeq=250").json()
            numbers += [each["seq"] for each in page["data"]]
            gaps += page["gaps"]
            at, pages = page.get("next"), pages + 1
        assert numbers == [number for number in range(1, 251) if number != 130]
        assert gaps == [{"from": 130, "to": 130, "reason": "upstream"}]
        assert pages == 3
        whole = line.rest.get(MISSED + "BTCUSDT&fromSeq=0&toSeq=250&limit=1000").json()
        assert whole["count"] == 249 and "next" not in whole


def test_numbers_are_the_engines_where_upstream_has_none(kafka, postgres):
    with Klines(kafka, postgres) as line:
        line.produce(*(kline("BTCUSDT", minute, str(minute + 1), sequence=90 + minute)
                       for minute in range(4)))
        line.wait_until_stored()
        answer = line.rest.get(MISSED + "BTCUSDT&fromSeq=1&toSeq=3").json()
        assert [(each["seq"], each["kline"]["c"]) for each in answer["data"]] == [(2, 2), (3, 3)]
        assert answer["numbering"] == "engine" and answer["epoch"] == 1
        assert answer["gaps"] == [] and "next" not in answer
        answer = line.rest.get(MISSED + "BTCUSDT&fromSeq=1&toSeq=9&limit=2").json()
        assert answer["next"] == 3
        answer = line.rest.get(MISSED + "BTCUSDT&fromSeq=3&toSeq=9").json()
        assert answer["gaps"] == [{"from": 5, "to": 9, "reason": "not_yet"}]


def test_a_wrong_question_names_the_parameter(kafka, postgres):
    with Klines(kafka, postgres, SOURCE) as line:
        for query, named in (
                ("", "symbol"), ("fromSeq=1&toSeq=2", "symbol"), ("symbol=A&toSeq=2", "fromSeq"),
                ("symbol=A&fromSeq=1", "toSeq"), ("symbol=A&fromSeq=&toSeq=2", "fromSeq"),
                ("symbol=A&fromSeq=-1&toSeq=2", "fromSeq"),
                ("symbol=A&fromSeq=x&toSeq=2", "fromSeq"),
                ("symbol=A&fromSeq=1&toSeq=0x10", "toSeq"),
                ("symbol=A&fromSeq=1&toSeq=+5", "toSeq"),
                ("symbol=A&fromSeq=1&toSeq=1e3", "toSeq"),
                ("symbol=A&fromSeq=1&toSeq=%D9%A2", "toSeq"),
                ("symbol=A&fromSeq=1&toSeq=9223372036854775808", "toSeq"),
                ("symbol=A&fromSeq=2&toSeq=2", "toSeq"), ("symbol=A&fromSeq=3&toSeq=2", "toSeq"),
                ("symbol=A&fromSeq=1&toSeq=2&limit=0", "limit"),
                ("symbol=A&fromSeq=1&toSeq=2&limit=1001", "limit"),
                ("symbol=A&fromSeq=1&toSeq=2&interval=7m", "interval"),
                ("symbol=!&fromSeq=1&toSeq=2", "symbol")):
            answer = line.rest.get("/api/v1/klines/missed?" + query)
            assert answer.status == 400, query
            assert answer.json()["error"]["message"].startswith(named), (query, answer.body)
        assert line.rest.post("/api/v1/klines/missed", "{}").status == 405


def test_a_row_that_is_no_kline_is_a_gap_that_says_so(kafka, postgres):
    """Another program has put them there, and neither hides the others nor ends the answer."""
    replace = {"adopt.replace": ["market_klines"]}
    with Klines(kafka, postgres, {**SOURCE, **replace}, start=False) as line:
        line.psql("CREATE TABLE market_klines (time TIMESTAMPTZ, symbol TEXT, open FLOAT8, high "
                  "FLOAT8, low FLOAT8, close FLOAT8, volume FLOAT8, sequence BIGINT)")
        line.psql("INSERT INTO market_klines SELECT timestamptz '2024-08-08 14:00Z' + n * interval "
                  "'1 minute', 'OLD', nullif(1, (n = 2)::int), 1, 1, 1 + n, "
                  "CASE n WHEN 4 THEN float8 'NaN' WHEN 5 THEN NULL ELSE 1 END, n "
                  "FROM generate_series(1, 20) n WHERE n <> 9")
        line.process.start()
        told, gaps, after = [], [], 0
        while after is not None:
            body = line.rest.get(f"{MISSED}OLD&fromSeq={after}&toSeq=20&limit=5").json()
            assert len(body["data"]) == body["count"] <= 5
            told += [each["seq"] for each in body["data"]]
            gaps += body["gaps"]
            after = body.get("next")
        assert gaps == [{"from": 2, "to": 2, "reason": "unusable"},
                        {"from": 4, "to": 4, "reason": "unusable"},
                        {"from": 9, "to": 9, "reason": "upstream"}]
        assert told == [n for n in range(1, 21) if n not in (2, 4, 9)]
        # Of the times that bars are asked for the same, and no page that looks like the last one.
        bars = line.rest.get("/bars/OLD/range?limit=3&interval=1m&start=2024-08-08T14:00:00Z"
                             "&end=2024-08-08T15:00:00Z").json()
        assert [each["close"] for each in bars["data"]] == [2, 4, 5] and "next" in bars


def test_the_profile_starts_by_environment_names_alone(kafka, postgres):
    with Klines(kafka, postgres, start=False) as line:
        write_as_before(line, range(1, 4))
        process = CoreServiceProcess(kafka, line.database, KAFKA_TOPIC=line.topic,
                                     KAFKA_GROUP_ID=line.topic)
        line.callback(process.close)
        process.start()
        line.produce(message(4), message(6))
        line.wait_until_stored()
        answer = process.rest.get(MISSED + "BTCUSDT&fromSeq=0&toSeq=6", {
            "Authorization": "Basic !!", "Origin": "https://any.example"})
        assert answer.headers["access-control-allow-origin"] == "*"
        body = answer.json()
        assert [each["seq"] for each in body["data"]] == [1, 2, 3, 4, 6]
        assert body["gaps"] == [{"from": 5, "to": 5, "reason": "upstream"}]
        assert process.ops.get("/health").status == 200
        assert line.psql("SELECT stream, last_sequence FROM sequence_tracker "
                         "WHERE symbol = 'BTCUSDT'") == ["kline_1m|2"]


def test_what_the_database_refuses_is_said(kafka, postgres):
    with Klines(kafka, postgres, SOURCE) as line:
        line.produce(message(1))
        line.wait_until_stored()
        line.psql("ALTER TABLE journal_leaves RENAME TO gone")
        refused = line.rest.get(MISSED + "BTCUSDT&fromSeq=0&toSeq=1")
        assert refused.status == 500 and "database_refused" in refused.body.decode()
        line.psql("ALTER TABLE gone RENAME TO journal_leaves")
        wait_until(lambda: line.rest.get(MISSED + "BTCUSDT&fromSeq=0&toSeq=1").status == 200,
                   "an answer", 20)
