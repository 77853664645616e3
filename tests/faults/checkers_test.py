"""Every checker finds the fault that it is there for: histories broken by hand."""

import dataclasses
import decimal
import json
import os
import socket
import subprocess

import pytest
from checkers import (check_dead_letters, check_degraded, check_exit, check_latency, check_log,
                      check_growth, check_not_slowed, check_recovered, check_resources,
                      check_rows, resources_of)
from client_checker import ConnectionChecker, Positions
from epochs import EpochTruth
from fault_clients import note_position
from frames import BAD_FRAMES
from history import ConnectionHistory
from journal_checker import JournalRow, check_journal
from kafka_client import Record
from market_load import BAD
from oracle import events_of
from truth import Truth
from websocket_recorder import Frame

D = decimal.Decimal


def record(offset, value, partition=0):
    return Record("t", partition, offset, b"", value.encode(), 1000 + offset)


# Symbol A: five events, the third is late; offset 2 is bad.
RECORDS = [record(0, '{"symbol":"A","price":10,"volume":1,"timestamp":100}'),
           record(1, '{"symbol":"A","price":12,"volume":2,"timestamp":200}'),
           record(2, "bad"),
           record(3, '{"symbol":"A","price":7,"volume":3,"timestamp":150}'),
           record(4, '{"symbol":"A","price":11,"timestamp":300}'),
           record(5, '{"symbol":"A","price":9,"volume":5,"timestamp":300}')]
ROWS = {"A": (D(9), D(5), 300, 5, 5)}
ENDS = {("t", 0): 6}


def truth():
    return Truth(lambda value: value == b"bad").add(RECORDS)


def subscribed(sequence=0, known=False, epoch=None):
    epoch = int(known) if epoch is None else epoch
    return {"type": "subscribed", "symbols": ["A"], "positions": [
        {"symbol": "A", "stream": "price", "known": known, "epoch": epoch, "seq": sequence}]}


def update(sequence, price, volume, timestamp, **more):
    return {"type": "price_update", "data": {
        "symbol": "A", "price": price, "volume": volume, "timestamp": timestamp,
        "sequence": sequence, "epoch": 1, **more}}


def snapshot(*arguments, **more):
    return {**update(*arguments, **more), "snapshot": True}


def gap(start, end, reason="missed", epoch=1):
    return {"type": "gap", "symbol": "A", "stream": "price", "epoch": epoch, "from": start,
            "to": end, "reason": reason}


U1, U2, U3 = update(1, 10, 1, 100), update(2, 12, 2, 200), update(3, 7, 3, 150, late=True)
U4, U5 = update(4, 11, None, 300), update(5, 9, 5, 300)
ALL = [subscribed(), U1, U2, U3, U4, U5]
# What 1 to 4 merge to.
MERGED = update(4, 11, None, 300, first_seq=1, n=4, o=10, h=12, l=7, c=11)


def judge(messages, positions=None, floor=None, gaps=(), of=None):
    history = ConnectionHistory("client/1", 0, floor or {}, ["A"])
    history.frames = [Frame(0, json.dumps(message)) for message in messages]
    checker = ConnectionChecker(history, of or truth(), positions or Positions(), gaps)
    found = checker.read_on()
    at_the_end = checker.at_the_end()
    assert at_the_end or not checker.behind()
    return found + at_the_end


def checks(found):
    return sorted({each.check for each in found})


def changed(message, **more):
    return {**message, "data": {**message["data"], **more}}


def test_truth_is_the_oracle():
    usable = [each for each in RECORDS if each.value != b"bad"]
    of = truth()
    assert of.streams["A"].events == events_of(usable)["A"]
    assert (of.rows(), of.ends, of.bad_places) == (ROWS, ENDS, {("t", 0, 2)})
    assert [event.sequence for event in of.streams["A"].shown] == [1, 2, 2, 4, 5]
    with pytest.raises(ValueError):
        of.add(RECORDS[:1])


@pytest.mark.parametrize("messages", [
    ALL,
    [subscribed(), MERGED, U5],
    [subscribed(3, True), snapshot(3, 12, 2, 200, price_seq=2), U4, U5],
    [subscribed(), U1, U2, {"type": "ping", "timestamp": 1}, U3, U4, U5],
    [subscribed(), {"type": "error", "code": 1006, "retryable": True, "symbol": "A"}, *ALL[1:]],
])
def test_a_whole_history_has_no_violation(messages):
    assert judge(messages) == []


