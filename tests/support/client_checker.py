"""I2 to I5 and the positions of I7: judges the frames of clients and believes none of them."""

import dataclasses
import decimal
import json

from candle_views import CandleViews
from event_content import content_of, merged_pairs, said
from history import Violation
from stream_keys import (EVENTS, MERGED, PRICE, VIEW, is_candle, is_merged, is_price, key_in,
                         numbers_in, stream_of)

NOT_OWNER = 1006


@dataclasses.dataclass
class Subscription:
    epoch: int
    sequence: int
    snapshot_due: bool
    epoch_ended: bool = False
    snapshot_allowed: bool = False  # the end of a stream of which nothing else could be had


class Positions:
    """I2 over all clients, connections and runs of the process: what each position stood for."""

    def __init__(self):
        self._content = {}

    def meet(self, symbol, epoch, sequence, content):
        """What stood there before, if that was something else."""
        before = self._content.setdefault((symbol, epoch, sequence), content)
        return None if before == content else before


class ConnectionChecker:
    """Reads one connection's frames as they come in; every method returns violations.

    `gaps` are the reasons for which the contracts call for a gap in this run. After a violation
    it goes on from what it was told, so that one fault is told once. Streams are told by their key
    (stream_keys.py); "symbol" below is such a key.
    """

    def __init__(self, history, truth, positions, gaps=()):
        self.history = history
        self._truth, self._positions, self._gaps = truth, positions, frozenset(gaps)
        self.subscriptions = {}
        self._read = 0
        self._last_offset = {}
        self._found = []
        self._views = CandleViews(self._say)

    def read_on(self):
        frames = self.history.frames
        while self._read < len(frames):
            frame = frames[self._read]
            self._read += 1
            self._judge(frame)
        found, self._found = self._found, []
        return found

    def forget(self):
        """What was judged: a run of hours would have no room for it."""
        del self.history.frames[:self._read]
        self._read = 0

    def at_the_end(self):
        """I3: nothing of the log is missing where it stopped, and nothing is still due."""
        for symbol, stream in self._streams():
            subscription = self.subscriptions.get(symbol)
            if subscription is None:
                self._say("I3", symbol, "never subscribed", "subscribed", "no answer")
            elif subscription.snapshot_due:
                self._say("I3", symbol, "the snapshot of its join never came")
            elif (due := self._due(symbol)) is None:
                self._say("I3", symbol, "the newest epoch did not come",
                          self._truth.epoch_of_symbol(symbol), subscription.epoch)
            elif not due[0] <= subscription.sequence <= due[1]:
                self._say("I3", symbol, "the end of the stream did not come",
                          len(stream.events), subscription.sequence)
        for symbol, (start, due, shown) in self._not_shown():
            self._say("I3", symbol, f"the open candle of {start} is not shown as it is", due, shown)
        found, self._found = self._found, []
        return found

    def behind(self):
        """Whether something of the log has not come yet."""
        return any(self._is_behind(symbol) for symbol, _ in self._streams()) or any(
            self._not_shown())

    def _is_behind(self, symbol):
        subscription = self.subscriptions.get(symbol)
        if subscription is None or subscription.snapshot_due:
            return True
        due = self._due(symbol)
        return due is None or subscription.sequence < due[0]

    def _due(self, symbol):
        return self._truth.due(symbol, self.subscriptions[symbol].epoch)

    def _not_shown(self):
        return ((key, each) for key in sorted(self.history.symbols) if is_candle(key)
                for each in self._views.missing(key, self._truth))

    def _streams(self):
        return [(symbol, stream) for symbol, stream in self._truth.streams.items()
                if symbol in self.history.symbols]

    def _say(self, check, where, what, expected=None, found=None):
        self._found.append(Violation(check, f"{self.history.name} {where}", what, expected, found))

    def _judge(self, frame):
        message = json.loads(frame.text, parse_float=decimal.Decimal)
        if self.history.ledger is not None:
            self._found += self.history.ledger.take(self.history, message)
        kind = message.get("type")
        if kind == "subscribed":
            for position in message["positions"]:
                self._joined(position)
        elif kind in EVENTS:
            data = message["data"]
            subscription = self.subscriptions.get(key_in(data))
            if data.get("stream", PRICE).partition("_")[0] != EVENTS[kind]:
                self._say("I5", key_in(data), "a message of another kind than its stream", None,
                          message)
            elif subscription is None:
                self._say("I3", key_in(data), "an update of what was not subscribed", None, data)
            elif message.get("snapshot"):
                self._snapshot(subscription, data)
            else:
                self._update(subscription, data)
        elif kind == VIEW:
            self._view(message["data"])
        elif kind == "gap":
            self._gap(message)
        elif kind == "error":
            if message.get("code") != NOT_OWNER or message.get("retryable") is not True:
                self._say("I3", message.get("symbol", ""), "an error", None, message)
        elif kind not in ("ping", "connected"):
            self._say("I3", str(kind), "a message of no known type", None, message)

    def _joined(self, position):
        symbol, sequence, epoch = key_in(position), position["seq"], position["epoch"]
        known = position["known"]
        self.subscriptions[symbol] = Subscription(epoch if known else 0, sequence,
                                                  known and is_price(symbol))
        if position.get("recovered"):
            self.subscriptions[symbol] = Subscription(
                position["from"]["epoch"], position["from"]["seq"] - 1, False)
        if symbol in self.history.asked:
            self._goes_on(symbol, position)
        self._last_offset.pop(symbol, None)
        stream = self._truth.streams.get(symbol)
        end = len(stream.events) if stream else 0
        if sequence > end:
            self._say("I5", symbol, "joined beyond the log", f"<= {end}", sequence)
        if sequence < self.history.floor.get(symbol, 0):
            self._say("I7", symbol, "a join position went back",
                      f">= {self.history.floor[symbol]}", sequence)
        # Who comes back is believed before the log has been read again.
        believed = self.history.asked.get(symbol, (0, 0))[1] if position.get("recovered") else 0
        if not known and sequence != believed:
            self._say("I7", symbol, "unknown, and with a position", believed, sequence)

    def _goes_on(self, symbol, position):
        epoch, sequence = self.history.asked[symbol]
        due = {"epoch": epoch, "seq": sequence + 1}
        if not position.get("recovered") or position["from"] != due:
            self._say("I3", symbol, "does not go on from where its client was", due,
                      position.get("from", "a new subscription"))

    def _snapshot(self, subscription, data):
        symbol, sequence = data["symbol"], data["sequence"]
        if subscription.snapshot_allowed:
            subscription.snapshot_allowed, subscription.snapshot_due = False, True
        if not subscription.snapshot_due:
            self._say("I3", symbol, "a snapshot that nothing announced", None, sequence)
        elif (data["epoch"], sequence) != (subscription.epoch, subscription.sequence):
            self._say("I3", symbol, "a snapshot at another position than the join's",
                      (subscription.epoch, subscription.sequence), (data["epoch"], sequence))
        subscription.snapshot_due = False
        subscription.epoch, subscription.sequence = data["epoch"], sequence
        stream = self._truth.streams.get(symbol)
        if stream is None or not 0 < sequence <= len(stream.events):
            self._say("I5", symbol, "a snapshot at a position that no record has", None, sequence)
            return
        shown = stream.shown[sequence - 1]
        self._compare("I5", symbol, f"the snapshot at {sequence}",
                      (shown.price, shown.volume, shown.timestamp, shown.sequence),
                      (data["price"], data["volume"], data["timestamp"],
                       data.get("price_seq", sequence)))

    def _view(self, data):
        key = key_in(data)
        if key not in self.subscriptions:
            self._say("I3", key, "a view of what was not subscribed", None, data)
            return
        self._views.view(key, data, self.subscriptions[key], self._truth)

    def _compare(self, check, symbol, what, expected, found):
        if expected != found:
            self._say(check, symbol, f"{what} is not what the log has", expected, found)

    def _update(self, subscription, data):
        symbol, epoch = key_in(data), data["epoch"]
        first, last = numbers_in(data)
        if subscription.snapshot_due:
            self._say("I3", symbol, "live before the snapshot", None, last)
            subscription.snapshot_due = False
        self._continues(subscription, symbol, epoch, first, last)
        subscription.epoch, subscription.sequence = epoch, last
        subscription.epoch_ended = subscription.snapshot_allowed = False
        if is_candle(symbol):
            self._views.numbered(symbol, data["start"])
        stream = self._truth.streams.get(symbol)
        if stream is None or not 1 <= first <= last <= len(stream.events):
            self._say("I5", symbol, "a position that no record has",
                      f"1 .. {len(stream.events) if stream else 0}", (first, last))
            return
        covered = stream.events[first - 1:last]
        if is_merged(data) and stream_of(symbol) not in MERGED:
            self._say("I9", symbol, "events are merged that may not be", None, data)
        elif is_merged(data):
            for what, expected, found in merged_pairs(symbol, data, covered):
                self._compare("I5", symbol, what, expected, found)
            self._last_offset.pop(symbol, None)
        else:
            self._single(symbol, data, epoch, covered[0], stream)

    def _continues(self, subscription, symbol, epoch, first, last):
        if epoch == subscription.epoch and not subscription.epoch_ended:
            due = subscription.sequence + 1
            if first > due:
                self._say("I3", symbol, "a hole that no gap announced", due, first)
            elif first < due:
                check = "I2" if last < due else "I3"
                self._say(check, symbol, "a position comes again", due, (first, last))
        elif subscription.epoch == 0 or (subscription.epoch_ended and epoch > subscription.epoch):
            if first != 1:
                self._say("I3", symbol, f"epoch {epoch} does not begin at 1", 1, first)
        else:
            self._say("I3", symbol, "an epoch that no gap announced", subscription.epoch, epoch)

    def _single(self, symbol, data, epoch, event, stream):
        content = said(symbol, data)
        before = self._positions.meet(symbol, epoch, data["sequence"], content)
        if before is not None:
            self._say("I2", f"{symbol} epoch {epoch} seq {data['sequence']}",
                      "a position stands for two records", before, content)
        self._compare("I5", symbol, f"the update {data['sequence']}",
                      (*content_of(event), event.late), (*content, data.get("late", False)))
        self._ordered(symbol, content, stream, data["sequence"])

    def _ordered(self, symbol, content, stream, sequence):
        """I4 by the content, whatever number it came under."""
        offset = next((stream.offsets[at] for at in self._near(stream, sequence)
                       if content_of(stream.events[at]) == content), None)
        last = self._last_offset.get(symbol, -1)
        if offset is None:
            return  # I5 has said so.
        if offset <= last:
            self._say("I4", symbol, f"sequence {sequence} against the order of the log",
                      f"an offset above {last}", offset)
        self._last_offset[symbol] = offset

    @staticmethod
    def _near(stream, sequence):
        yield sequence - 1
        yield from range(max(0, sequence - 1000), min(len(stream.events), sequence + 1000))

    def _gap(self, message):
        symbol, reason = key_in(message), message["reason"]
        subscription = self.subscriptions.get(symbol)
        if subscription is None:
            self._say("I3", symbol, "a gap of what was not subscribed", None, message)
            return
        self._views.gap(symbol)
        if reason not in self._gaps:
            self._say("I3", symbol, "a gap that the contracts do not call for", None, message)
        due = 1 if subscription.epoch_ended else subscription.sequence + 1
        if message["from"] != due:
            self._say("I3", symbol, "a gap that begins elsewhere", due, message["from"])
        if message["to"] is None:
            subscription.epoch_ended = True
        else:
            subscription.epoch, subscription.sequence = message["epoch"], message["to"]
            subscription.epoch_ended = False
            subscription.snapshot_due = reason == "moved" and is_price(symbol)
            subscription.snapshot_allowed = reason == "expired" and is_price(symbol)
