"""From a record in Kafka to a row, a REST answer and a WebSocket update: exact to the digit."""

import decimal
import itertools
import json

import pytest
from line import START_OF_TIME_MS, Line, Load
from oracle import (assert_no_hole, assert_rows_equal_the_log, as_event, events_of, shown_of,
                    updates_of, wait_until_stored)
from supervised import wait_until

T = START_OF_TIME_MS
Decimal = decimal.Decimal
NAMES = itertools.count()


@pytest.fixture(scope="module", name="line")
def line_fixture(kafka, postgres):
    with Line(kafka, postgres) as line:
        yield line


@pytest.fixture(name="symbol")
def symbol_fixture():
    """A symbol that no other test uses."""
    return f"S{next(NAMES)}"


def produce(line, symbol, *events):
    """events: (price, volume, timestamp) as texts and numbers; returns when they are in the log."""
    for price, volume, timestamp in events:
        line.producer.tick(symbol, price, volume, timestamp)
    line.producer.flush()


def snapshot_once(line, symbol, sequence):
    def shown():
        answer = line.rest.get(f"/api/snapshots/{symbol}")
        return answer if answer.status == 200 and answer.json()["seq"] >= sequence else None
    return wait_until(shown, f"sequence {sequence} of {symbol}", 20)


def row_of(line, symbol):
    rows = line.database.query("SELECT price, volume, timestamp, last_sequence FROM"
                               " price_snapshots WHERE symbol = %s", symbol)
    return rows[0] if rows else None


# (price in, price out, volume in, volume out); what goes out is the text, digit by digit.
NUMBERS = [
    ("92233720368.54775807", "92233720368.54775807", "999999999999.99999999",
     "999999999999.99999999"),
    ("1e-8", "0.00000001", "1e-8", "0.00000001"),
    ("0.00000001", "0.00000001", "0", "0"),
    ("1.50000000000000", "1.5", "100.00", "100"),
    ("150", "150", "12E3", "12000"),
    ("0", "0", None, "null"),
    ('"92233720368.54775807"', "92233720368.54775807", '"999999999999.99999999"',
     "999999999999.99999999"),
    ('"0.10"', "0.1", '"1e2"', "100"),
    ("0.1", "0.1", "null", "null"),
    ("9007199254740993e-5", "90071992547.40993", "0.3", "0.3"),
]


@pytest.mark.parametrize("price_in,price,volume_in,volume", NUMBERS)
def test_every_digit_arrives_everywhere(line, symbol, price_in, price, volume_in, volume):
    client = line.process.websocket()
    client.subscribe(symbol)
    produce(line, symbol, (price_in, volume_in, T))
    client.wait_for(lambda message: message["type"] == "price_update")
    members = f'"symbol":"{symbol}","price":{price},"volume":{volume},"timestamp":{T}'
    assert client.frames[-1].text == (
        f'{{"type":"price_update","data":{{{members},"sequence":1,"epoch":1}}}}')
    assert snapshot_once(line, symbol, 1).body.decode() == f'{{{members},"epoch":1,"seq":1}}'
    row = wait_until(lambda: row_of(line, symbol), "the row", 10)
    assert row == (Decimal(price), None if volume == "null" else Decimal(volume), T, 1)


@pytest.mark.parametrize("written,milliseconds", [
    ('"2024-08-08T23:54:16.543Z"', 1723161256543), ('"2024-08-08T23:54:16Z"', 1723161256000),
    ('"2024-08-09T01:54:16.543999+02:00"', 1723161256543), ("1723161256543", 1723161256543),
    ('"1723161256543"', 1723161256543), ("946684800000", 946684800000)])
def test_a_time_is_milliseconds_or_iso_8601(line, symbol, written, milliseconds):
    produce(line, symbol, ("1", None, written))
    assert snapshot_once(line, symbol, 1).json()["timestamp"] == milliseconds


