"""I1 and I2 by the journal itself: its rows are the valid records, with numbers 1..N, of each kind
in the table of that kind.

Reads the database and the truth alone; like every checker it returns violations.
"""

import dataclasses
import decimal

from candle_oracle import MS
from history import Violation
from stream_keys import interval_of, key_of, stream_of, symbol_of

SIDES = (None, "buy", "sell")


@dataclasses.dataclass(frozen=True)
class JournalRow:
    """A row of the journal, in the values that the producer wrote."""

    sequence: int
    place: tuple  # topic, partition
    offset: int
    members: dict  # what its message says of the event
    timestamp: int
    late: bool


def units(value):
    return decimal.Decimal(value).scaleb(-8)


def size(value, rest):
    return None if value is None else units(value * 100 + rest)


def _price(price, amount, rest):
    return {"price": units(price), "volume": size(amount, rest)}


def _trade(price, amount, rest, side, trade_id, source):
    return {"price": units(price), "size": size(amount, rest), "side": SIDES[side],
            "trade_id": trade_id, "source_sequence": source}


def _quote(bid, bid_size, bid_rest, ask, ask_size, ask_rest, source):
    return {"bid": units(bid), "bid_size": size(bid_size, bid_rest), "ask": units(ask),
            "ask_size": size(ask_size, ask_rest), "source_sequence": source}


KLINE = ("start", "end", "open", "high", "low", "close", "volume", "quote_volume",
         "taker_buy_volume", "taker_buy_quote_volume", "trades", "first_trade_id", "last_trade_id",
         "closed", "source_sequence")


def _kline(*values):
    out = dict(zip(KLINE, values))
    return {**out, **{name: units(out[name]) for name in ("open", "high", "low", "close")}}


CANDLE = ("open", "high", "low", "close", "volume", "quote_volume", "taker_buy_volume",
          "taker_buy_quote_volume", "trades", "first_trade_id", "last_trade_id", "source_epoch",
          "first_seq", "last_seq", "revision")
CLOSED, PARTIAL = 1, 2  # of its flags


def _candle(stream, start, flags, *values):
    out = {"start": start, "end": start + MS[interval_of(f"- {stream}")], **dict(zip(CANDLE, values)),
           "closed": bool(flags & CLOSED)}
    if flags & PARTIAL:
        out["partial"] = True
    return {**out, **{name: units(out[name]) for name in CANDLE[:4]}}


@dataclasses.dataclass(frozen=True)
class Table:
    kind: str  # what its streams begin with
    name: str
    columns: str  # what members() takes
    members: object


TABLES = (
    Table("price", "journal_prices", "e.price, e.size, e.size_rest", _price),
    Table("trade", "journal_trades",
          "e.price, e.size, e.size_rest, (e.flags >> 1) & 3, e.trade_id, e.source_sequence", _trade),
    Table("quote", "journal_quotes", "e.bid, e.bid_size, e.bid_size_rest, e.ask, e.ask_size,"
          " e.ask_size_rest, e.source_sequence", _quote),
    Table("kline", "journal_klines", "e.start_time, e.end_time, e.open, e.high, e.low, e.close,"
          " e.volume, e.quote_volume, e.taker_buy_volume, e.taker_buy_quote_volume, e.trades,"
          " e.first_trade_id, e.last_trade_id, e.closed, e.source_sequence", _kline),
    Table("candle", "journal_candles", "s.stream, e.start_time, e.candle_flags, "
          + ", ".join(f"e.{name}" for name in CANDLE), _candle))


def table_of(key):
    """The table that has the events of a stream."""
    kind = stream_of(key).partition("_")[0]
    return next(table for table in TABLES if table.kind == kind)


def _rows_of(tables):
    return "(" + " UNION ALL ".join(
        "SELECT stream_id, epoch, seq, partition_id, kafka_offset, commit_time"
        f" FROM {table.name}" for table in tables) + ")"


ALL = _rows_of(TABLES)

# Numbers that are not one above the one before, the first of an epoch included.
HOLES = f"""
SELECT symbol, stream, epoch, before, seq FROM (
  SELECT stream_id, epoch, seq, lag(seq, 1, 0::bigint)
    OVER (PARTITION BY stream_id, epoch ORDER BY seq) AS before FROM {ALL} rows) numbers
JOIN journal_streams USING (stream_id) WHERE seq <> before + 1 ORDER BY 1, 2, 3, 5 LIMIT 20"""

# Where an epoch enters a leaf, by the rows and by the table that says so.
LEAVES = f"""
SELECT stream_id, epoch, leaf, entered.first_seq, said.first_seq FROM (
  SELECT stream_id, epoch, DATE '1970-01-01' + (commit_time / 86400000)::int AS leaf,
    min(seq) AS first_seq FROM {ALL} rows GROUP BY 1, 2, 3) entered
FULL JOIN journal_leaves said USING (stream_id, epoch, leaf)
WHERE entered.first_seq IS DISTINCT FROM said.first_seq ORDER BY 1, 2, 3 LIMIT 20"""

# Commit times that go back within a partition.
TIMES = f"""
SELECT topic, partition, kafka_offset FROM (
  SELECT partition_id, kafka_offset, commit_time, max(commit_time) OVER
    (PARTITION BY partition_id, epoch ORDER BY kafka_offset) AS newest FROM {ALL} rows) times
JOIN journal_partitions USING (partition_id) WHERE commit_time < newest LIMIT 20"""

