"""What must be, worked out from the producer's records alone, as they come.

The k-th usable record of a symbol in its partition has sequence k. The same rules as in oracle.py,
but added to round by round, so that a long campaign costs what it adds.
"""

import dataclasses
import decimal
import json

from oracle import Event


@dataclasses.dataclass
class StreamTruth:
    """One symbol's stream: event k and its offset are at index k - 1."""

    topic: str
    partition: int
    events: list = dataclasses.field(default_factory=list)
    offsets: list = dataclasses.field(default_factory=list)
    stamps_ms: list = dataclasses.field(default_factory=list)  # of produce()
    # shown[k - 1] is the event that a snapshot at sequence k shows.
    shown: list = dataclasses.field(default_factory=list)

    def add(self, offset, stamp_ms, price, volume, timestamp):
        newest = self.shown[-1] if self.shown else None
        late = newest is not None and timestamp < newest.timestamp
        event = Event(len(self.events) + 1, price, volume, timestamp, late)
        self.events.append(event)
        self.offsets.append(offset)
        self.stamps_ms.append(stamp_ms)
        self.shown.append(newest if late else event)


class Truth:
    """Requires: each symbol lives in one partition; records of a partition come in its order.

    `bad` says by its value whether a record is one that the engine must refuse.
    """

    def __init__(self, bad=lambda value: False):
        self._bad = bad
        self.streams = {}
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
            stream = self.streams.setdefault(value["symbol"], StreamTruth(*place))
            if (stream.topic, stream.partition) != place:
                raise ValueError(f"{value['symbol']} is in {place} and in {stream.partition}")
            volume = value.get("volume")
            stream.add(record.offset, record.timestamp_ms, decimal.Decimal(value["price"]),
                       None if volume is None else decimal.Decimal(volume), value["timestamp"])
        return self

    def rows(self):
        """{symbol: (price, volume, timestamp, last_sequence, price_sequence)}"""
        return {symbol: (stream.shown[-1].price, stream.shown[-1].volume,
                         stream.shown[-1].timestamp, len(stream.events),
                         stream.shown[-1].sequence)
                for symbol, stream in self.streams.items()}
