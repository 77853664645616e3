"""The checkers know candles: a small log by hand, and histories of it that are broken."""

import dataclasses
import decimal
import json

import pytest
from candle_oracle import Trade, closed_candles
from client_checker import ConnectionChecker, Positions
from epochs import EpochChecker, EpochTruth
from fault_clients import note_position
from frames import quote, text_of, trade
from history import ConnectionHistory
from journal_checker import JournalRow, check_journal
from kafka_client import Record
from ledger import Ledger
from stream_keys import numbers_in
from truth import Truth
from websocket_recorder import Frame

D = decimal.Decimal
PLACE = "t", 0
KEY = "A candle_1s"
FRAMES = [
    trade("A", 101, "10", "2", 59_100, True),
    trade("A", 102, "12", "1", 59_400, False),
    quote("B", 1, "5", "1", "6", "1", 60_000),     # closes a second and a minute of A
    trade("A", 103, "9", "3", 59_300, True),       # corrects both
    trade("A", 104, "8", "1", 58_500, False),      # makes a second that was not there
    trade("A", 105, "11", "1", 60_200, False),     # opens the next ones
    trade("A", 106, "13", "0.5", 60_300, True)]


def record(offset, frame, ahead=0):
    """Its own time is the event's, or so much before it."""
    data = frame["data"]
    return Record("t", 0, offset, b"", text_of(frame).encode(), data["T"] - ahead)


RECORDS = [record(offset, frame) for offset, frame in enumerate(FRAMES)]


def truth():
    return Truth(candles=True).add(RECORDS)


def candle(start, prices, volume, quotes, bought, bought_quotes, ids, numbers, length=1000):
    opened, high, low, close = prices
    return {"start": start, "end": start + length, "source_epoch": 1, "open": opened, "high": high,
            "low": low, "close": close, "volume": volume, "quote_volume": quotes,
            "taker_buy_volume": bought, "taker_buy_quote_volume": bought_quotes,
            "trades": numbers[2], "first_trade_id": ids[0], "last_trade_id": ids[1],
            "first_seq": numbers[0], "last_seq": numbers[1]}


FIRST = candle(59_000, (10, 12, 10, 12), 3, 32, 1, 12, (101, 102), (1, 2, 2))
CORRECTED = candle(59_000, (10, 12, 9, 12), 6, 59, 1, 12, (101, 102), (1, 3, 3))
BEFORE = candle(58_000, (8, 8, 8, 8), 1, 8, 1, 8, (104, 104), (4, 4, 1))
CLOSES = [(FIRST, 0, 60_000, 2), (CORRECTED, 1, 59_300, 3), (BEFORE, 0, 58_500, 4)]
# Of the candles that are not closed yet: {newest trade: state}.
STATES = {
    1: candle(59_000, (10, 10, 10, 10), 2, 20, 0, 0, (101, 101), (1, 1, 1)), 2: FIRST,
    5: candle(60_000, (11, 11, 11, 11), 1, 11, 1, 11, (105, 105), (5, 5, 1)),
    6: candle(60_000, (11, 13, 11, 13), D("1.5"), D("17.5"), 1, 11, (105, 106), (5, 6, 2))}


def event(number, **more):
    members, revision, timestamp, _ = CLOSES[number - 1]
    return {"type": "candle", "data": {
        "symbol": "A", "stream": "candle_1s", "epoch": 1, "sequence": number,
        "timestamp": timestamp, **members, "closed": True, "revision": revision, **more}}


def view(through, state=None, epoch=1, **more):
    return {"type": "candle_view", "data": {
        "symbol": "A", "stream": "candle_1s", "source": "trade",
        "through": {"epoch": epoch, "seq": through}, **(state or STATES[through]), "closed": False,
        **more}}


def subscribed(sequence=0):
    return {"type": "subscribed", "symbols": ["A"], "positions": [
        {"symbol": "A", "stream": "candle_1s", "known": sequence > 0, "epoch": int(sequence > 0),
         "seq": sequence, "recovered": False}]}


def gap(first, last, reason="moved"):
    return {"type": "gap", "symbol": "A", "stream": "candle_1s", "epoch": 1, "from": first,
            "to": last, "reason": reason}


def checker_of(messages, of=None, positions=None, gaps=(), kind=ConnectionChecker):
    history = ConnectionHistory("client/1", 0, {}, [KEY])
    history.frames = [Frame(0, json.dumps(message, default=float)) for message in messages]
    return kind(history, of or truth(), positions or Positions(), gaps)


def judge(messages, **more):
    checker = checker_of(messages, **more)
    return checker.read_on() + checker.at_the_end()


EVENTS = [event(1), event(2), event(3)]
ALL = [subscribed(), view(1), view(2), *EVENTS, view(5), view(6)]