# Behind what was judged: arrays of symbols, streams, epochs and numbers.
ROWS = """
SELECT s.symbol, s.stream, e.epoch, e.seq, p.topic, p.partition, e.kafka_offset, e.event_time,
  e.flags, {columns}
FROM {name} e JOIN journal_streams s USING (stream_id)
JOIN journal_partitions p USING (partition_id)
LEFT JOIN unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[])
  AS judged(symbol, stream, epoch, seq)
  ON judged.symbol = s.symbol AND judged.stream = s.stream AND judged.epoch = e.epoch
WHERE e.seq > coalesce(judged.seq, 0) ORDER BY 1, 2, 3, 4"""


def read_journal(database, judged=None):
    """{(key of a stream, epoch): [JournalRow]}, behind `judged`: {(key, epoch): sequence}."""
    keys = sorted(judged or {})
    arrays = ([symbol_of(key) for key, _ in keys], [stream_of(key) for key, _ in keys],
              [epoch for _, epoch in keys], [judged[each] for each in keys])
    found = {}
    for table in TABLES:
        statement = ROWS.format(columns=table.columns, name=table.name)
        for (symbol, stream, epoch, sequence, topic, partition, offset, timestamp, flags,
             *values) in database.query(statement, *arrays):
            key = key_of(symbol, stream)
            # What lies in the table of another kind is no row of this stream.
            at = key if table_of(key) is table else f"{key} in {table.name}"
            found.setdefault((at, epoch), []).append(JournalRow(
                sequence, (topic, partition), offset, table.members(*values), timestamp,
                bool(flags & 1)))
    return found


def read_to(database, place, epoch):
    """One past the last offset that became an event in that epoch of a partition; 0: none did.
    Requires: its streams are journalled, but for candles."""
    ((offset,),) = database.query(
        "SELECT coalesce(max(kafka_offset) + 1, 0)"
        f" FROM {_rows_of(table for table in TABLES if table.kind != 'candle')} rows"
        " JOIN journal_partitions USING (partition_id)"
        " WHERE topic = %s AND partition = %s AND epoch = %s", *place, epoch)
    return offset


def expected_rows(stream, above=0):
    """What a StreamTruth has as rows."""
    return [JournalRow(event.sequence, (stream.topic, stream.partition), offset,
                       members_of(event), event.timestamp, event.late)
            for event, offset in zip(stream.events[above:], stream.offsets[above:])]


def members_of(event):
    return (event.members if hasattr(event, "members")
            else {"price": event.price, "volume": event.volume})


def check_journal(truth, journal, judged=None, kept=lambda key: True):
    """I1. `journal` as of read_journal(), which has the streams that are `kept`. Of an epoch that
    has ended the engine may not have read all: there the rows are the first ones."""
    judged = judged or {}
    found = []
    expected = {(symbol, epoch): stream for epoch, of in truth.by_epoch().items()
                for symbol, stream in of.streams.items() if kept(symbol)}
    for symbol, epoch in sorted(expected.keys() | journal.keys()):
        where = f"journal {symbol}/{epoch}"
        rows = journal.get((symbol, epoch), [])
        stream = expected.get((symbol, epoch))
        if stream is None:
            found.append(Violation("I1", where, "events that no record has", None, len(rows)))
            continue
        due = expected_rows(stream, judged.get((symbol, epoch), 0))
        if epoch < truth.epoch_of((stream.topic, stream.partition)):
            due = [row for row in due if rows and row.sequence <= rows[-1].sequence]
        found += _differences(where, due, rows)
    return found


def _differences(where, due, rows):
    by_number = {}
    for row in rows:
        by_number.setdefault(row.sequence, []).append(row)
    found = []
    for row in due:
        there = by_number.pop(row.sequence, [])
        if not there:
            found.append(Violation("I1", where, f"the event {row.sequence} is missing", row))
        elif len(there) > 1:
            found.append(Violation("I2", where, f"the event {row.sequence} comes twice", row,
                                   there))
        elif there != [row]:
            found.append(Violation("I1", where, f"the event {row.sequence} is not what the log has",
                                   row, there[0]))
    return found[:20] + [
        Violation("I1", where, f"the event {sequence} is of no record", None, there[0])
        for sequence, there in sorted(by_number.items())[:20]]


class JournalChecker:
    """Of one database, wherever it is by now, again and again. `kept`: journal.streams. Requires:
    the end of the log is stored."""

    def __init__(self, kept=("price", "trade", "kline")):
        self._kept = frozenset(kept)
        self._judged, self.reached = {}, {}  # {(key of a stream, epoch): its last number}

    def _is_kept(self, key):
        return table_of(key).kind in self._kept

    def judge(self, truth, database):
        query = database.query
        journal = read_journal(database, self._judged)
        self.reached = {**self._judged,
                         **{key: rows[-1].sequence for key, rows in journal.items()}}
        return (check_journal(truth, journal, self._judged, self._is_kept) +
                [Violation("I2", f"journal {key_of(symbol, stream)}/{epoch}", "numbers",
                           before + 1, sequence)
                 for symbol, stream, epoch, before, sequence in query(HOLES)] +
                [Violation("I1", f"journal_leaves {stream}/{epoch} {leaf}", "first number", due,
                           said) for stream, epoch, leaf, due, said in query(LEAVES)] +
                [Violation("I1", f"journal {topic}/{partition} {offset}", "its time goes back")
                 for topic, partition, offset in query(TIMES)])

    def forget(self):
        """What was judged is not compared again, but for its numbers."""
        self._judged = self.reached
