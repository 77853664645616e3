"""What a client that comes back with its positions got over all its connections, by number.

It knows nothing of the order within a connection (client_checker.py does): it adds up what came and
what was announced as lost, and compares that with what was due.
"""

import bisect

from history import Violation
from stream_keys import is_event, key_in, numbers_in


class Numbers:
    """A set of numbers as ranges that neither overlap nor touch."""

    def __init__(self):
        self._ranges = []  # (first, last), ascending

    def add(self, first, last):
        """Those that were there before, as ranges."""
        found = self.within(first, last)
        begin = bisect.bisect_left(self._ranges, first - 1, key=lambda each: each[1])
        end = bisect.bisect_right(self._ranges, last + 1, key=lambda each: each[0])
        touched = self._ranges[begin:end]
        self._ranges[begin:end] = [(min([first, *(each[0] for each in touched)]),
                                    max([last, *(each[1] for each in touched)]))]
        return found

    def within(self, first, last):
        return [(max(first, low), min(last, high)) for low, high in self._ranges
                if low <= last and high >= first]

    def missing(self, first, last):
        found, at = [], first
        for low, high in self.within(first, last):
            if low > at:
                found.append((at, low - 1))
            at = high + 1
        return found + ([(at, last)] if at <= last else [])

    @property
    def highest(self):
        return self._ranges[-1][1] if self._ranges else 0


class Ledger:
    """One client's. Violations: I2 for what came twice, I3 for what did not come. Streams are told
    by their key (stream_keys.py); "symbol" below is such a key."""

    def __init__(self, name):
        self.name = name
        self._first = {}  # {symbol: (epoch, sequence)}: the position that it began at
        self._got, self._lost = {}, {}  # {(symbol, epoch): Numbers}
        self._said = {}   # {symbol: [from, to, lost, announced]} while it catches up
        self._found = []
        self._connection = None

    def take(self, history, message):
        """One more message, in the order of its receipt. Violations."""
        if history is not self._connection:
            self._connection = history
            self._said.clear()  # It did not come to the end of it.
        kind = message["type"]
        if kind == "subscribed":
            for position in message["positions"]:
                self._subscribed(position)
        elif is_event(message):
            data = message["data"]
            self._event(key_in(data), data["epoch"], *numbers_in(data))
        elif kind == "gap":
            self._gap(message)
        found, self._found = self._found, []
        return found

    def _say(self, check, symbol, what, expected=None, found=None):
        self._found.append(Violation(check, f"{self.name} {symbol}", what, expected, found))

    def _subscribed(self, position):
        symbol = key_in(position)
        self._first.setdefault(symbol, (position["epoch"], position["seq"]))
        self._said.pop(symbol, None)
        if not position.get("recovered"):
            return
        begin, end = ((position[name]["epoch"], position[name]["seq"]) for name in ("from", "to"))
        if (position["epoch"], position["seq"]) != end:
            self._say("I3", symbol, "`to` is not the join position", end, position)
        if begin <= end:
            self._said[symbol] = [end, position["lost"], 0]
        elif position["lost"] != 0:
            self._say("I3", symbol, "nothing is due, and something is lost", 0, position["lost"])

    def _event(self, symbol, epoch, first, last):
        self._reaches(symbol, (epoch, first - 1))
        for twice in self._of(self._got, symbol, epoch).add(first, last):
            self._say("I2", symbol, f"events of epoch {epoch} come twice", None, twice)
        for told in self._of(self._lost, symbol, epoch).within(first, last):
            self._say("I3", symbol, f"events of epoch {epoch} come that a gap had taken", None,
                      told)
        self._reaches(symbol, (epoch, last))

    def _gap(self, message):
        symbol, epoch, end = key_in(message), message["epoch"], message["to"]
        if end is None:
            return  # judge() says what of it was due.
        if symbol in self._said and (epoch, end) <= self._said[symbol][0]:
            self._said[symbol][2] += end - message["from"] + 1
        self._of(self._lost, symbol, epoch).add(message["from"], end)
        for there in self._of(self._got, symbol, epoch).within(message["from"], end):
            self._say("I3", symbol, f"a gap takes events of epoch {epoch} that came", None, there)
        self._reaches(symbol, (epoch, end))

    def _reaches(self, symbol, position):
        """What `lost` said is judged when its end is reached."""
        if symbol not in self._said or position < self._said[symbol][0]:
            return
        _, lost, announced = self._said.pop(symbol)
        if lost is not None and lost != announced:
            self._say("I3", symbol, "gaps are not as long as `lost` said", lost, announced)

    @staticmethod
    def _of(where, symbol, epoch):
        return where.setdefault((symbol, epoch), Numbers())

    def judge(self, truth, kept):
        """Of each epoch all that lies between the first position and what came last is there, and
        all that is `kept` of it: {(symbol, epoch): the last number}."""
        for symbol, (began, sequence) in sorted(self._first.items()):
            for epoch in sorted(truth.by_epoch()):
                if epoch < began:
                    continue
                got, lost = (self._of(where, symbol, epoch) for where in (self._got, self._lost))
                due = sequence + 1 if epoch == began else 1
                end = max(got.highest, lost.highest, kept.get((symbol, epoch), 0))
                for first, last in got.missing(due, end):
                    for hole in lost.missing(first, last):
                        self._say("I3", symbol, f"events of epoch {epoch} never came, and no gap "
                                  "took them", None, hole)
        found, self._found = self._found, []
        return found
