"""Several I/O threads: each connection gets each of its events once and in order, whoever serves it."""

import pytest
from line import START_OF_TIME_MS, Line
from oracle import as_event, assert_no_hole, assert_rows_equal_the_log, events_of, updates_by_symbol
from supervised import wait_until

T = START_OF_TIME_MS
THREADS = 4
CONNECTIONS = 50
SYMBOLS = [f"IO{number}" for number in range(12)]
BEFORE, WHILE = 40, 200  # Events of each symbol before and while clients come.


def wanted_by(number):
    """5 of the 12, so that every symbol has subscribers on every thread, and no two neighbours
    want the same."""
    return [SYMBOLS[(number * 5 + step * 7) % len(SYMBOLS)] for step in range(5)]


@pytest.fixture(name="line")
def line_fixture(kafka, postgres):
    with Line(kafka, postgres, 3, {"client.io_threads": THREADS, "admin.token": "token"}) as line:
        yield line


def produce(line, first, last):
    for number in range(first, last):
        for place, symbol in enumerate(SYMBOLS):
            line.producer.tick(symbol, f"{number}.{place:02d}5", f"{place}", T + number)
    line.producer.flush()


def connections_of(line):
    answer = line.ops.get("/admin/actors?kind=connection&limit=1000",
                          {"Authorization": "Bearer token"})
    return answer.json()["count"]


def live_updates(client):
    return sum(1 for message in client.messages("price_update") if not message.get("snapshot"))


def test_each_of_50_connections_gets_its_events_once_and_in_order(line):
    fan_outs = line.ops.get("/admin/actors?kind=fan_out", {"Authorization": "Bearer token"})
    assert fan_outs.json()["count"] == THREADS

    clients = [line.process.websocket() for _ in range(CONNECTIONS // 2)]
    for number, client in enumerate(clients):
        assert client.subscribe(*wanted_by(number))["symbols"] == wanted_by(number)
    produce(line, 0, BEFORE)
    for round_ in range(CONNECTIONS // 2):  # The others come while events do.
        number, step = len(clients), WHILE // (CONNECTIONS // 2)
        produce(line, BEFORE + round_ * step, BEFORE + (round_ + 1) * step)
        clients.append(line.process.websocket())
        clients[-1].send({"type": "subscribe", "symbols": wanted_by(number)})
    wait_until(lambda: connections_of(line) == CONNECTIONS, f"{CONNECTIONS} connections", 10)
    produce(line, BEFORE + WHILE, BEFORE + WHILE + 1)

    streams = events_of(line.producer.records)
    assert {len(stream) for stream in streams.values()} == {BEFORE + WHILE + 1}
    for number, client in enumerate(clients):
        answer = client.wait_for(lambda message: message["type"] == "subscribed")
        joined = {each["symbol"]: each["seq"] for each in answer["positions"]}
        assert list(joined) == wanted_by(number)
        if number < CONNECTIONS // 2:
            assert set(joined.values()) == {0}
        due = sum(len(streams[symbol]) - seq for symbol, seq in joined.items())
        wait_until(lambda: live_updates(client) >= due, f"{due} updates of client {number}", 30)
        assert live_updates(client) == due
        updates = updates_by_symbol(client.messages())
        assert updates.keys() == set(joined)
        for symbol, seq in joined.items():
            assert_no_hole(updates[symbol], streams[symbol], joined_at=seq)
            assert [as_event(data) for data in updates[symbol]] == streams[symbol][seq:]
    assert_rows_equal_the_log(line.database, line.producer.records)


def test_a_drain_takes_leave_of_the_connections_of_every_thread(line):
    clients = [line.process.websocket() for _ in range(CONNECTIONS)]
    for client in clients:
        client.subscribe(SYMBOLS[0])
    line.producer.tick(SYMBOLS[0], "1.5", "1", T)
    line.producer.flush()
    for client in clients:
        client.wait_for(lambda message: message.get("data", {}).get("sequence") == 1)
    assert line.process.stop() == 0
    assert {client.wait_until_closed() for client in clients} == {1012}
    assert {live_updates(client) for client in clients} == {1}