def came_back(asked, begin, end, **more):
    """`subscribed` of a client that had `asked` of epoch 1."""
    answer = subscribed(end, True)
    answer["positions"][0].update({"recovered": True, "from": {"epoch": 1, "seq": begin},
                                   "to": {"epoch": 1, "seq": end}, "lost": 0}, **more)
    return {"A": (1, asked)}, answer


@pytest.mark.parametrize("asked, begin, messages, gaps, expected", [
    (2, 3, [U3, U4, U5], (), []),
    (5, 6, [], (), []),
    (2, 3, [gap(3, 3, "expired"), U4, U5], ("expired",), []),
    (2, 3, [gap(3, 5, "expired"), snapshot(5, 9, 5, 300)], ("expired",), []),
    (2, 3, [gap(3, 3, "expired"), U4, U5], (), ["I3"]),
    (2, 3, [U4, U5], (), ["I3"]),
    (2, 3, [U2, U3, U4, U5], (), ["I2"]),
    (2, 4, [U4, U5], (), ["I3"]),
    (2, 3, [snapshot(5, 9, 5, 300)], (), ["I3"]),
])
def test_a_client_that_comes_back_gets_what_it_missed(asked, begin, messages, gaps, expected):
    history = ConnectionHistory("client/2", 0, {}, ["A"])
    history.asked, answer = came_back(asked, begin, 5)
    history.frames = [Frame(0, json.dumps(message)) for message in [answer, *messages]]
    checker = ConnectionChecker(history, truth(), Positions(), gaps)
    assert checks(checker.read_on()) == expected


def test_a_client_that_comes_back_is_not_to_begin_anew():
    history = ConnectionHistory("client/2", 0, {}, ["A"])
    history.asked = {"A": (1, 2)}
    history.frames = [Frame(0, json.dumps(message))
                      for message in [subscribed(5, True), snapshot(5, 9, 5, 300)]]
    assert checks(ConnectionChecker(history, truth(), Positions()).read_on()) == ["I3"]


def test_who_comes_back_too_early_is_believed_as_far_as_it_says():
    for seq, expected in ((2, []), (3, ["I7"])):
        history = ConnectionHistory("client/2", 0, {}, ["A"])
        history.asked, answer = came_back(2, 3, seq, known=False)
        history.frames = [Frame(0, json.dumps(message)) for message in [answer, U3, U4, U5]]
        assert checks(ConnectionChecker(history, truth(), Positions()).read_on()) == expected


def test_a_client_knows_its_positions():
    reached = {}
    for message in [subscribed(3, True), U4, gap(5, 5), gap(6, None, "new_epoch"),
                    came_back(5, 6, 9)[1], {"type": "ping", "timestamp": 1}]:
        note_position(reached, message)
    assert reached == {"A": (1, 5)}
    note_position(reached, changed(U1, epoch=2))
    assert reached == {"A": (2, 1)}


