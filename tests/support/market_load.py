"""Ticks of a seeded market with pauses, so that what was produced can be judged in between."""

import json
import random
import threading
import time

from frames import BAD_FRAMES, kline, quote, text_of, trade
from line import START_OF_TIME_MS

# Where frames begin: a little before a minute ends, so that candles of a minute close early in a run.
START_OF_FRAMES_MS = START_OF_TIME_MS + 38_800

# Each of them is refused by the decoder; the number makes the value one of its own.
BAD = ('{{"symbol":"S000","price":1,"timestamp":17000000{0:08d}',          # cut off
       '{{"symbol":"S000","price":-{0}1,"timestamp":1700000000000}}',       # below zero
       '{{"symbol":"S 0{0}","price":1,"timestamp":1700000000000}}',         # not a symbol
       '{{"price":{0},"timestamp":1700000000000}}',                         # of no symbol
       'tick {0}')


class MarketLoad:
    """A thread that ticks at `rate` per second from resume() to pause().

    One tick in twenty is late, one in ten without a volume, one record in fifty is bad; prices do
    not repeat. Symbol n lives in partition n modulo `partitions`. `mixed`: in place of ticks frames
    of a combined stream; nine in twenty are trades, which feed `trade` and `price`, five quotes,
    six klines.
    Guarantees: after pause() all that was produced is in the log and in producer.records.
    """

    def __init__(self, producer, partitions, symbols=24, rate=300, seed=0, mixed=False):
        self._producer, self._partitions, self._rate = producer, partitions, rate
        self.symbols = [f"S{number:03d}" for number in range(symbols)]
        self._random = random.Random(f"market {seed}")
        self._bad = set()
        self._mixed = mixed
        self.produced = self._grown = 0
        self._end = threading.Event()
        self._thread = None

    def bad(self, value):
        return value in self._bad

    def resume(self):
        if self._thread is None:
            self._end.clear()
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def pause(self, timeout=60):
        if self._thread is not None:
            self._end.set()
            self._thread.join(timeout)
            self._thread = None
        self._producer.flush(timeout)

    def write_to(self, producer):
        """From now on by this one. Requires: it is paused."""
        self._producer = producer

    def grow(self, count):
        """A tick of each of `count` symbols that were never there, of 32 characters."""
        for _ in range(count):
            self._grown += 1
            name = f"G{self._grown:031d}"
            partition = self._grown % self._partitions
            if self._mixed:
                self._producer.produce(text_of(trade(name, 1, "1", "1", START_OF_FRAMES_MS, True)),
                                       key=name, partition=partition)
            else:
                self._producer.tick(name, "1", "1", START_OF_TIME_MS, partition=partition)

    def _run(self):
        began, before = time.monotonic(), self.produced
        while not self._end.wait(0.01):
            due = before + int((time.monotonic() - began) * self._rate)
            while self.produced < due and not self._end.is_set():
                self.tick()

    def tick(self, symbol=None):
        draw = self._random
        number = self.produced
        self.produced += 1
        at = draw.randrange(len(self.symbols)) if symbol is None else self.symbols.index(symbol)
        partition = at % self._partitions
        if symbol is None and draw.random() < 0.02:
            value = draw.choice(BAD_FRAMES if self._mixed else BAD).format(number).encode()
            self._bad.add(value)
            self._producer.produce(value, key=self.symbols[at], partition=partition)
            return
        late = draw.random() < 0.05
        behind = 5000 if late else 0
        timestamp = START_OF_TIME_MS + number - behind
        if self._mixed:
            frame = self._frame(self.symbols[at], number, START_OF_FRAMES_MS + number - behind)
            self._producer.produce(text_of(frame), key=self.symbols[at], partition=partition)
            return
        value = {"symbol": self.symbols[at], "volume": draw.randrange(1, 1000),
                 "timestamp": timestamp}
        if draw.random() < 0.1:
            del value["volume"]
        # Ten digits of the draw, eight of the number: no price comes twice.
        price = f"{draw.randrange(1, 10**4)}{number % 10**8:08d}e-8"
        text = json.dumps(value, separators=(",", ":"))
        self._producer.produce(f'{text[:-1]},"price":{price}}}', key=self.symbols[at],
                               partition=partition)

    def _frame(self, symbol, number, timestamp):
        """Of each stream no two events are the same: they have the number in them."""
        draw = self._random
        base, fraction = draw.randrange(1, 10**4), f"{number % 10**8:08d}"
        size = f"{draw.randrange(1, 10**6)}.{draw.randrange(10**8):08d}"
        kind = draw.randrange(20)
        if kind < 9:
            return trade(symbol, number, f"{base}.{fraction}", size, timestamp, kind % 2 == 0)
        if kind < 14:
            return quote(symbol, number, f"{base}.{fraction}", size, f"{base + 1}.{fraction}",
                         str(draw.randrange(1000)), timestamp)
        prices = (f"{base + 2}.5", f"{base + 7}.{fraction}", f"{base}.{fraction}", f"{base + 3}")
        return kline(symbol, number, prices, size, timestamp, kind == 14)