def test_candles_follow_from_the_log():
    streams = truth().streams
    assert sorted(streams) == ["A", "A candle_1m", "A candle_1s", "A trade", "B quote"]
    assert [(each.sequence, each.members, each.timestamp, each.late)
            for each in streams[KEY].events] == [
        (number, {**members, "closed": True, "revision": revision}, timestamp, False)
        for number, (members, revision, timestamp, _) in enumerate(CLOSES, start=1)]
    assert streams[KEY].offsets == [offset for *_, offset in CLOSES]
    # Of the minute: its close, and a correction by each late trade; the second one makes its open.
    minutes = streams["A candle_1m"]
    assert [(each.members["revision"], each.members["open"], each.members["trades"])
            for each in minutes.events] == [(0, 10, 2), (1, 10, 3), (2, 8, 4)]
    assert minutes.offsets == [2, 3, 4]
    assert sorted(Truth().add(RECORDS).streams) == ["A", "A trade", "B quote"]


def test_volumes_are_exact_beyond_the_digits_of_a_decimal():
    """30 digits: Python rounds to 28 by itself."""
    price, size = "12345678901.00000001", "1234.00000001"
    (made,) = Truth(candles=True).add([
        record(0, trade("A", 1, price, size, 59_100, False)),
        record(1, FRAMES[2])]).streams[KEY].events
    assert made.members["quote_volume"] == D("15234567763957.4568013500000001")
    (closed,) = closed_candles([Trade(1, 59_100, price, size, True, 1)], "1s", 60_000).values()
    assert closed["quote_volume"] == closed["taker_buy_quote_volume"] == made.members[
        "quote_volume"]


def test_a_record_ahead_of_its_own_time_closes_nothing():
    """Its event time counts as a second above the record's at most: candles.max_ahead."""
    for ahead, closes in ((1_000, 1), (1_001, 0)):
        found = Truth(candles=True).add([*RECORDS[:2], record(2, FRAMES[2], ahead)]).streams
        assert len(found[KEY].events if KEY in found else []) == closes


def test_a_trade_that_comes_too_late_changes_no_candle():
    """candles.lateness is an hour behind the watermark."""
    for behind, count in ((3_600_000, 1), (3_600_001, 0)):
        late = trade("A", 107, "1", "1", 3_700_000 - behind, True)
        found = Truth(candles=True).add([
            record(0, quote("B", 1, "5", "1", "6", "1", 3_700_000)), record(1, late)]).streams
        assert len(found[KEY].events if KEY in found else []) == count
        assert len(found["A trade"].events) == 1


def test_a_later_epoch_begins_with_a_partial_candle():
    of = EpochTruth(lambda value: False, candles=True).add(RECORDS)
    of.begin(PLACE)
    of.read_to(PLACE, len(RECORDS))
    of.add(RECORDS)
    new = of.of(2).streams[KEY].events
    # The first trade's, and what lies before it; not what begins behind it.
    assert [(each.members["source_epoch"], each.members.get("partial"), each.sequence)
            for each in new] == [(2, True, 1), (2, True, 2), (2, True, 3)]
    assert "partial" not in of.candles.members(KEY, 60_000, (2, 6))
    assert "partial" not in of.of(1).streams[KEY].events[0].members


QUOTE = quote("B", 2, "5", "1", "6", "1", 61_500)


def renewed(read_to, *frames):
    """The log is made anew when so much of it has been read."""
    of = EpochTruth(lambda value: False, candles=True).add(RECORDS)
    of.begin(PLACE)
    of.add([record(offset, frame) for offset, frame in enumerate(frames)])
    of.read_to(PLACE, read_to)
    return of


def test_a_record_of_the_next_epoch_closes_a_candle_of_the_one_before():
    of = renewed(6, QUOTE, FRAMES[0])
    (closed,) = of.of(2).streams[KEY].events
    assert closed.members == {**STATES[5], "closed": True, "revision": 0}
    assert (closed.sequence, closed.timestamp) == (1, 61_500)
    assert len(of.of(1).streams[KEY].events) == 3
    assert of.candles.over_at(KEY, 60_000, 1) == (2, 1)


