"""The numbered events of candles as they follow from the logs of a partition, and each state of a
candle before its close: worked out record by record by the rules that docs/history.md gives.

Shares no code with the engine, and none with candle_oracle.py, which makes closed candles of all
their trades at once.
"""

import bisect
import collections
import copy
import decimal
import heapq

from candle_oracle import EXACT, MS
from stream_keys import INTERVALS, key_of, symbol_of

MAX_AHEAD_MS = 1_000  # candles.max_ahead
LATENESS_MS = 3_600_000  # candles.lateness

State = collections.namedtuple(
    "State", "open high low close volume quote_volume taker_buy_volume taker_buy_quote_volume"
    " trades first_trade_id last_trade_id first_seq last_seq")


class Candle:
    """One candle: its sums after each of its trades. `head`: what never changes."""

    def __init__(self, start, interval, epoch, partial):
        self.head = {"start": start, "end": start + MS[interval], "source_epoch": epoch,
                     **({"partial": True} if partial else {})}
        self.closes = []  # positions of its events: the close, then the corrections
        self._numbers, self._states = [], []  # of trades, and the state with each of them
        self._first = self._last = None  # times

    def add(self, number, time, members):
        with decimal.localcontext(EXACT):
            self._add(number, time, members)

    def _add(self, number, time, members):
        price, size = members["price"], members["size"]
        bought = size if members["side"] == "buy" else 0
        trade_id, before = members["trade_id"], self._states[-1] if self._states else None
        if before is None:
            state = State(price, price, price, price, size, price * size, bought, price * bought, 1,
                          trade_id, trade_id, number, number)
            self._first = self._last = time
        else:
            opens, ends = time < self._first, time >= self._last
            self._first, self._last = min(time, self._first), max(time, self._last)
            state = State(price if opens else before.open, max(price, before.high),
                          min(price, before.low), price if ends else before.close,
                          before.volume + size, before.quote_volume + price * size,
                          before.taker_buy_volume + bought,
                          before.taker_buy_quote_volume + price * bought, before.trades + 1,
                          trade_id if opens else before.first_trade_id,
                          trade_id if ends else before.last_trade_id, before.first_seq, number)
        self._numbers.append(number)
        self._states.append(state)

    def members(self, through=None):
        """What a message says of it when the trade of that number was the newest; of its last state
        where none is named. None: it was not there."""
        at = len(self._numbers) if through is None else bisect.bisect(self._numbers, through)
        if not at:
            return None
        return {**self.head, **self._states[at - 1]._asdict()}

    def forget(self):
        del self._numbers[:-1], self._states[:-1]


class PartitionCandles:
    """Of one partition, through all its epochs: each is a log of its own, or begins within one.

    A record closes candles of the epoch before too, with numbers of its own epoch; the first trade
    of a symbol forgets what that symbol still has of the epoch before, and begins the next epoch of
    its candle streams. So an epoch of candles may be above that of their trades."""

    def __init__(self):
        self.epoch = 1  # that of the records
        self.watermark = None
        self.positions = {}  # {key: (epoch, number)} of the newest event
        self.candles = collections.defaultdict(dict)  # {(key, epoch of its trades): {start: Candle}}
        self.begun = collections.defaultdict(list)  # {key: [(epoch of the trades, of the candles)]}
        self._open = []  # a heap of (end, key, epoch of its trades, start)
        self._partial_through = {}  # {symbol: the time of the first trade of a later epoch}

    def begin(self, epoch):
        self.epoch, self.watermark = epoch, None

    def trades_epoch(self, key):
        return self.begun[key][-1][0] if self.begun[key] else 0

    def record(self, offset, stamp_ms, timestamp, trades):
        """[(key, (epoch, number), members)] that it makes. `trades`: [(symbol, number, members)]"""
        now = min(timestamp, stamp_ms + MAX_AHEAD_MS)
        if self.watermark is None or now > self.watermark:
            self.watermark = now
        for symbol, *_ in trades:
            self._begin(symbol, timestamp)
        made = []
        while self._open and self._open[0][0] <= self.watermark:
            _, key, epoch, start = heapq.heappop(self._open)
            if epoch == self.trades_epoch(key):
                made.append(self._event(key, self.candles[key, epoch][start]))
        for symbol, number, members in trades:
            made += self._trade(symbol, number, timestamp, members)
        return made

    def _begin(self, symbol, time):
        keys = [key_of(symbol, f"candle_{interval}") for interval in INTERVALS]
        if self.trades_epoch(keys[0]) == self.epoch:
            return
        if self.epoch > 1:
            self._partial_through[symbol] = time
        for key in keys:
            before, _ = self.positions.get(key, (0, 0))
            self.positions[key] = max(before + 1, self.epoch), 0
            self.begun[key].append((self.epoch, self.positions[key][0]))

    def _trade(self, symbol, number, time, members):
        if time < self.watermark - LATENESS_MS:
            return
        for interval in INTERVALS:
            key, start = key_of(symbol, f"candle_{interval}"), time // MS[interval] * MS[interval]
            candles = self.candles[key, self.epoch]
            candle = candles.get(start)
            if candle is None:
                partial = start <= self._partial_through.get(symbol, start - 1)
                candle = candles[start] = Candle(start, interval, self.epoch, partial)
                if self.watermark < candle.head["end"]:
                    heapq.heappush(self._open, (candle.head["end"], key, self.epoch, start))
            candle.add(number, time, members)
            if self.watermark >= candle.head["end"]:
                yield self._event(key, candle)

    def _event(self, key, candle):
        epoch, number = self.positions[key]
        if epoch < self.epoch:
            epoch, number = self.epoch, 0
        self.positions[key] = epoch, number + 1
        members = {**candle.members(), "closed": True, "revision": len(candle.closes)}
        candle.closes.append(self.positions[key])
        return key, self.positions[key], members


