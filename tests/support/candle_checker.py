"""I1 and I2 of the table of candles: what is stored is what the producer's trades make, and is
their newest event. The events themselves are looked at with those of the other journals. Reads the
database and the truth alone; returns violations."""

from candle_oracle import Trade, closed_candles
from history import Violation
from stream_keys import INTERVALS, is_candle, stream_of, symbol_of

FIELDS = ("open", "high", "low", "close", "volume", "quote_volume", "taker_buy_volume",
          "taker_buy_quote_volume", "trades", "first_trade_id", "last_trade_id", "first_seq",
          "last_seq")

STORED = f"""
SELECT symbol, interval, (extract(epoch FROM time) * 1000)::bigint, epoch, sequence, revision,
  {", ".join(FIELDS)} FROM candles"""

# Of each candle the newest of its numbered events.
NUMBERED = """
SELECT DISTINCT ON (symbol, stream, start_time) symbol, stream, start_time, epoch, seq, revision,
  count(*) OVER (PARTITION BY stream_id, epoch, start_time) - 1 AS corrections
FROM journal_candles JOIN journal_streams USING (stream_id)
ORDER BY symbol, stream, start_time, epoch DESC, seq DESC"""


def watermarks(truth):
    """{(topic, partition): how far it has come in event time}. Requires: no event is ahead of its
    record's own time."""
    found = {}
    for key, stream in truth.streams.items():
        if is_candle(key):
            continue
        place = stream.topic, stream.partition
        found[place] = max([found.get(place, 0), *(each.timestamp for each in stream.events)])
    return found


def expected_candles(truth):
    """{(symbol, interval, start): candle}, of the streams of trades."""
    reached, found = watermarks(truth), {}
    for key, stream in truth.streams.items():
        if stream_of(key) != "trade":
            continue
        trades = [Trade(each.sequence, each.timestamp, each.members["price"], each.members["size"],
                        each.members["side"] == "buy", each.members["trade_id"])
                  for each in stream.events]
        for interval in INTERVALS:
            closed = closed_candles(trades, interval, reached[stream.topic, stream.partition])
            found.update({(symbol_of(key), interval, start): candle
                          for start, candle in closed.items()})
    return found


def check_candles(truth, database):
    """Requires: the end of the log is stored, and no event is later than candles.lateness."""
    found = []
    stored = {tuple(row[:3]): (tuple(row[3:6]), dict(zip(FIELDS, row[6:])))
              for row in database.query(STORED)}
    for symbol, stream, start, epoch, sequence, revision, corrections in database.query(NUMBERED):
        key = symbol, stream.removeprefix("candle_"), start
        newest = stored[key][0] if key in stored else None
        if newest != (epoch, sequence, revision):
            found.append(Violation("I1", f"candle {key}", "its newest event",
                                   (epoch, sequence, revision), newest))
        if revision != corrections:
            found.append(Violation("I2", f"candle {key}", "revision", corrections, revision))
    if len(truth.by_epoch()) > 1:
        return found  # Its candles were forgotten with the epoch.
    due = expected_candles(truth)
    for key in sorted(due.keys() | stored.keys()):
        there = stored[key][1] if key in stored else None
        if there != due.get(key):
            found.append(Violation("I1", f"candle {key}", "values", due.get(key), there))
    return found[:40]
