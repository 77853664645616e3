"""The checker of epochs finds the fault that it is there for: histories broken by hand."""

import decimal
import json

import pytest
from client_checker import Positions
from epochs import EpochChecker, EpochTruth
from history import ConnectionHistory
from kafka_client import Record
from websocket_recorder import Frame

D = decimal.Decimal
PLACE = "t", 0


def record(offset, price, timestamp):
    value = f'{{"symbol":"A","price":{price},"timestamp":{timestamp}}}'
    return Record("t", 0, offset, b"", value.encode(), 1000)


BAD = Record("t", 0, 2, b"", b"bad", 1000)


def renewed():
    """Epoch 1 has 10, 11 and a bad record; the new log has 20, 21."""
    truth = EpochTruth(lambda value: value == b"bad")
    truth.add([record(0, 10, 100), record(1, 11, 200), BAD])
    truth.begin(PLACE)
    truth.add([record(0, 20, 50), record(1, 21, 60)])
    return truth


def update(epoch, sequence, price, timestamp, **more):
    return {"type": "price_update", **more, "data": {
        "symbol": "A", "price": price, "volume": None, "timestamp": timestamp,
        "sequence": sequence, "epoch": epoch}}


def subscribed(epoch=0, sequence=0):
    return {"type": "subscribed", "symbols": ["A"], "positions": [
        {"symbol": "A", "stream": "price", "known": epoch > 0, "epoch": epoch, "seq": sequence}]}


def gap(start, end=None, reason="new_epoch", epoch=1):
    return {"type": "gap", "symbol": "A", "stream": "price", "epoch": epoch, "from": start,
            "to": end, "reason": reason}


O1, O2 = update(1, 1, 10, 100), update(1, 2, 11, 200)
N1, N2 = update(2, 1, 20, 50), update(2, 2, 21, 60)
AWAY = {"type": "error", "code": 1006, "retryable": True, "symbol": "A"}


def judge(messages, truth=None):
    history = ConnectionHistory("client/1", 0, {}, ["A"])
    history.frames = [Frame(0, json.dumps(message)) for message in messages]
    checker = EpochChecker(history, truth or renewed(), Positions(), ("new_epoch", "moved"))
    return [each.what for each in checker.read_on() + checker.at_the_end()]


def test_the_newest_epoch_is_what_must_be_stored():
    truth = renewed()
    assert truth.rows() == {"A": (D(21), None, 60, 2, 2)}
    assert truth.ends == {PLACE: 2} and truth.epoch_of_symbol("A") == 2
    assert truth.bad_places == set() and truth.bad_places_before == {(*PLACE, 2)}


def test_an_epoch_of_the_same_log_keeps_what_is_behind_its_begin():
    truth = EpochTruth(lambda value: value == b"bad")
    truth.add([record(0, 10, 100), record(1, 11, 200), BAD])
    truth.begin(PLACE, at_offset=1)
    assert truth.rows() == {"A": (D(11), None, 200, 1, 1)}
    assert truth.ends == {PLACE: 3} and truth.bad_places == {(*PLACE, 2)}


@pytest.mark.parametrize("messages", [
    [subscribed(), O1, O2, gap(3), N1, N2],
    [subscribed(), O1, gap(2), N1, N2],
    [subscribed(2, 2), update(2, 2, 21, 60, snapshot=True)],
    [subscribed(2, 2), AWAY, update(2, 2, 21, 60, snapshot=True)],
    [subscribed(2, 1), AWAY, N2],
    [subscribed(2, 1), AWAY, gap(2, 2, "moved", 2), update(2, 2, 21, 60, snapshot=True)],
])
def test_a_whole_history_has_no_violation(messages):
    assert judge(messages) == []


@pytest.mark.parametrize("messages, what", [
    ([subscribed(), O1, O2, N1, N2], "an epoch that no gap announced"),
    ([subscribed(), O1, O2, gap(3), N2], "epoch 2 does not begin at 1"),
    ([subscribed(), O1, O2], "the newest epoch did not come"),
    ([subscribed(), O1, update(1, 2, 21, 60), gap(3), N1, N2],
     "the update 2 is not what the log has"),
    ([subscribed(), O1, O2, gap(3), N1, update(2, 2, 11, 200)],
     "the update 2 is not what the log has"),
    ([subscribed(2, 2), update(2, 2, 11, 200, snapshot=True)],
     "the snapshot at 2 is not what the log has"),
    ([subscribed(), O1, O2, gap(3), N1, N2, gap(3, epoch=2), update(3, 1, 20, 50)],
     "a position that no record has"),
    ([subscribed(), O1, O2, gap(3), N1, N2, update(2, 2, 21, 60, snapshot=True)],
     "a snapshot that nothing announced"),
    ([subscribed(2, 1), AWAY, update(2, 2, 21, 60, snapshot=True)],
     "a snapshot at another position than the join's"),
])
def test_what_is_wrong_is_found(messages, what):
    assert what in judge(messages)