def test_a_record_without_a_key_is_as_good(line, symbol):
    line.producer.produce(f'{{"symbol":"{symbol}","price":7,"timestamp":{T},"more":[1,{{}}]}}')
    line.producer.flush()
    assert snapshot_once(line, symbol, 1).json()["price"] == 7


def test_joining_under_load_leaves_no_hole(line, symbol):
    produce(line, symbol, ("1", "1", T))
    snapshot_once(line, symbol, 1)
    clients = []
    for number in range(1, 3001):
        line.producer.tick(symbol, f"{number}.5", "1", T + number)
        if number % 500 == 0:
            client = line.process.websocket()
            clients.append((client, client.subscribe(symbol)))
    line.producer.flush()
    stream = events_of(line.producer.records)[symbol]
    assert len(stream) == 3001
    for client, answer in clients:
        client.wait_for(lambda message: message["type"] == "price_update"
                        and message["data"]["sequence"] == 3001)
        messages = client.messages()
        assert [message["type"] for message in messages[:2]] == ["subscribed", "price_update"]
        (position,) = answer["positions"]
        assert position == {"symbol": symbol, "stream": "price", "known": True, "epoch": 1,
                            "seq": position["seq"], "recovered": False}
        snapshots = [message["data"] for message in messages if message.get("snapshot")]
        assert [as_event(data) for data in snapshots] == [stream[position["seq"] - 1]]
        assert_no_hole(updates_of(messages, symbol), stream, joined_at=position["seq"])


def test_an_unknown_symbol_comes_alive_without_a_hole(line, symbol):
    clients = [line.process.websocket() for _ in range(3)]
    for client in clients:
        (position,) = client.subscribe(symbol)["positions"]
        assert (position["known"], position["seq"]) == (False, 0)
    produce(line, symbol, *((str(number), "1", T + number) for number in range(1, 201)))
    stream = events_of(line.producer.records)[symbol]
    for client in clients:
        client.wait_for(lambda message: message.get("data", {}).get("sequence") == 200)
        assert not [message for message in client.messages() if message.get("snapshot")]
        assert_no_hole(updates_of(client.messages(), symbol), stream)


def test_a_late_event_is_flagged_and_replaces_nothing(line, symbol):
    client = line.process.websocket()
    client.subscribe(symbol)
    produce(line, symbol, ("10", "1", T + 50), ("11", "2", T + 49), ("12", "3", T + 50),
            ("13", "4", T))
    client.wait_for(lambda message: message.get("data", {}).get("sequence") == 4)
    updates = updates_of(client.messages(), symbol)
    assert [(data["sequence"], data["price"], data.get("late")) for data in updates] == [
        (1, 10, None), (2, 11, True), (3, 12, None), (4, 13, True)]
    expected = {"symbol": symbol, "price": 12, "volume": 3, "timestamp": T + 50, "epoch": 1,
                "seq": 4, "price_seq": 3}
    assert snapshot_once(line, symbol, 4).json() == expected
    later = line.process.websocket()
    assert later.subscribe(symbol)["positions"][0]["seq"] == 4
    shown = later.wait_for(lambda message: message.get("snapshot"))["data"]
    assert shown == {**{name: expected[name] for name in expected if name != "seq"}, "sequence": 4}
    wait_until(lambda: row_of(line, symbol) == (12, 3, T + 50, 4), "the row of four events", 10)


def test_rows_equal_the_log_after_a_load(line):
    with Load(line.producer, symbols=300, rate=10000) as load:
        wait_until(lambda: load.produced >= 20000, "20,000 ticks", 30)
        load.stop()
    assert_rows_equal_the_log(line.database, line.producer.records)
    streams = events_of(line.producer.records)
    for symbol in load.symbols[:20]:
        answer = line.rest.get(f"/api/snapshots/{symbol}").json()
        assert answer["price"] == shown_of(streams[symbol]).price


# --- the native dialect ---

