"""What rows, REST and clients must show, worked out from the log alone.

A symbol's k-th usable record has sequence k; an event older than the newest of its stream is
late and does not replace the snapshot; equal times go to the later offset.
"""

import dataclasses
import datetime
import decimal
import json

from stream_keys import key_of
from supervised import wait_until


@dataclasses.dataclass(frozen=True)
class Event:
    sequence: int
    price: decimal.Decimal
    volume: decimal.Decimal | None
    timestamp: int
    late: bool


def _milliseconds(written):
    if isinstance(written, int) or written.isdigit():
        return int(written)
    time = datetime.datetime.fromisoformat(written.replace("Z", "+00:00"))
    return (time - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
            ) // datetime.timedelta(milliseconds=1)


def events_of(records):
    """{symbol: [Event]} of records of price-ticks, all usable, as they stand in the log."""
    streams, newest = {}, {}
    for record in sorted(records, key=lambda each: (each.topic, each.partition, each.offset)):
        value = json.loads(record.value, parse_float=decimal.Decimal)
        symbol, volume = value["symbol"], value.get("volume")
        timestamp = _milliseconds(value["timestamp"])
        late = timestamp < newest.get(symbol, 0)
        newest[symbol] = max(newest.get(symbol, 0), timestamp)
        stream = streams.setdefault(symbol, [])
        stream.append(Event(len(stream) + 1, decimal.Decimal(value["price"]),
                            None if volume is None else decimal.Decimal(volume),
                            timestamp, late))
    return streams


def shown_of(stream):
    """The event that the snapshot shows."""
    return max(stream, key=lambda event: (event.timestamp, event.sequence))


def rows_of(streams):
    """{symbol: (price, volume, timestamp, last_sequence, price_sequence)}"""
    rows = {}
    for symbol, stream in streams.items():
        shown = shown_of(stream)
        rows[symbol] = (shown.price, shown.volume, shown.timestamp, len(stream), shown.sequence)
    return rows


def stored_rows(database):
    return {row[0]: row[1:] for row in database.query(
        "SELECT symbol, price, volume, timestamp, last_sequence, price_sequence"
        " FROM price_snapshots WHERE epoch > 0")}


def stored_epochs(database):
    """Of all streams."""
    return [epoch for epoch, in database.query(
        "SELECT epoch FROM price_snapshots WHERE epoch > 0 UNION"
        " SELECT epoch FROM stream_positions")]


def stored_positions(database):
    """Of streams of the log that are not prices: {key: (last_sequence, newest_time, newest_source)}"""
    return {key_of(symbol, stream): tuple(row) for symbol, stream, *row in database.query(
        "SELECT symbol, stream, last_sequence, newest_time, newest_source FROM stream_positions"
        " WHERE stream <> 'price' AND stream NOT LIKE 'candle%'")}


def stored_numbers(database):
    """Of all streams that are not prices: {key: last_sequence}"""
    return {key_of(symbol, stream): sequence for symbol, stream, sequence in database.query(
        "SELECT symbol, stream, last_sequence FROM stream_positions WHERE stream <> 'price'")}


def ends_of(records):
    """{(topic, partition): one past the last offset}"""
    ends = {}
    for record in records:
        place = record.topic, record.partition
        ends[place] = max(ends.get(place, 0), record.offset + 1)
    return ends


def stored_ends(database):
    return {(topic, partition): offset for topic, partition, offset in database.query(
        "SELECT topic, partition, next_offset FROM ingest_offsets")}


def wait_until_stored(database, records, timeout=30):
    """Until next_offset of each partition is the end of what was produced."""
    ends = ends_of(records)

    def reached():
        stored = stored_ends(database)
        return all((stored.get(place) or 0) >= end for place, end in ends.items())

    wait_until(reached, f"next_offset of {ends}", timeout)
    stored = stored_ends(database)
    assert {place: stored[place] for place in ends} == ends


def assert_rows_equal_the_log(database, records, timeout=30):
    wait_until_stored(database, records, timeout)
    expected, stored = rows_of(events_of(records)), stored_rows(database)
    wrong = {symbol: (stored.get(symbol), expected.get(symbol))
             for symbol in expected.keys() | stored.keys()
             if stored.get(symbol) != expected.get(symbol)}
    assert not wrong, f"{len(wrong)} rows differ, (stored, log): {dict(list(wrong.items())[:3])}"


def updates_of(messages, symbol):
    """The data of live updates of one symbol, in the order of their arrival."""
    return [message["data"] for message in messages
            if message["type"] == "price_update" and not message.get("snapshot")
            and message["data"]["symbol"] == symbol]


def updates_by_symbol(messages):
    """{symbol: live updates}; for many symbols, where updates_of would look too often."""
    found = {}
    for message in messages:
        if message["type"] == "price_update" and not message.get("snapshot"):
            found.setdefault(message["data"]["symbol"], []).append(message["data"])
    return found


def as_event(data):
    assert "first_seq" not in data, data
    volume = data["volume"]
    return Event(data["sequence"], decimal.Decimal(data["price"]),
                 None if volume is None else decimal.Decimal(volume), data["timestamp"],
                 data.get("late", False))


def assert_update_holds(data, stream):
    """An update, merged or not, says what the log says of the events that it covers."""
    first, last = data.get("first_seq", data["sequence"]), data["sequence"]
    covered = stream[first - 1:last]
    assert len(covered) == last - first + 1, data
    if first == last:
        assert as_event({**data}) == covered[0], data
        return
    prices = [event.price for event in covered]
    assert (data["n"], data["o"], data["h"], data["l"], data["c"]) == (
        len(covered), prices[0], max(prices), min(prices), prices[-1]), data
    shown = shown_of(covered)
    assert (data["price"], data["volume"], data["timestamp"], data.get("price_seq", last)) == (
        shown.price, shown.volume, shown.timestamp, shown.sequence), data


def assert_no_hole(updates, stream, joined_at=0, end=None):
    """Consecutive within one epoch from `joined_at` to the end of the stream, each as the log."""
    position = joined_at
    for data in updates:
        assert data.get("first_seq", data["sequence"]) == position + 1, (position, data)
        assert_update_holds(data, stream)
        position = data["sequence"]
    assert position == (len(stream) if end is None else end)
