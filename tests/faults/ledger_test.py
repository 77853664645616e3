"""The ledger of a client that comes back finds the fault that it is there for: what it got over
all its connections, broken by hand."""

import json

import pytest
from epochs import EpochTruth
from history import ConnectionHistory
from kafka_client import Record
from ledger import Ledger, Numbers

PLACE = "t", 0


def records(count):
    return [Record("t", 0, offset, b"", json.dumps(
        {"symbol": "A", "price": offset + 1, "timestamp": offset}).encode(), 1000)
        for offset in range(count)]


def truth(*lengths):
    """Of each epoch so many events."""
    of = EpochTruth(lambda value: False)
    for number, length in enumerate(lengths):
        if number:
            of.begin(PLACE)
        of.add(records(length))
    return of


def update(sequence, epoch=1, **more):
    return {"type": "price_update",
            "data": {"symbol": "A", "epoch": epoch, "sequence": sequence, **more}}


def updates(first, last, epoch=1):
    return [update(number, epoch) for number in range(first, last + 1)]


def joined(sequence, epoch=1):
    return {"type": "subscribed", "positions": [
        {"symbol": "A", "epoch": epoch, "seq": sequence, "known": True, "recovered": False}]}


def came_back(begin, end, lost=0, epoch=1, end_epoch=None):
    end_epoch = end_epoch or epoch
    return {"type": "subscribed", "positions": [
        {"symbol": "A", "known": True, "epoch": end_epoch, "seq": end, "recovered": True,
         "from": {"epoch": epoch, "seq": begin}, "to": {"epoch": end_epoch, "seq": end},
         "lost": lost}]}


def gap(first, last, epoch=1, reason="expired"):
    return {"type": "gap", "symbol": "A", "epoch": epoch, "from": first, "to": last,
            "reason": reason}


def judge(connections, lengths=(9,), kept=None):
    ledger, found = Ledger("client"), []
    for messages in connections:
        history = ConnectionHistory("client/1", 0, {}, ["A"])
        for message in messages:
            found += ledger.take(history, message)
    kept = {("A", 1): 9} if kept is None else kept
    return [(each.check, each.what, each.found)
            for each in found + ledger.judge(truth(*lengths), kept)]


def test_numbers_are_a_set():
    numbers = Numbers()
    assert (numbers.add(3, 5), numbers.add(9, 9), numbers.add(6, 8)) == ([], [], [])
    assert numbers.add(1, 4) == [(3, 4)]
    assert (numbers.within(0, 99), numbers.missing(1, 12)) == ([(1, 9)], [(10, 12)])
    assert numbers.add(20, 30) == [] and numbers.add(8, 25) == [(8, 9), (20, 25)]
    assert (numbers.missing(1, 30), numbers.highest) == ([], 30)


@pytest.mark.parametrize("connections", [
    [[joined(0), *updates(1, 9)]],
    [[joined(3), *updates(4, 5)], [came_back(6, 8), *updates(6, 9)]],
    [[joined(0), *updates(1, 9)], [came_back(10, 9)]],
    [[joined(0), update(3, first_seq=1)], [came_back(4, 9), update(9, first_seq=4)]],
    # Cut before all of it had come, twice.
    [[joined(0), *updates(1, 2)], [came_back(3, 9, None), update(3)],
     [came_back(4, 9), *updates(4, 9)]],
    [[joined(0), update(1)], [came_back(2, 9, 3), gap(2, 4), *updates(5, 9)]],
    [[joined(0), update(1)], [came_back(2, 9, None), gap(2, 4), *updates(5, 9)]],
    [[joined(0), update(1)], [came_back(2, 9, 8), gap(2, 9)]],
])
def test_each_event_once_is_no_violation(connections):
    assert judge(connections) == []


@pytest.mark.parametrize("connections, found", [
    # Lost: between two connections, within one, the last ones of what is kept.
    ([[joined(0), *updates(1, 4)], [came_back(6, 9), *updates(6, 9)]],
     ("I3", "events of epoch 1 never came, and no gap took them", (5, 5))),
    ([[joined(0), *updates(1, 4)], [came_back(5, 9), update(5), *updates(8, 9)]],
     ("I3", "events of epoch 1 never came, and no gap took them", (6, 7))),
    ([[joined(0), *updates(1, 4)], [came_back(5, 9)]],
     ("I3", "events of epoch 1 never came, and no gap took them", (5, 9))),
    # It began anew: what lies between is not there.
    ([[joined(0), *updates(1, 4)], [joined(7), *updates(8, 9)]],
     ("I3", "events of epoch 1 never came, and no gap took them", (5, 7))),
    # Twice: on the next connection, on a later one, within what was merged.
    ([[joined(0), *updates(1, 9)], [came_back(10, 9), update(9)]],
     ("I2", "events of epoch 1 come twice", (9, 9))),
    ([[joined(0), *updates(1, 6)], [came_back(7, 9), *updates(7, 9)], [came_back(10, 9), update(2)]],
     ("I2", "events of epoch 1 come twice", (2, 2))),
    ([[joined(0), *updates(1, 6)], [came_back(7, 9), update(9, first_seq=5)]],
     ("I2", "events of epoch 1 come twice", (5, 6))),
    # Gaps: of what came before, of what comes after all, shorter and longer than was said.
    ([[joined(0), *updates(1, 6)], [came_back(7, 9, 0), gap(5, 6), *updates(7, 9)]],
     ("I3", "a gap takes events of epoch 1 that came", (5, 6))),
    ([[joined(0), update(1)], [came_back(2, 9, 3), gap(2, 4), *updates(4, 9)]],
     ("I3", "events of epoch 1 come that a gap had taken", (4, 4))),
    ([[joined(0), update(1)], [came_back(2, 9, 0), gap(2, 4), *updates(5, 9)]],
     ("I3", "gaps are not as long as `lost` said", 3)),
    ([[joined(0), update(1)], [came_back(2, 9, 4), gap(2, 4), *updates(5, 9)]],
     ("I3", "gaps are not as long as `lost` said", 3)),
    ([[joined(0), *updates(1, 9)], [came_back(10, 9, 1)]],
     ("I3", "nothing is due, and something is lost", 1)),
])
def test_what_is_wrong_is_found(connections, found):
    assert found in judge(connections)


KEPT = {("A", 1): 4, ("A", 2): 2}


def test_an_epoch_that_ended_is_due_as_far_as_it_is_kept():
    def of(*back):
        return judge([[joined(0), *updates(1, 2)], list(back)], (5, 2), KEPT)
    ended = [gap(5, None, reason="new_epoch"), *updates(1, 2, epoch=2)]
    assert of(came_back(3, 2, None, end_epoch=2), *updates(3, 4), *ended) == []
    # A gap from 3 on is not called for: the journal has 3 and 4.
    early = [gap(3, None, reason="new_epoch"), *updates(1, 2, epoch=2)]
    assert of(came_back(3, 2, None, end_epoch=2), *early) == [
        ("I3", "events of epoch 1 never came, and no gap took them", (3, 4))]
    # The new one begins at 1.
    assert of(came_back(3, 2, None, end_epoch=2), *updates(3, 4), ended[0], update(2, 2)) == [
        ("I3", "events of epoch 2 never came, and no gap took them", (1, 1))]
