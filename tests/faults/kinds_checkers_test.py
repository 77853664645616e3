"""The checkers know each kind of stream: histories of trades, quotes and klines broken by hand."""

import dataclasses
import decimal
import json

import pytest
from checkers import check_positions
from client_checker import ConnectionChecker, Positions
from fault_clients import note_position
from frames import kline, quote, text_of, trade
from history import ConnectionHistory
from journal_checker import JournalRow, check_journal
from kafka_client import Record
from ledger import Ledger
from stream_keys import key_of
from truth import Truth
from websocket_recorder import Frame

D = decimal.Decimal
PLACE = "t", 0
# Of each kind three events, the second is late.
FRAMES = [each for number, at in ((1, 120_100), (2, 120_050), (3, 120_200)) for each in (
    trade("A", number, f"{number}.5", "2", at, number == 1),
    quote("A", 10 + number, f"{number}", "2", f"{number + 1}", "0.5", at),
    kline("A", 20 + number, ("5", "9", "4", f"{number + 4}"), "12.25", at, number == 3))]
KINDS = ["trade", "quote", "kline_1m"]
TYPES = {"trade": "trade", "quote": "quote", "kline_1m": "kline"}
MEMBERS = {
    "trade": [{"price": D(n) + D("0.5"), "size": 2, "side": "sell" if n == 1 else "buy",
               "trade_id": n, "source_sequence": n} for n in (1, 2, 3)],
    "quote": [{"bid": n, "bid_size": 2, "ask": n + 1, "ask_size": D("0.5"),
               "source_sequence": 10 + n} for n in (1, 2, 3)],
    "kline_1m": [{"start": 120_000, "end": 179_999, "open": 5, "high": 9, "low": 4, "close": n + 4,
                  "volume": D("12.25"), "quote_volume": D("375000.25"), "taker_buy_volume": 6,
                  "taker_buy_quote_volume": D("180000.5"), "trades": 7, "first_trade_id": 20 + n,
                  "last_trade_id": 26 + n, "closed": n == 3, "source_sequence": 20 + n}
                 for n in (1, 2, 3)]}
TIMES = [120_100, 120_050, 120_200]


def truth():
    return Truth().add([Record("t", 0, offset, b"", text_of(frame).encode(), 1000 + offset)
                        for offset, frame in enumerate(FRAMES)])


def event(kind, number, **more):
    late = {"late": True} if number == 2 else {}
    return {"type": TYPES[kind], "data": {
        "symbol": "A", "stream": kind, "epoch": 1, "sequence": number,
        "timestamp": TIMES[number - 1], **MEMBERS[kind][number - 1], **late, **more}}


def events(kind):
    return [event(kind, number) for number in (1, 2, 3)]


def subscribed(kind, sequence=0):
    return {"type": "subscribed", "symbols": ["A"], "positions": [
        {"symbol": "A", "stream": kind, "known": sequence > 0, "epoch": int(sequence > 0),
         "seq": sequence, "recovered": False}]}


def text(message):
    return json.dumps(message, default=float)


def judge(kind, messages, gaps=()):
    history = ConnectionHistory("client/1", 0, {}, [key_of("A", kind)])
    history.frames = [Frame(0, text(message)) for message in messages]
    checker = ConnectionChecker(history, truth(), Positions(), gaps)
    return checker.read_on() + checker.at_the_end()


