"""Kline records of upstream, and the line of a test that reads them."""

import json
import os
import subprocess
import time

from line import Line
from supervised import wait_until
from tradepulse_process import REPOSITORY

MINUTE = 60_000
# Records have these times as well, and a broker throws away what is older than a week.
T = int(time.time()) * 1000 // MINUTE * MINUTE - 60 * MINUTE
DUMPS = os.path.join(REPOSITORY, "tests", "integration", "dumps")


def kline(symbol, minute, close, closed=True, sequence=None, interval="1m"):
    start = T + minute * MINUTE
    event = {"e": "kline", "E": start + MINUTE - 1, "s": symbol,
             "k": {"t": start, "T": start + MINUTE - 1, "s": symbol, "i": interval, "f": 1, "L": 2,
                   "o": "1.5", "c": close, "h": "99", "l": "0.5", "v": "12.5", "n": 7,
                   "x": closed, "q": "375000.25", "V": "6", "Q": "180000", "B": "0"}}
    return event if sequence is None else {**event, "sequence": sequence}


class Klines(Line):
    """Kline records in one partition."""

    def __init__(self, kafka, postgres, settings=None, start=True):
        super().__init__(kafka, postgres, 1, settings, start=False)
        self.process.settings["topics"] = [{"name": self.topic, "decoder": "binance-klines"}]
        self.events = {}
        if start:
            try:
                self.process.start()
            except BaseException:
                self.close()
                raise

    def produce(self, *klines):
        for each in klines:
            key = each["s"]
            self.producer.produce(json.dumps(each), key=key, timestamp_ms=each["E"])
            stream = (key, "kline_" + each["k"]["i"])
            self.events[stream] = self.events.get(stream, 0) + 1
        self.producer.flush()

    def wait_until_stored(self):
        wait_until(lambda: dict(((symbol, stream), last) for symbol, stream, last in
                                self.database.query("SELECT symbol, stream, last_sequence FROM "
                                                    "stream_positions")) == self.events,
                   f"{self.events} in the database", 30)

    def restore(self, dump):
        """What another program has left; before the process starts."""
        self._psql("-f", os.path.join(DUMPS, dump))

    def psql(self, statement):
        """Lines of what it prints, members with |."""
        return self._psql("-A", "-t", "-c", statement).splitlines()

    def _psql(self, *words):
        done = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *words,
                               self.database.url], check=True, text=True, timeout=60,
                              stdout=subprocess.PIPE)
        return done.stdout
