"""The whole line of one test: topic, database, producer, process; and a load on it."""

import contextlib
import random
import secrets
import threading
import time

from database import create_database, drop_database
from fixtures import spine_settings
from kafka_client import RecordingProducer, create_topic
from tradepulse_process import TradePulseProcess

START_OF_TIME_MS = 1_700_000_000_000


class Line(contextlib.ExitStack):
    """A topic, a database, a producer and a ready tradepulse between them. A context manager."""

    def __init__(self, kafka, postgres, partitions=4, settings=None, environment=None,
                 topic=None, start=True):
        super().__init__()
        self.kafka, self.topic = kafka, topic or "ticks-" + secrets.token_hex(6)
        create_topic(kafka, self.topic, partitions)
        create_topic(kafka, self.topic + ".dead-letter", 1)
        self.database = create_database(postgres)
        self.callback(drop_database, postgres, self.database)
        self.producer = RecordingProducer(kafka, self.topic)
        self.settings = {**spine_settings(kafka, self.topic, self.database), **(settings or {})}
        self.process = TradePulseProcess(self.settings, environment)
        self.callback(self.process.close)
        self.rest, self.ops = self.process.rest, self.process.ops
        if start:
            try:
                self.process.start()
            except BaseException:
                self.close()
                raise


class Load:
    """Ticks of a seeded market at a steady rate from a thread of its own, one in twenty late.

    Guarantees: after stop(), producer.records has every tick, and all of them are in the log.
    """

    def __init__(self, producer, symbols=40, rate=1000, seed=7, partition_of=None):
        self._producer = producer
        self._partition_of = partition_of or (lambda symbol: -1)
        self._symbols = [f"L{number:04d}" for number in range(symbols)]
        self._rate = rate
        self._random = random.Random(seed)
        self._end = threading.Event()
        self.produced = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        began = time.monotonic()
        while not self._end.wait(0.01):
            due = int((time.monotonic() - began) * self._rate)
            while self.produced < due:
                self._tick()

    def _tick(self):
        symbol = self._random.choice(self._symbols)
        late = self._random.random() < 0.05
        self._producer.tick(symbol, f"{self._random.randrange(1, 10**12)}e-8",
                            str(self._random.randrange(1, 1000)),
                            START_OF_TIME_MS + self.produced - (5000 if late else 0),
                            partition=self._partition_of(symbol))
        self.produced += 1

    @property
    def symbols(self):
        return self._symbols

    def stop(self, timeout=60):
        self._end.set()
        self._thread.join(timeout)
        return self._producer.flush(timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join(10)