@pytest.mark.parametrize("messages, check, what", [
    ([subscribed(), U1, U3, U4, U5], "I3", "a hole that no gap announced"),
    ([subscribed(), U1, U2, U2, U3, U4, U5], "I2", "a position comes again"),
    ([subscribed(), U1, U2, MERGED, U5], "I3", "a position comes again"),
    ([subscribed(), U1, changed(U2, price=13), U3, U4, U5], "I5", "the update 2"),
    ([subscribed(), U1, changed(U2, volume=None), U3, U4, U5], "I5", "the update 2"),
    ([subscribed(), U1, changed(U2, timestamp=201), U3, U4, U5], "I5", "the update 2"),
    ([subscribed(), U1, U2, update(3, 7, 3, 150), U4, U5], "I5", "the update 3"),  # not late
    ([subscribed(), U1, U2, U3, changed(U5, sequence=4), changed(U4, sequence=5)], "I4",
     "against the order of the log"),
    ([subscribed(), U1, U2, gap(3, 3), U4, U5], "I3", "a gap that the contracts do not call for"),
    ([subscribed(), U1, U2, U3, U4], "I3", "the end of the stream did not come"),
    ([subscribed(), *ALL[1:], changed(U5, sequence=6)], "I5", "a position that no record has"),
    ([subscribed(), U1, changed(U2, epoch=2)], "I3", "an epoch that no gap announced"),
    ([subscribed(3, True), U4, U5], "I3", "live before the snapshot"),
    ([subscribed(5, True)], "I3", "the snapshot of its join never came"),
    ([subscribed(6, True), snapshot(6, 9, 5, 300)], "I5", "joined beyond the log"),
    ([subscribed(3, True), snapshot(3, 7, 3, 150), U4, U5], "I5", "the snapshot at 3"),
    ([subscribed(3, True), snapshot(4, 11, None, 300), U5], "I3", "another position"),
    ([*ALL, snapshot(5, 9, 5, 300)], "I3", "a snapshot that nothing announced"),
    ([U1], "I3", "what was not subscribed"),
    ([subscribed(), {"type": "error", "code": 1000, "retryable": True}, *ALL[1:]], "I3",
     "an error"),
    ([subscribed(), {"type": "strange"}, *ALL[1:]], "I3", "no known type"),
    ([subscribed(2), *ALL[3:]], "I7", "unknown, and with a position"),
])
def test_a_broken_history_is_found(messages, check, what):
    found = judge(messages)
    assert [each for each in found if each.check == check and what in each.what], found


@pytest.mark.parametrize("member, value", [
    ("h", 11), ("l", 9), ("o", 12), ("c", 12), ("n", 3), ("price", 12), ("timestamp", 200),
    ("price_seq", 2), ("late", True), ("volume", 4)])
def test_a_wrong_extreme_of_a_merged_update_is_found(member, value):
    found = judge([subscribed(), changed(MERGED, **{member: value}), U5])
    assert checks(found) == ["I5"], found


def test_a_gap_is_followed_where_the_contracts_call_for_it():
    moved = [subscribed(), U1, gap(2, 4, "moved"), snapshot(4, 11, None, 300), U5]
    assert judge(moved, gaps=["moved"]) == []
    assert checks(judge(moved)) == ["I3"]
    elsewhere = [subscribed(), U1, gap(3, 4, "moved"), snapshot(4, 11, None, 300), U5]
    assert [each.what for each in judge(elsewhere, gaps=["moved"])] == [
        "a gap that begins elsewhere"]


def test_a_position_that_stands_for_two_records_is_found_across_connections():
    other = Truth().add([record(0, '{"symbol":"A","price":99,"volume":1,"timestamp":100}')])
    positions = Positions()
    assert judge(ALL, positions) == []
    assert judge(ALL, positions) == []
    found = judge([subscribed(), changed(U1, price=99)], positions, of=other)
    assert [(each.check, each.what) for each in found] == [
        ("I2", "a position stands for two records")]


def test_a_join_below_what_was_durable_is_found():
    late_join = [subscribed(2, True), snapshot(2, 12, 2, 200), U3, U4, U5]
    assert judge(late_join, floor={"A": 2}) == []
    found = judge(late_join, floor={"A": 3})
    assert [(each.check, each.expected, each.found) for each in found] == [("I7", ">= 3", 2)]


def test_rows_equal_the_log():
    assert check_rows(truth(), ROWS, ENDS) == []


@pytest.mark.parametrize("rows, ends, epochs", [
    ({}, ENDS, [1]), ({**ROWS, "B": ROWS["A"]}, ENDS, [1]), (ROWS, {("t", 0): 5}, [1]),
    (ROWS, {}, [1]), (ROWS, ENDS, [1, 2]),
    *[({"A": ROWS["A"][:at] + (wrong,) + ROWS["A"][at + 1:]}, ENDS, [1])
      for at, wrong in enumerate((D(8), None, 200, 4, 4))]])
def test_a_broken_row_is_found(rows, ends, epochs):
    assert checks(check_rows(truth(), rows, ends, epochs)) == ["I1"]


def test_dead_letters_are_the_bad_records():
    bad = ("t", 0, 2)
    assert check_dead_letters(truth(), [bad, bad]) == []
    assert checks(check_dead_letters(truth(), [])) == ["I6"]
    assert checks(check_dead_letters(truth(), [bad, ("t", 0, 3)])) == ["I6"]
    assert check_dead_letters(truth(), [bad, ("t", 0, 3)], allowed={("t", 0, 3)}) == []


