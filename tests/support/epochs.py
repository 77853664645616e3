"""What must be where an epoch ends: logs that are replaced, records that expire unread.

Each epoch of a partition is a log of its own; the k-th usable record of a symbol in it is number k.
"""

from candle_truth import CandleTruth
from client_checker import ConnectionChecker
from stream_keys import is_candle, key_in
from truth import Truth


class EpochTruth:
    """Shows the newest epoch of each symbol as a Truth does, and the older ones by their number.

    `bad` and `candles` as for Truth. All partitions begin in epoch 1. With candles, an epoch
    begins when read_to() has said where the one before ended.
    """

    def __init__(self, bad, candles=False):
        self._bad = bad
        self.candles = CandleTruth(self._take_candle) if candles else None
        self._truths = {1: Truth(bad, self.candles)}
        self._epoch = {}    # {(topic, partition): its epoch}
        self._records = {}  # {(topic, partition): those of its present log}
        self._waiting = {}  # {(topic, partition): records, until read_to()}
        self._bad_before = set()

    def add(self, records):
        for record in sorted(records, key=lambda each: (each.topic, each.partition, each.offset)):
            place = record.topic, record.partition
            if place in self._waiting:
                self._waiting[place].append(record)
                continue
            self._records.setdefault(place, []).append(record)
            self.of(self.epoch_of(place)).add([record])
        return self

    def of(self, epoch):
        if epoch not in self._truths:
            self._truths[epoch] = Truth(self._bad, self.candles)
        return self._truths[epoch]

    def _take_candle(self, key, position, *event):
        self.of(position[0]).take_candle(key, position, *event)

    def epoch_of(self, place):
        return self._epoch.get(place, 1)

    def begin(self, place, at_offset=None):
        """The next epoch of a partition: in a new log, or with what its log has from there on."""
        kept = [] if at_offset is None else [
            record for record in self._records.get(place, []) if record.offset >= at_offset]
        before = self.of(self.epoch_of(place)).bad_places
        self._bad_before |= {bad for bad in before if bad[:2] == place}
        self._records[place] = []
        if self.candles:
            self._waiting[place] = kept
            return
        self._epoch[place] = self.epoch_of(place) + 1
        self.add(kept)

    def ending(self):
        """{(topic, partition): its epoch}, where read_to() is due."""
        return {place: self.epoch_of(place) for place in self._waiting}

    def read_to(self, place, offset):
        """Of the epoch that ends, what lies below that offset was stored. A candle that was open
        there may be closed by a record of the epoch that follows."""
        self._epoch[place] = self.candles.begin(place, offset)
        self.add(self._waiting.pop(place))

    def forget_records(self):
        """Requires: no epoch begins any more, and all views have been judged."""
        self._records.clear()
        if self.candles:
            self.candles.forget()

    def epoch_of_symbol(self, symbol):
        return max(epoch for epoch, truth in self._truths.items() if symbol in truth.streams)

    def due(self, key, epoch):
        """The least and the greatest number that who has all of a stream may have, if it is in that
        epoch, 0 before the first; None: it must be in a later one. What was shown of an epoch that
        is over need not have been stored, and where nothing was, nobody need have heard of it."""
        number = self.epoch_of_symbol(key)
        while number > epoch and self._stored_of(key, number) == 0:
            number = max((each for each, truth in self._truths.items()
                          if each < number and key in truth.streams), default=0)
        if number == 0 or number < epoch == self._begun(key):
            return 0, 0
        if number != epoch:
            return None
        least, most = self.of(number).due(key, number)
        stored = self._stored_of(key, number)
        return (least if stored is None else stored), most

    def _stored_of(self, key, epoch):
        return self.candles.stored_of(key, epoch) if self.candles and is_candle(key) else None

    def _begun(self, key):
        return self.candles.epoch_of(key) if self.candles and is_candle(key) else None

    def by_epoch(self):
        return self._truths

    @property
    def streams(self):
        return {symbol: stream for _, truth in sorted(self._truths.items())
                for symbol, stream in truth.streams.items()}

    @property
    def ends(self):
        return {place: end for epoch, truth in self._truths.items()
                for place, end in truth.ends.items() if self.epoch_of(place) == epoch}

    @property
    def bad_places(self):
        """Those of the present logs."""
        return {bad for epoch, truth in self._truths.items() for bad in truth.bad_places
                if self.epoch_of(bad[:2]) == epoch}

    @property
    def bad_places_before(self):
        """Those of ended epochs: they may have been read, or not."""
        return self._bad_before

    def rows(self):
        return {symbol: row for _, truth in sorted(self._truths.items())
                for symbol, row in truth.rows().items()}

    def positions(self):
        return {key: row for _, truth in sorted(self._truths.items())
                for key, row in truth.positions().items()}


class EpochChecker(ConnectionChecker):
    """Also knows of partitions that are elsewhere: `not_owner` takes the place of the snapshot,
    which comes when the partition does."""

    def __init__(self, history, truth, positions, gaps=()):
        super().__init__(history, truth, positions, gaps)
        self._newest = truth
        self._away = set()

    def _within(self, epoch, judge, *arguments):
        self._truth = self._newest.of(epoch) if epoch else self._newest
        try:
            judge(*arguments)
        finally:
            self._truth = self._newest

    def _judge(self, frame):
        super()._judge(frame)
        message = frame.message
        if message["type"] == "error" and "symbol" in message:
            key = key_in(message)
            if key in self.subscriptions:
                self._away.add(key)
                self.subscriptions[key].snapshot_due = False

    def _joined(self, position):
        self._away.discard(key_in(position))
        self._within(position["epoch"], super()._joined, position)

    def _snapshot(self, subscription, data):
        if data["symbol"] in self._away:
            subscription.snapshot_due = True
            self._away.discard(data["symbol"])
        self._within(data["epoch"], super()._snapshot, subscription, data)

    def _update(self, subscription, data):
        self._away.discard(key_in(data))
        self._within(data["epoch"], super()._update, subscription, data)

    def _gap(self, message):
        super()._gap(message)
        if message["to"] is None:
            self._last_offset.pop(key_in(message), None)  # Another log, perhaps.