def test_list_and_unsubscribe(line, symbol):
    client = line.process.websocket()
    other = symbol + "B"
    client.subscribe(symbol, other)
    client.send({"type": "list", "id": 5})
    listed = client.wait_for(lambda message: message.get("id") == 5)
    assert {each["symbol"] for each in listed["subscriptions"]} == {symbol, other}
    assert listed["count"] == 2
    client.send({"type": "unsubscribe", "symbol": symbol, "id": "u"})
    assert client.wait_for(lambda message: message["type"] == "unsubscribed") == {
        "type": "unsubscribed", "id": "u", "symbols": [symbol]}
    produce(line, symbol, ("1", None, T))
    produce(line, other, ("2", None, T))
    client.wait_for(lambda message: message["type"] == "price_update")
    snapshot_once(line, symbol, 1)
    client.send({"type": "list", "id": 6})
    client.wait_for(lambda message: message.get("id") == 6)
    assert updates_of(client.messages(), symbol) == []
    assert len(updates_of(client.messages(), other)) == 1
    client.send({"type": "unsubscribe", "symbol": symbol, "id": "again"})
    assert client.wait_for(lambda message: message.get("id") == "again")["code"] == 1011


def test_subscribing_again_begins_anew_with_the_snapshot(line, symbol):
    produce(line, symbol, ("1", None, T), ("2", None, T + 1))
    snapshot_once(line, symbol, 2)
    client = line.process.websocket()
    for count in (1, 2):
        assert client.subscribe(symbol)["positions"][0]["seq"] == 2
        wait_until(lambda: len(client.messages("price_update")) == count, "the snapshot", 10)
    produce(line, symbol, ("3", None, T + 2))
    client.wait_for(lambda message: message.get("data", {}).get("sequence") == 3)
    client.send({"type": "list", "id": 1})
    client.wait_for(lambda message: message.get("id") == 1)
    assert [data["sequence"] for data in updates_of(client.messages(), symbol)] == [3]


@pytest.mark.parametrize("message,code,words", [
    ({"type": "subscribe", "symbol": "A", "since": {"epoch": 1}}, 1001, "since.seq"),
    ({"type": "subscribe", "symbol": "A", "since": {"epoch": 1, "seq": -1}}, 1001, "since.seq"),
    ({"type": "subscribe", "symbol": "A", "delivery": "latest"}, 1003, "delivery"),
    ({"type": "subscribe", "symbol": "A", "streams": ["depth"]}, 1003, "depth"),
    ({"type": "auth", "token": "x"}, 1003, "auth"),
    ({"type": "refresh", "token": "x"}, 1003, "refresh"),
    ({"type": "dance"}, 1002, "dance"),
    ({"type": "subscribe"}, 1001, "symbol"),
    ({"type": "subscribe", "symbol": "no blanks"}, 1004, "no blanks"),
    ({"type": "subscribe", "symbol": "A" * 33}, 1004, "32"),
    ({"symbol": "A"}, 1001, "type"),
    ("[]", 1001, ""), ("{", 1104, ""), ("", 1104, "")])
def test_a_bad_message_gets_an_error_and_the_connection_stays(line, message, code, words):
    client = line.process.websocket()
    client.send(message)
    error = client.wait_for(lambda each: each["type"] == "error")
    assert set(error) - {"id", "symbol"} == {"type", "code", "message", "retryable"}
    assert (error["code"], error["retryable"]) == (code, False)
    assert words in error["message"]
    client.send({"type": "subscribe", "symbol": "STAYS", "id": "after"})
    assert client.wait_for(lambda each: each.get("id") == "after")["symbols"] == ["STAYS"]