LISTED = {"count": 1, "data": [{"symbol": "A", "price": D(9), "volume": D(5), "timestamp": 300,
                                "epoch": 1, "seq": 5}]}


def test_recovery_says_the_truth():
    assert check_recovered(truth(), 200, {"status": "ready"}, LISTED) == []
    row = LISTED["data"][0]
    for status, ready, data in [
            (503, {"status": "starting"}, [row]), (200, {"status": "degraded"}, [row]),
            (200, {"status": "ready"}, []), (200, {"status": "ready"}, [{**row, "seq": 4}]),
            (200, {"status": "ready"}, [{**row, "price": D(8)}]),
            (200, {"status": "ready"}, [row, {**row, "symbol": "B"}])]:
        assert checks(check_recovered(truth(), status, ready, {"data": data})) == ["I7"]


def test_a_fault_that_is_not_told_is_found():
    degraded = (200, {"status": "degraded", "reasons": {"postgres": "53100: full"}})
    ready = (200, {"status": "ready"})
    assert check_degraded([ready, degraded], ["postgres", "53100"]) == []
    assert checks(check_degraded([ready], ["postgres"])) == ["I7"]
    assert checks(check_degraded([degraded], ["kafka"])) == ["I7"]
    assert checks(check_degraded([degraded, (503, {"status": "starting"})], ["postgres"])) == ["I7"]
    assert checks(check_degraded([], ["postgres"])) == ["I7"]


def test_resources_that_do_not_come_back_are_found():
    before = {"memory_bytes": 50 << 20, "open_files": 30, "threads": 12}
    assert check_resources(before, {**before, "memory_bytes": 60 << 20}) == []
    for name, value in (("memory_bytes", 90 << 20), ("open_files", 31), ("threads", 13)):
        (found,) = check_resources(before, {**before, name: value})
        assert (found.check, found.where) == ("I8", name)
    # What the kernel says of a process with a file more is more.
    here = resources_of(os.getpid())
    with open(os.devnull, encoding="utf-8"):
        (found,) = check_resources(here, resources_of(os.getpid()))
    assert found.check == "I8" and os.devnull in str(found)


def test_a_client_that_was_slowed_is_found():
    text = '{"type":"price_update","data":{"symbol":"A","sequence":7%s}}'
    reader, slowed = (ConnectionHistory(name, 0, {}, ["A"]) for name in ("reader", "slowed"))
    reader.frames.append(Frame(1.0, text % ""))
    slowed.frames.append(Frame(1.0, text % ',"first_seq":3,"n":5'))
    assert check_not_slowed([reader]) == []
    (found,) = check_not_slowed([reader, slowed])
    assert (found.check, found.where, found.found) == ("I9", "slowed", 1)


def test_an_open_connection_is_named():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port, here = listener.getsockname()[1], resources_of(os.getpid())
        with socket.create_connection(("127.0.0.1", port)), listener.accept()[0]:
            (found,) = check_resources(here, resources_of(os.getpid()))
    assert f"connected to {port}" in str(found) and f"accepted at {port}" in str(found)


def test_memory_that_grows_is_found():
    def minutes(sizes_mb, apart=1):
        return [(60 * apart * number, int(size * 2**20)) for number, size in enumerate(sizes_mb)]
    warm_up = [100, 160, 190]
    # What comes within the warm-up, and one peak, are nothing.
    assert check_growth(minutes([*warm_up, 190, 191, 190, 230, 190, 191, 190])) == []
    assert check_growth(minutes([*warm_up, 190, 190, 190, 192, 194, 195, 195])) == []
    (found,) = check_growth(minutes([*warm_up, 190, 190, 190, 193, 196, 196, 196]))
    assert (found.check, found.found) == ("I8", 6 * 2**20)
    # Within hours a megabyte an hour: 7 of ten hours are judged.
    assert check_growth(minutes([*warm_up, 190, 190, 190, 193, 195, 195, 195], apart=60)) == []
    assert checks(check_growth(minutes([*warm_up, 190, 190, 190, 193, 197, 197, 197], apart=60)))