class CandleTruth:
    """Of all partitions. `event(key, position, place, offset, stamp_ms, timestamp, members)` takes
    each numbered event. Requires: the records of each partition in its order."""

    def __init__(self, event):
        self._event = event
        self._of = collections.defaultdict(PartitionCandles)  # {place: PartitionCandles}
        self._over = {}  # {(place, epoch): PartitionCandles, with all of that epoch's log}
        self._ends = {}  # {(key, epoch): number}, where epochs of its partition ended
        self._place = {}  # {symbol: where its trades are}
        self._before = {}  # {place: PartitionCandles when its epoch began}
        self._records = collections.defaultdict(list)  # {place: those of its present epoch}

    def record(self, place, offset, stamp_ms, timestamp, trades):
        """A valid record of any stream. `trades`: [(symbol, number, members)]"""
        self._place.update((symbol, place) for symbol, *_ in trades)
        self._records[place].append((offset, stamp_ms, timestamp, trades))
        for key, position, members in self._of[place].record(offset, stamp_ms, timestamp, trades):
            self._event(key, position, place, offset, stamp_ms, timestamp, members)

    def begin(self, place, read_to):
        """The next record is the first of an epoch, which goes on from where the one before was at
        the offset `read_to`: what lay behind was not read, or shown and never stored. Returns its
        number: above all that is stored."""
        before = self._before.get(place) or PartitionCandles()
        for record in self._records.pop(place, []):
            if record[0] < read_to:
                for _ in before.record(*record):
                    pass
        for key, (epoch, _) in self._of[place].positions.items():
            stored = before.positions.get(key, (0, 0))
            self._ends[key, epoch] = 0
            self._ends[key, stored[0]] = stored[1]
        self._over[place, self._of[place].epoch] = self._of[place]
        self._of[place] = before
        before.begin(1 + max([before.epoch, *(epoch for epoch, _ in before.positions.values())]))
        self._before[place] = copy.deepcopy(before)
        return before.epoch

    # --- what is asked; of a stream of candles by its key ---

    def _partition(self, key):
        """None: nothing is known of its symbol."""
        return self._of.get(self._place.get(symbol_of(key)))

    def _candle(self, key, epoch, start):
        """With all trades of that epoch."""
        place = self._place.get(symbol_of(key))
        partition = self._over.get((place, epoch), self._of.get(place))
        return partition and partition.candles[key, epoch].get(start)

    def members(self, key, start, through):
        """What a view of an open candle must say; `through`: (epoch, number) of the trade. None:
        there is no such candle."""
        epoch, number = through
        candle = self._candle(key, epoch, start)
        members = candle and candle.members(number)
        return members and {**members, "closed": False}

    def over_at(self, key, start, epoch):
        """The position of the event that closed the candle, which is of that epoch of the trades;
        where there was none, that before the first event of the epoch that forgot it. None: it is
        open, or was never there."""
        partition = self._partition(key)
        if partition is None:
            return None
        # Closed by a record of a later epoch, perhaps.
        candle = partition.candles[key, epoch].get(start) or self._candle(key, epoch, start)
        if candle and candle.closes:
            return candle.closes[0]
        return next(((candles, 0) for trades, candles in partition.begun[key] if trades > epoch),
                    None)

    def stored_of(self, key, epoch):
        """How many events of an epoch were stored when its partition's epoch ended in it. None: it
        did not."""
        return self._ends.get((key, epoch))

    def epoch_of(self, key):
        """That of the stream, which may have no event yet."""
        partition = self._partition(key)
        return partition.positions.get(key, (0, 0))[0] if partition else 0

    def open_ones(self, key):
        """{start: what a view must say}, of the newest epoch of the trades."""
        partition = self._partition(key)
        if partition is None:
            return {}
        return {start: {**candle.members(), "closed": False}
                for start, candle in partition.candles[key, partition.trades_epoch(key)].items()
                if not candle.closes}

    def forget(self):
        """The states before the last one, of which no more views come; and how an epoch began."""
        self._records.clear()
        self._before.clear()
        for partition in self._of.values():
            for candles in partition.candles.values():
                for candle in candles.values():
                    candle.forget()