def test_a_trade_feeds_two_streams_and_the_others_one():
    streams = truth().streams
    assert sorted(streams) == ["A", "A kline_1m", "A quote", "A trade"]
    assert [(each.price, each.volume, each.timestamp, each.late)
            for each in streams["A"].events] == [
        (D("1.5"), 2, 120_100, False), (D("2.5"), 2, 120_050, True), (D("3.5"), 2, 120_200, False)]
    for kind in KINDS:
        assert [each.members for each in streams[f"A {kind}"].events] == MEMBERS[kind]
    assert streams["A trade"].offsets == streams["A"].offsets == [0, 3, 6]


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_history_has_no_violation(kind):
    assert judge(kind, [subscribed(kind), *events(kind)]) == []
    assert judge(kind, [subscribed(kind, 2), *events(kind)[2:]]) == []  # without a snapshot
    gap = {"type": "gap", "symbol": "A", "stream": kind, "epoch": 1, "from": 2, "to": 2,
           "reason": "moved"}
    assert judge(kind, [subscribed(kind), event(kind, 1), gap, event(kind, 3)], ("moved",)) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong, check, what", [
    (lambda kind: [event(kind, 1), event(kind, 3)], "I3", "a hole that no gap announced"),
    (lambda kind: events(kind)[:2], "I3", "the end of the stream did not come"),
    (lambda kind: [*events(kind), event(kind, 3)], "I2", "a position comes again"),
    (lambda kind: [event(kind, 1, source_sequence=99), *events(kind)[1:]], "I5", "the update 1"),
    (lambda kind: [event(kind, 1), event(kind, 2, late=False), event(kind, 3)], "I5",
     "the update 2"),
    (lambda kind: [event(kind, 1, more=1), *events(kind)[1:]], "I5", "the update 1"),
    (lambda kind: [{**event(kind, 1), "type": "strange"}, *events(kind)[1:]], "I3",
     "no known type"),
    (lambda kind: [{**event(kind, 1), "type": "price_update"}, *events(kind)[1:]], "I5",
     "a message of another kind than its stream"),
])
def test_a_broken_history_is_found(kind, wrong, check, what):
    found = judge(kind, [subscribed(kind), *wrong(kind)])
    assert [each for each in found if each.check == check and what in each.what], found


def test_only_quotes_may_be_merged():
    newest = event("quote", 3, first_seq=1, n=3)
    assert judge("quote", [subscribed("quote"), newest]) == []
    for wrong in ({"n": 2}, {"bid": 1}, {"quote_seq": 2}, {"late": True}):
        merged = {**newest, "data": {**newest["data"], **wrong}}
        assert {each.check for each in judge("quote", [subscribed("quote"), merged])} == {"I5"}
    for kind in ("trade", "kline_1m"):
        found = judge(kind, [subscribed(kind), event(kind, 3, first_seq=1, n=3)])
        assert {each.check for each in found} == {"I9"}, found


def test_a_client_knows_a_position_of_each_stream():
    reached, ledger = {}, Ledger("client")
    history = ConnectionHistory("client/1", 0, {}, [])
    for message in [subscribed("trade"), subscribed("quote", 1), *events("trade")[:2],
                    {"type": "gap", "symbol": "A", "stream": "quote", "epoch": 1, "from": 2,
                     "to": 2, "reason": "expired"}]:
        note_position(reached, message)
        assert ledger.take(history, message) == []
    assert reached == {"A trade": (1, 2), "A quote": (1, 2)}
    # Of trades the third is kept, and did not come.
    assert [(each.where, each.found) for each in ledger.judge(
        truth(), {("A trade", 1): 3, ("A quote", 1): 2})] == [("client A trade", (3, 3))]


def test_a_position_that_is_not_the_logs_is_found():
    right = {"A trade": (3, 120_200, 3), "A quote": (3, 120_200, 13),
             "A kline_1m": (3, 120_200, 23)}
    assert check_positions(truth(), right) == []
    for wrong in ((2, 120_200, 3), (3, 120_100, 3), (3, 120_200, 2)):
        (found,) = check_positions(truth(), {**right, "A trade": wrong})
        assert (found.check, found.where) == ("I1", "A trade")
    assert [each.where for each in check_positions(truth(), {**right, "B trade": (1, 1, 1)})] == [
        "B trade"]
    assert len(check_positions(truth(), {})) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_journal_of_each_kind_is_compared(kind):
    key = key_of("A", kind)
    rows = [JournalRow(number, PLACE, 3 * number - 3 + KINDS.index(kind),
                       MEMBERS[kind][number - 1], TIMES[number - 1], number == 2)
            for number in (1, 2, 3)]

    def found(rows, kept=(kind,)):
        return [(each.check, each.where) for each in check_journal(
            truth(), {(key, 1): rows}, kept=lambda each: each.partition(" ")[2] in kept)]
    assert found(rows) == []
    assert found(rows[:2]) == [("I1", f"journal {key}/1")]
    changed = dataclasses.replace(rows[1], members={**rows[1].members, "source_sequence": 0})
    assert found([rows[0], changed, rows[2]]) == [("I1", f"journal {key}/1")]
    assert found(rows, kept=()) == [("I1", f"journal {key}/1")]  # rows though nothing is kept
