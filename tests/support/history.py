"""What a run of the engine leaves behind for its judges, and what they say of it."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Violation:
    """One promise that was not kept: which, where, and what should have been there."""

    check: str  # I1 to I10
    where: str
    what: str
    expected: object = None
    found: object = None

    def __str__(self):
        text = f"{self.check} {self.where}: {self.what}"
        if self.expected is not None or self.found is not None:
            text += f"; expected {self.expected}, found {self.found}"
        return text


class ConnectionHistory:
    """One connection of one client: its frames in the order of their arrival.

    `floor` is {symbol: sequence}: what the engine had made durable (or, where the process lives
    on, what anybody had seen) before the connection was opened. No position may be below it.
    `highest` is {symbol: sequence} as told by its frames, `received` how many there were but for
    views of candles and pings, also of those that were judged and forgotten. `asked` is {symbol: (epoch, sequence)} of what it came
    back with. `ledger`: of a client that comes back with its positions, what it got over all its
    connections; `left`: it went by itself.
    """

    def __init__(self, name, opened_at, floor, symbols, ledger=None):
        self.name, self.opened_at, self.floor = name, opened_at, dict(floor)
        self.symbols = frozenset(symbols)  # what it asks for
        self.ledger = ledger
        self.left = False
        self.frames = []
        self.received = 0
        self.highest = {}
        self.asked = {}
        self.closed_at = None
        self.close_code = None
        self.close_reason = None

    @property
    def open(self):
        return self.closed_at is None
