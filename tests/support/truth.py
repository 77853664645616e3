"""What must be, worked out from the producer's records alone, as they come.

The k-th usable record of a stream in its partition has sequence k. The same rules as in oracle.py,
but of streams of every kind, and added to round by round, so that a long campaign costs what it
adds.
"""

import dataclasses
import decimal
import json

from candle_truth import CandleTruth
from frames import events_of_frame
from oracle import Event
from stream_keys import PRICE, is_candle, is_price, key_of, stream_of, symbol_of


@dataclasses.dataclass(frozen=True)
class OtherEvent:
    """Of a trade, quote, kline or candle: `members` are those of its message that say what it is.
    A candle is never late; its time and its offset are those of the record that made it."""

    sequence: int
    members: dict
    timestamp: int
    late: bool


@dataclasses.dataclass
class StreamTruth:
    """One stream: event k and its offset are at index k - 1."""

    topic: str
    partition: int
    events: list = dataclasses.field(default_factory=list)
    offsets: list = dataclasses.field(default_factory=list)
    stamps_ms: list = dataclasses.field(default_factory=list)  # of produce()
    # shown[k - 1] is the event that a snapshot at sequence k shows.
    shown: list = dataclasses.field(default_factory=list)

    def add(self, offset, stamp_ms, stream, timestamp, members):
        newest = self.shown[-1] if self.shown else None
        late = (newest is not None and timestamp < newest.timestamp
                and not stream.startswith("candle_"))
        number = len(self.events) + 1
        event = (Event(number, members["price"], members["volume"], timestamp, late)
                 if stream == PRICE else OtherEvent(number, members, timestamp, late))
        self.events.append(event)
        self.offsets.append(offset)
        self.stamps_ms.append(stamp_ms)
        self.shown.append(newest if late else event)


class Truth:
    """Requires: each symbol lives in one partition; records of a partition come in its order.

    `bad` says by its value whether a record is one that the engine must refuse. `streams` are by
    their key (stream_keys.py). `candles`: candles are made of its trades; a CandleTruth: that one
    makes them, and knows what to do with them.
    """

    def __init__(self, bad=lambda value: False, candles=False):
        self._bad = bad
        self.streams = {}
        self.candles = CandleTruth(self.take_candle) if candles is True else candles or None
        self.ends = {}       # {(topic, partition): one past the last offset}
        self.bad_places = set()  # (topic, partition, offset)
        self.records = 0

    def add(self, records):
        for record in sorted(records, key=lambda each: (each.topic, each.partition, each.offset)):
            place = record.topic, record.partition
            if record.offset < self.ends.get(place, 0):
                raise ValueError(f"{place} offset {record.offset} comes twice or out of order")
            self.ends[place] = record.offset + 1
            self.records += 1
            if self._bad(record.value):
                self.bad_places.add((*place, record.offset))
                continue
            value = json.loads(record.value, parse_float=decimal.Decimal)
            symbol = value["data"]["s"] if "data" in value else value["symbol"]
            events = _events_of(value)
            trades = []
            for kind, timestamp, members in events:
                number = self._add(symbol, kind, place, record.offset, record.timestamp_ms,
                                   timestamp, members)
                if kind == "trade":
                    trades.append((symbol, number, members))
            if self.candles:
                self.candles.record(place, record.offset, record.timestamp_ms, events[0][1],
                                    trades)
        return self

    def _add(self, symbol, kind, place, *event):
        """Its number."""
        stream = self.streams.setdefault(key_of(symbol, kind), StreamTruth(*place))
        if (stream.topic, stream.partition) != place:
            raise ValueError(f"{symbol} is in {place} and in {stream.partition}")
        offset, stamp_ms, timestamp, members = event
        stream.add(offset, stamp_ms, kind, timestamp, members)
        return len(stream.events)

    def take_candle(self, key, _, place, *event):
        self._add(symbol_of(key), stream_of(key), place, *event)

    def due(self, key, _):
        """The least and the greatest number that who has all of a stream may have; of an epoch."""
        count = len(self.streams[key].events)
        return count, count

    def by_epoch(self):
        return {1: self}

    def epoch_of(self, _):
        """That of a partition."""
        return 1

    def rows(self):
        """{symbol: (price, volume, timestamp, last_sequence, price_sequence)}"""
        return {symbol: (stream.shown[-1].price, stream.shown[-1].volume,
                         stream.shown[-1].timestamp, len(stream.events),
                         stream.shown[-1].sequence)
                for symbol, stream in self.streams.items() if is_price(symbol)}

    def positions(self):
        """Of the other kinds of the log: {key: (last_sequence, newest_time, newest_source)}"""
        return {key: (len(stream.events), stream.shown[-1].timestamp,
                      max(event.members["source_sequence"] for event in stream.events))
                for key, stream in self.streams.items()
                if not is_price(key) and not is_candle(key)}


def _events_of(value):
    """[(stream, timestamp, members)]"""
    if "data" in value:
        return events_of_frame(value)
    volume = value.get("volume")
    return [(PRICE, value["timestamp"], {
        "price": decimal.Decimal(value["price"]),
        "volume": None if volume is None else decimal.Decimal(volume)})]