def test_a_latency_that_grew_is_found():
    before = [0.010] * 98 + [0.020] * 2
    assert check_latency(before, [0.010] * 98 + [0.039] * 2) == []
    assert checks(check_latency(before, [0.010] * 98 + [0.041] * 2)) == ["I9"]
    assert check_latency([0.001] * 100, [0.009] * 100) == []  # Below what the clock can tell.
    assert checks(check_latency(before, [])) == ["I9"]


def test_an_unclean_end_is_found():
    assert check_exit(0) == [] and check_exit(-9, -9) == []
    ended = subprocess.run(["sh", "-c", "kill -SEGV $$"], check=False).returncode
    assert checks(check_exit(ended)) == ["I10"]


def test_a_log_that_repeats_itself_is_found():
    line = "2024-01-01 warning event=claim_again partition=t-0"
    assert check_log([line] * 4, windows=2, limit=2) == []
    assert checks(check_log([line] * 5, windows=2, limit=2)) == ["I10"]
    assert checks(check_log([line.replace("warning", "error")], windows=1, limit=1)) == ["I10"]


def test_bad_records_of_the_load_differ():
    """By their value they are known again in the log."""
    for forms in (BAD, BAD_FRAMES):
        assert len({form.format(number) for form in forms
                    for number in range(100)}) == 100 * len(forms)


PLACE = "t", 0


def journal_row(sequence, offset, price, volume, timestamp, late):
    return JournalRow(sequence, PLACE, offset, {"price": D(price), "volume": volume}, timestamp,
                      late)


JOURNAL = [journal_row(1, 0, 10, D(1), 100, False), journal_row(2, 1, 12, D(2), 200, False),
           journal_row(3, 3, 7, D(3), 150, True), journal_row(4, 4, 11, None, 300, False),
           journal_row(5, 5, 9, D(5), 300, False)]


def judge_journal(rows, of=None, epoch=1, judged=None):
    return [(each.check, each.where, each.what)
            for each in check_journal(of or truth(), {("A", epoch): rows}, judged)]


def test_a_whole_journal_has_no_violation():
    assert judge_journal(JOURNAL) == []
    assert judge_journal(JOURNAL[3:], judged={("A", 1): 3}) == []


@pytest.mark.parametrize("rows, check, what", [
    (JOURNAL[:2] + JOURNAL[3:], "I1", "the event 3 is missing"),
    (JOURNAL[:-1], "I1", "the event 5 is missing"),
    ([], "I1", "the event 1 is missing"),
    (JOURNAL[:3] + JOURNAL[2:], "I2", "the event 3 comes twice"),
    (JOURNAL + [dataclasses.replace(JOURNAL[4], sequence=6)], "I1", "the event 6 is of no record"),
] + [(JOURNAL[:2] + [dataclasses.replace(JOURNAL[2], **wrong)] + JOURNAL[3:], "I1",
      "the event 3 is not what the log has") for wrong in (
          {"members": {"price": D("7.00000001"), "volume": D(3)}},
          {"members": {"price": D(7), "volume": D(4)}},
          {"members": {"price": D(7), "volume": None}}, {"timestamp": 151},
          {"late": False}, {"offset": 2}, {"place": ("t", 1)})])
def test_a_broken_journal_is_found(rows, check, what):
    assert (check, "journal A/1", what) in judge_journal(rows)


def test_an_epoch_that_nobody_began_is_found():
    assert judge_journal(JOURNAL, epoch=2)[-1] == (
        "I1", "journal A/2", "events that no record has")


def test_of_an_ended_epoch_the_first_events_are_enough():
    of = EpochTruth(lambda value: value == b"bad").add(RECORDS)
    of.begin(PLACE)
    of.add([record(0, '{"symbol":"A","price":1,"timestamp":5}')])
    new = {("A", 2): [journal_row(1, 0, 1, None, 5, False)]}
    assert check_journal(of, {("A", 1): JOURNAL[:3], **new}) == []
    assert [each.what for each in check_journal(of, {("A", 1): JOURNAL[1:3], **new})] == [
        "the event 1 is missing"]
    assert [each.what for each in check_journal(of, {("A", 1): JOURNAL[:3]})] == [
        "the event 1 is missing"]
