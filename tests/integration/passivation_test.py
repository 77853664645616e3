"""Symbols without events give their actor back; nobody but the memory notices."""

import collections
import random
import time

import pytest
from line import START_OF_TIME_MS, Line
from oracle import assert_no_hole, assert_rows_equal_the_log, events_of, updates_by_symbol
from supervised import wait_until

SYMBOLS = 40
SEED = 20


@pytest.fixture(scope="module", name="line")
def line_fixture(kafka, postgres):
    settings = {"symbols.passivate_after": "1s", "admin.token": "open-sesame"}
    with Line(kafka, postgres, settings=settings) as line:
        yield line


def actors(line):
    return line.process.metrics()["tradepulse_symbol_actors"]


def state_of(line, symbol):
    answer = line.ops.get("/admin/actors?kind=symbol&limit=1000",
                          {"Authorization": "Bearer open-sesame"})
    return {each["name"]: each["state"] for each in answer.json()["actors"]}[symbol]


def test_an_idle_symbol_has_no_actor_and_goes_on_where_it_was(line):
    client = line.process.websocket()
    client.subscribe("QUIET")
    for sequence in range(1, 4):
        line.producer.tick("QUIET", str(100 + sequence), "1", START_OF_TIME_MS + sequence)
        line.producer.flush()
        client.wait_for(lambda message, wanted=sequence: message["type"] == "price_update"
                        and message["data"]["sequence"] == wanted)
        wait_until(lambda: actors(line) == 0, "its actor's end", 20)
        assert state_of(line, "QUIET") == f"idle, epoch 1, sequence {sequence}, 1 subscriptions"
        newcomer = line.process.websocket()
        assert newcomer.subscribe("QUIET")["positions"][0]["seq"] == sequence
        newcomer.close()
    assert_no_hole(updates_by_symbol(client.messages())["QUIET"],
                   events_of(line.producer.records)["QUIET"])
    client.close()


def test_symbols_that_come_and_go_lose_nothing(line):
    """Bursts and pauses of 40 symbols around the time after which an actor ends."""
    generator = random.Random(SEED)
    names = [f"COMES{number}" for number in range(SYMBOLS)]
    client = line.process.websocket()
    client.subscribe(*names)
    sent = collections.Counter()
    ended, until = 0, time.monotonic() + 60
    while ended < 50:
        assert time.monotonic() < until, f"only {ended} actors ended"
        for symbol in generator.sample(names, generator.randint(1, 4)):
            sent[symbol] += 1
            line.producer.tick(symbol, str(50 + sent[symbol]), "1",
                               START_OF_TIME_MS + sent[symbol])
        line.producer.flush()
        before = actors(line)
        time.sleep(generator.uniform(0.0, 0.3))  # the pattern of the load
        ended += max(0, before - actors(line))
    assert_rows_equal_the_log(line.database, line.producer.records)
    wait_until(lambda: len([message for message in client.messages("price_update")
                            if not message.get("snapshot")]) >= sent.total(), "every update", 20)
    updates, log = updates_by_symbol(client.messages()), events_of(line.producer.records)
    for name in sent:
        assert_no_hole(updates[name], log[name])
    client.close()