def test_the_id_of_a_request_is_echoed_as_it_came(line):
    client = line.process.websocket()
    for number in (7, "x-1", 9007199254740993):
        client.send({"type": "subscribe", "symbols": ["ECHO"], "id": number})
        client.wait_for(lambda message, wanted=number: message.get("id") == wanted)
        client.send({"type": "dance", "id": number})
        client.wait_for(lambda message, wanted=number: message["type"] == "error"
                        and message.get("id") == wanted)


def test_numbers_come_as_strings_where_asked(line, symbol):
    client = line.process.websocket("/ws?numbers=string")
    client.subscribe(symbol)
    produce(line, symbol, ("92233720368.54775807", "1.50", T), ("1", None, T + 1))
    client.wait_for(lambda message: message.get("data", {}).get("sequence") == 2)
    assert [(data["price"], data["volume"]) for data in updates_of(client.messages(), symbol)] == [
        ("92233720368.54775807", "1.5"), ("1", None)]


def test_binary_closes_with_1003_and_a_long_message_with_1009(line):
    client = line.process.websocket("/")
    client.send(b"\x01\x02")
    assert client.wait_until_closed() == 1003
    client = line.process.websocket()
    client.send("x" * (64 * 1024 + 1))
    assert client.wait_until_closed() == 1009


# --- REST ---

def error_of(answer):
    (error,) = answer.json().values()
    assert set(error) == {"code", "message", "retryable"} and error["message"]
    return answer.status, error["code"]


def test_an_unknown_symbol_and_an_unknown_route_are_404(line):
    assert error_of(line.rest.get("/api/snapshots/NOBODY")) == (404, "unknown_symbol")
    assert error_of(line.rest.get("/api/nothing")) == (404, "not_found")
    assert error_of(line.rest.get("/metrics")) == (404, "not_found")
    assert error_of(line.rest.get("/api/snapshots/bad%20name")) == (400, "symbol_invalid")
    assert error_of(line.rest.get("/api/snapshots/" + "A" * 33)) == (400, "symbol_invalid")
    assert line.rest.get("/api/snapshots/bad%zz").status == 400


@pytest.mark.parametrize("symbol,path", [
    ("BTC/USD", "BTC%2FUSD"), ("A&B=C+D", "A%26B%3DC%2BD"), ("^GSPC", "%5eGSPC"),
    ("query", "query"), ("A:b.c_-", "A:b.c_-"), ("P+Q", "P+Q")])
def test_a_path_segment_is_decoded_once(line, symbol, path):
    produce(line, symbol, ("61837.63", None, T))
    assert snapshot_once(line, path, 1).json()["symbol"] == symbol
    assert line.rest.get("/api/snapshots/" + path.replace("%", "%25")).status in (
        (200,) if "%" not in path else (400, 404))