def test_what_was_shown_and_not_stored_of_an_epoch_is_known():
    """Three trades were shown, of which the log's next epoch knows two."""
    of = renewed(2, QUOTE)
    assert [each.members["trades"] for each in of.of(1).streams[KEY].events] == [2, 3, 1]
    assert of.candles.members(KEY, 60_000, (1, 5)) == {**STATES[5], "closed": False}
    (closed,) = of.of(2).streams[KEY].events
    assert closed.members == {**STATES[2], "closed": True, "revision": 0}
    assert of.due(KEY, 2) == (1, 1) and of.due(KEY, 1) is None
    # Of the minute nothing is in the next epoch, and nothing was stored of this one.
    assert "A candle_1m" in of.of(2).streams
    of = renewed(2)
    # Who saw nothing of it need not hear of it.
    assert of.due(KEY, 1) == of.due("A candle_1m", 1) == (0, 3)
    assert of.due(KEY, 0) == of.due("A candle_1m", 0) == (0, 0)
    assert of.due("A trade", 0) is None


def test_of_an_epoch_in_which_something_was_stored_it_must_be_known():
    of = renewed(6)
    assert of.due(KEY, 1) == (3, 3) and of.due(KEY, 0) is None
    # Begun, and nothing closed yet.
    of = renewed(6, FRAMES[0])
    assert of.due(KEY, 2) == (0, 0) and of.due(KEY, 1) == (3, 3) and of.due(KEY, 3) is None


def test_a_trade_of_the_next_epoch_forgets_what_was_open():
    of = renewed(6, FRAMES[0])
    assert 2 not in [epoch for epoch, its in of.by_epoch().items() if KEY in its.streams]
    assert of.candles.over_at(KEY, 60_000, 1) == (2, 0)
    # Behind closes of this epoch, its candles have the next.
    of = renewed(6, QUOTE, trade("A", 101, "10", "2", 61_600, True),
                 quote("B", 3, "5", "1", "6", "1", 62_000))
    assert [each.members["source_epoch"] for each in of.of(2).streams[KEY].events] == [1]
    assert [(each.sequence, each.members["source_epoch"], each.members["partial"])
            for each in of.of(3).streams[KEY].events] == [(1, 2, True)]


@pytest.mark.parametrize("messages, gaps", [
    (ALL, ()),
    # Views are not waited for, but for what is open at the end.
    ([subscribed(), *EVENTS, view(6)], ()),
    ([subscribed(1), event(2), event(3), view(6)], ()),
    # Provisional: taken back, closed by a number, left behind a gap, and true to the end.
    ([subscribed(), view(1, provisional=True), view(2, provisional=False), *EVENTS, view(6)], ()),
    ([subscribed(), view(2, provisional=True), *EVENTS, view(6)], ()),
    ([subscribed(), view(2, provisional=True), gap(1, 1), *EVENTS[1:], view(6)], ("moved",)),
    ([subscribed(), *EVENTS, view(6, provisional=True)], ()),
    # Shown again as it was, to one that had asked.
    ([subscribed(), *EVENTS, view(5), view(6), view(6, provisional=True)], ()),
])
def test_a_whole_history_has_no_violation(messages, gaps):
    assert judge(messages, gaps=gaps) == []


@pytest.mark.parametrize("messages, check, what", [
    # Numbered events: lost, again, other than the log's, of no record.
    ([subscribed(), event(1), event(3), view(6)], "I3", "a hole that no gap announced"),
    ([subscribed(), *EVENTS[:2], view(6)], "I3", "the end of the stream did not come"),
    ([*ALL, event(3)], "I2", "a position comes again"),
    ([subscribed(), event(1, close=10), *EVENTS[1:], view(6)], "I5", "the update 1"),
    ([subscribed(), event(1), event(2, revision=0), event(3), view(6)], "I5", "the update 2"),
    ([subscribed(), event(1, timestamp=60_001), *EVENTS[1:], view(6)], "I5", "the update 1"),
    ([subscribed(), event(1, first_seq=2), *EVENTS[1:], view(6)], "I5", "the update 1"),
    ([subscribed(), event(1, partial=True), *EVENTS[1:], view(6)], "I5", "the update 1"),
    ([*ALL, event(3, sequence=4)], "I5", "a position that no record has"),
    ([subscribed(), {**event(1), "type": "kline"}, *EVENTS[1:], view(6)], "I5",
     "a message of another kind than its stream"),
    # Views: not true, of no candle, of no trade, with a number, of another stream.
    ([subscribed(), view(1, volume=3), *EVENTS, view(6)], "I5", "the view of 59000"),
    ([subscribed(), view(1, closed=True), *EVENTS, view(6)], "I5", "the view of 59000"),
    ([subscribed(), view(2, STATES[1]), *EVENTS, view(6)], "I5", "the view of 59000"),
    ([subscribed(), view(1, start=57_000), *EVENTS, view(6)], "I5", "the view of 57000"),
    ([subscribed(), view(1, epoch=2), *EVENTS, view(6)], "I5", "the view of 59000"),
    ([subscribed(), view(1, sequence=1), *EVENTS, view(6)], "I5", "a view with a number"),
    ([subscribed(), view(1, source="price"), *EVENTS, view(6)], "I5",
     "a view that names another source"),
    ([view(1), *ALL], "I3", "a view of what was not subscribed"),
    # Older than was known, by a view or by a number.
    ([subscribed(), view(2), view(1), *EVENTS, view(6)], "I3",
     "a view that is older than the one before"),
    ([subscribed(), event(1), view(2), *EVENTS[1:], view(6)], "I3",
     "59000 is shown open behind its close"),
    ([subscribed(1), view(2), *EVENTS[1:], view(6)], "I3", "59000 is shown open behind its close"),
    # Provisional, and never taken back; and what is open is not shown as it is.
    ([subscribed(), view(1, provisional=True), view(2), *EVENTS, view(6)], "I3",
     "the provisional view of 59000 is not taken back"),
    ([subscribed(), *EVENTS, view(5, provisional=True)], "I3",
     "the open candle of 60000 is not shown as it is"),
    ([subscribed(), *EVENTS, view(5)], "I3", "the open candle of 60000 is not shown as it is"),
    ([subscribed(), *EVENTS], "I3", "the open candle of 60000 is not shown as it is"),
])
def test_a_broken_history_is_found(messages, check, what):
    found = judge(messages)
    assert [each for each in found if each.check == check and what in each.what], found