def test_the_list_is_paged_without_loss(line):
    # More than any page or slice; beside whatever other tests have left.
    for number in range(1200):
        line.producer.tick(f"PAGE{number:04d}", f"{number}.25", None, T)
    records = line.producer.flush()
    wait_until_stored(line.database, records)
    whole = line.rest.get("/api/snapshots").json()
    symbols = [each["symbol"] for each in whole["data"]]
    assert "next" not in whole and whole["count"] == len(symbols)
    assert symbols == sorted(events_of(records))
    paged, after, pages = [], "", 0
    while after is not None:
        page = line.rest.get(f"/api/snapshots?limit=250&after={after}").json()
        assert page["count"] == len(page["data"]) <= 250
        paged += page["data"]
        after = page.get("next")
        assert after is None or after == paged[-1]["symbol"]
        after = after and after.replace("/", "%2F").replace("&", "%26").replace("+", "%2B")
        pages += 1
    assert paged == whole["data"] and pages == -(-len(symbols) // 250)
    page_500 = next(each for each in whole["data"] if each["symbol"] == "PAGE0500")
    assert page_500 == {"symbol": "PAGE0500", "price": Decimal("500.25"), "volume": None,
                        "timestamp": T, "epoch": 1, "seq": 1}
    for wrong in ("0", "-1", "x", ""):
        assert error_of(line.rest.get("/api/snapshots?limit=" + wrong)) == (400, "bad_request")


def test_a_query_names_what_is_missing(line, symbol):
    produce(line, symbol, ("1.25", None, T))
    snapshot_once(line, symbol, 1)
    answer = line.rest.post("/api/snapshots/query", {"symbols": [symbol, "NOBODY1", "NOBODY2"]})
    assert answer.status == 200
    assert answer.json() == {
        "count": 1, "missing": ["NOBODY1", "NOBODY2"],
        "data": [{"symbol": symbol, "price": Decimal("1.25"), "volume": None, "timestamp": T,
                  "epoch": 1, "seq": 1}]}


def test_errors_of_a_query(line):
    path, json_type = "/api/snapshots/query", {"Content-Type": "application/json"}
    assert error_of(line.rest.request("POST", path, "x=1", {"Content-Type": "text/plain"})) == (
        415, "unsupported_media_type")
    for body in ("{", "[]", "{}", '{"symbols":"A"}', '{"symbols":[1]}', '{"symbols":["a b"]}'):
        assert error_of(line.rest.request("POST", path, body, json_type))[0] == 400, body
    assert error_of(line.rest.request("POST", path, " " * (1024 * 1024 + 1), json_type)) == (
        413, "too_large")


@pytest.mark.parametrize("method,path,allowed", [
    ("DELETE", "/api/snapshots", "GET, HEAD"), ("POST", "/api/snapshots/A", "GET, HEAD"),
    ("PUT", "/api/snapshots/query", "GET, HEAD, POST"), ("POST", "/api/stats", "GET, HEAD"),
    ("DELETE", "/health", "GET, HEAD"), ("PATCH", "/ready", "GET, HEAD")])
def test_a_wrong_method_is_405(line, method, path, allowed):
    answer = line.rest.request(method, path)
    assert error_of(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


def test_head_has_the_headers_of_get_and_no_body(line, symbol):
    produce(line, symbol, ("1.25", None, T))
    got = snapshot_once(line, symbol, 1)
    head = line.rest.request("HEAD", f"/api/snapshots/{symbol}")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(got.body)) == got.headers["content-length"]
    assert head.headers["content-type"] == got.headers["content-type"] == "application/json"


def test_a_connection_is_kept_for_many_requests(line):
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", line.process.client_port, timeout=10)
    connection.connect()
    used = connection.sock.getsockname()
    for path, status in (("/health", 200), ("/api/snapshots", 200), ("/api/nothing", 404),
                         ("/api/snapshots/NOBODY", 404), ("/health", 200)) * 20:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        assert response.status == status
        assert connection.sock is not None and connection.sock.getsockname() == used
    connection.close()


def test_cors_answers_the_origins_of_the_configuration(kafka, postgres):
    with Line(kafka, postgres, 1, {"cors.origins": ["https://desk.example"]}) as line:
        asked = {"Origin": "https://desk.example", "Access-Control-Request-Method": "POST",
                 "Access-Control-Request-Headers": "content-type"}
        preflight = line.rest.request("OPTIONS", "/api/snapshots/query", headers=asked)
        assert preflight.status in (200, 204) and preflight.body == b""
        assert preflight.headers["access-control-allow-origin"] == "https://desk.example"
        assert "POST" in preflight.headers["access-control-allow-methods"]
        assert "content-type" in preflight.headers["access-control-allow-headers"].lower()
        plain = line.rest.get("/api/snapshots", {"Origin": "https://desk.example"})
        assert plain.headers["access-control-allow-origin"] == "https://desk.example"
        other = line.rest.get("/api/snapshots", {"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


# --- operations ---

def test_health_ready_and_stats(line, symbol):
    produce(line, symbol, ("1", None, T))
    wait_until_stored(line.database, line.producer.records)
    for listener in (line.rest, line.ops):
        assert listener.get("/health").status == 200
        assert listener.get("/ready").json() == {"status": "ready", "reasons": {}}
    stats = line.rest.get("/api/stats").json()
    assert stats["service"]["symbols"] == line.rest.get("/api/snapshots").json()["count"]
    assert stats["database"]["reachable"] is True
    offsets = {each["partition"]: each["next_offset"] for each in stats["kafka"]}
    assert offsets == dict(line.database.query("SELECT partition, next_offset FROM ingest_offsets"))
    assert wait_until(lambda: all(each["lag"] == 0 for each in
                                  line.rest.get("/api/stats").json()["kafka"]), "lag 0", 10)


def test_metrics_are_clean_and_count_exactly(line, symbol):
    import subprocess
    client = line.process.websocket()
    client.subscribe(symbol)

    def tick_samples():
        samples = line.process.metrics()
        return [samples["tradepulse_ticks_total"], samples["tradepulse_late_ticks_total"],
                samples[f'tradepulse_kafka_records_total{{topic="{line.topic}",result="tick"}}']]

    wait_until_stored(line.database, line.producer.records)
    before = tick_samples()
    produce(line, symbol, ("1", None, T + 1), ("2", None, T), ("3", None, T + 2))
    client.wait_for(lambda message: message.get("data", {}).get("sequence") == 3)
    wait_until_stored(line.database, line.producer.records)
    assert [after - was for after, was in zip(tick_samples(), before)] == [3, 1, 3]
    text = line.ops.get("/metrics")
    assert text.headers["content-type"].startswith("text/plain")
    checked = subprocess.run(["promtool", "check", "metrics"], input=text.body, check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert checked.returncode == 0, checked.stdout.decode()
    assert symbol not in text.body.decode().replace(line.topic, "")


def test_admin_is_404_without_a_token_in_the_configuration(line):
    assert error_of(line.ops.get("/admin/actors", {"Authorization": "Bearer x"})) == (
        404, "not_found")


def test_admin_lists_actors_of_every_kind(kafka, postgres):
    with Line(kafka, postgres, 2, {"admin.token": "open-sesame"}) as line:
        produce(line, "ADM", *((str(number), None, T) for number in range(1, 20)))
        for number in range(30):
            line.producer.tick(f"ADM{number}", "1", None, T)
        wait_until_stored(line.database, line.producer.flush())
        client = line.process.websocket()
        client.subscribe("ADM")
        path, token = "/admin/actors", {"Authorization": "Bearer open-sesame"}
        for wrong in ({}, {"Authorization": "Bearer open-sesam"}, {"Authorization": "Basic x"}):
            answer = line.ops.get(path, wrong)
            assert error_of(answer) == (401, "unauthorized")
        assert line.rest.get(path, token).status == 404  # Not on the clients' listener.
        rows = line.ops.get(path + "?limit=1000", token).json()
        assert rows["count"] == len(rows["actors"]) and "next" not in rows
        kinds = {each["kind"] for each in rows["actors"]}
        assert {"symbol", "partition", "connection", "writer"} <= kinds, kinds
        for each in rows["actors"]:
            assert set(each) == {"kind", "name", "state", "queue_depth", "last_error", "restarts"}
        for kind, count in (("symbol", 31), ("partition", 2), ("connection", 1)):
            only = line.ops.get(f"{path}?kind={kind}&limit=1000", token).json()["actors"]
            assert len(only) == count and {each["kind"] for each in only} == {kind}
        paged, after = [], ""
        while after is not None:
            page = line.ops.get(f"{path}?limit=3&after={after}", token).json()
            paged += page["actors"]
            after = page.get("next")
            after = after and after.replace("/", "%2F").replace("@", "%40")
        assert [(each["kind"], each["name"]) for each in paged] == [
            (each["kind"], each["name"]) for each in rows["actors"]]
        assert json.dumps(rows).count("open-sesame") == 0