def test_whoever_waits_for_the_end_waits_for_the_open_candle():
    for messages, behind in (([subscribed(), *EVENTS, view(5)], True), (ALL, False)):
        checker = checker_of(messages)
        checker.read_on()
        assert checker.behind() == behind


def test_an_event_that_comes_out_otherwise_after_a_crash_is_found():
    """The log is the same, and so must be what is made of it."""
    positions = Positions()
    assert judge(ALL, positions=positions) == []
    assert judge([subscribed(), *EVENTS, view(6)], positions=positions) == []
    found = judge([subscribed(), event(1, volume=4), *EVENTS[1:], view(6)], positions=positions)
    assert ("I2", "a position stands for two records") in [
        (each.check, each.what) for each in found]


def test_a_view_of_an_epoch_that_is_over_is_found():
    of = EpochTruth(lambda value: False, candles=True).add(RECORDS)
    of.begin(PLACE)
    of.read_to(PLACE, len(RECORDS))
    of.add(RECORDS[:3])
    ended = {**gap(4, None, "new_epoch")}
    close = event(1, epoch=2, source_epoch=2, partial=True)

    def found(*messages):
        return [(each.check, each.what) for each in judge(
            [*ALL, ended, *messages], of=of, gaps=("new_epoch",), kind=EpochChecker)]
    new = {**STATES[1], "source_epoch": 2, "partial": True}
    assert found(view(1, new, 2), close) == []
    assert ("I3", "60000 is shown open behind its close") in found(close, view(6))
    assert ("I5", "the view of 59000 through (2, 1) is not what the log has") in found(
        view(1, {**new, "partial": False}, 2), close)


def test_a_view_is_not_a_position():
    reached, ledger = {}, Ledger("client")
    history = ConnectionHistory("client/1", 0, {}, [])
    for message in [subscribed(), view(1), event(1), event(2), view(6)]:
        note_position(reached, message)
        assert ledger.take(history, message) == []
    assert reached == {KEY: (1, 2)}
    # The first trade of a candle is not the first of merged events.
    assert numbers_in(event(2)["data"]) == (2, 2)
    assert ledger.take(history, event(2)) != []
    assert [(each.where, each.found) for each in ledger.judge(truth(), {(KEY, 1): 3})] == [
        ("client A candle_1s", (3, 3))]


def test_the_journal_of_candles_is_compared():
    rows = [JournalRow(number, PLACE, offset, {**members, "closed": True, "revision": revision},
                       timestamp, False)
            for number, (members, revision, timestamp, offset) in enumerate(CLOSES, start=1)]

    def found(rows):
        return [(each.check, each.where, each.what) for each in check_journal(
            truth(), {(KEY, 1): rows}, kept=lambda key: key == KEY)]
    assert found(rows) == []
    where = f"journal {KEY}/1"
    assert found(rows[:2]) == [("I1", where, "the event 3 is missing")]
    assert found([*rows, dataclasses.replace(rows[2], sequence=4)]) == [
        ("I1", where, "the event 4 is of no record")]
    for wrong in ({"offset": 3}, {"timestamp": 60_001}, {"late": True},
                  {"members": {**rows[0].members, "quote_volume": D("32.0000000000000001")}},
                  {"members": {**rows[0].members, "revision": 1}}):
        assert found([dataclasses.replace(rows[0], **wrong), *rows[1:]]) == [
            ("I1", where, "the event 1 is not what the log has")]
