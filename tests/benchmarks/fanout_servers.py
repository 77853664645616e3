"""The engine and the floor under the same clients: who sends what, and what arrived."""

import contextlib
import json
import os
import secrets
import subprocess
import time

from confluent_kafka import Producer

import engine
from kafka_client import create_topic
from measure import Wrong, check, cpu_seconds
from workload import ends_of

LIMIT_S = 60


class Lines:
    """A child that is asked by lines and answers by lines."""

    def __init__(self, *command):
        self._child = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True, bufsize=1)
        self.pid = self._child.pid

    def say(self, line):
        self._child.stdin.write(line + "\n")

    def hear(self):
        line = self._child.stdout.readline()
        if not line:
            raise Wrong(f"{self._child.args[0]} ended with {self._child.wait()}")
        return line.strip()

    def close(self):
        self._child.stdin.close()
        self._child.stdout.close()
        if self._child.wait(30) != 0:
            raise Wrong(f"{self._child.args[0]} ended with {self._child.returncode}")


class Market:
    """Symbols that take turns; event numbers and contents are those of fanout_wire.hpp."""

    def __init__(self, symbols, partitions=1):
        self.symbols, self.partitions = symbols, partitions
        self.base_ms = int(time.time() * 1000) - 600_000


class Floor:
    def __init__(self, context, market):
        self._lines = Lines(os.path.join(context.programs, "benchmark_fanout_floor"),
                            market.symbols, market.base_ms)
        self.port = int(self._lines.hear().split()[1])
        self.path = "/"

    def cpu(self):
        return cpu_seconds(self._lines.pid)

    def send(self, events, burst, rate, symbols):
        self._lines.say(f"run {events} {burst} {rate} {symbols}")

    def settle(self):
        pass

    def send_calls(self):
        return None

    def close(self):
        self._lines.close()


class Engine:
    """The real binary; events come from a real Kafka, rows go to a real PostgreSQL."""

    def __init__(self, context, market, process, watch, topic):
        self._context, self._process, self._watch = context, process, watch
        self._market, self._topic = market, topic
        # Of each symbol: its name, its partition, how many events it has had.
        self._streams = [[f"SYM{number:05d}", number % market.partitions, 0]
                         for number in range(market.symbols)]
        self.events = 0
        self._ends = {number: 0 for number in range(market.partitions)}
        self._producer = Producer({"bootstrap.servers": context.kafka, "linger.ms": 0.5,
                                   "enable.idempotence": True, "log_level": 0,
                                   "queue.buffering.max.messages": 500_000})
        self.pid, self.port, self.path = process.pid, process.client_port, "/ws"

    def cpu(self):
        return engine.cpu(self._process)

    def metrics(self):
        return self._process.metrics()

    def send(self, events, burst, rate, symbols):
        """Open loop: what is late is made up for. The first `symbols` of the market take turns."""
        due = time.perf_counter()
        for first in range(0, events, burst):
            due += burst / rate
            wait = due - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            for number in range(first, min(first + burst, events)):
                self._produce(self._streams[number % symbols])
            self._producer.poll(0)
        self.events += events
        check(self._producer.flush(30), 0, "events that Kafka did not take")

    def _produce(self, stream):
        name, partition, seq = stream
        stream[2] = seq = seq + 1
        self._producer.produce(
            self._topic, f'{{"symbol":"{name}","price":{10_000 + seq % 80_000}.5,'
            f'"volume":{1 + seq % 9},"timestamp":{self._market.base_ms + seq}}}', name, partition)
        self._ends[partition] += 1

    def settle(self):
        """A quiet point: what was sent is in the database too."""
        self._watch.wait_for_offsets(self._topic, self._ends, LIMIT_S)
        symbols, numbered = self._watch.row(
            "SELECT count(*), coalesce(sum(last_sequence), 0) FROM price_snapshots")
        check(int(numbered), self.events, "engine: last_sequence")
        check(symbols, self._market.symbols, "engine: rows")

    def check_counters(self, deliveries):
        metrics = engine.settled_metrics(self._process, self.events)
        engine.check_counters(metrics, self.events, "engine")
        check(metrics["tradepulse_deliveries_total"], deliveries,
              "engine: tradepulse_deliveries_total")
        check(metrics["tradepulse_merged_updates_total"], 0, "engine: merged updates")

    def send_calls(self):
        return sum(value for name, value in self._process.metrics().items()
                   if name.startswith("tradepulse_web_send_calls_total"))

    def idle_share(self, seconds=2.0):
        """Of a core, while nothing comes."""
        cpu, began = self.cpu(), time.monotonic()
        time.sleep(seconds)
        return (self.cpu() - cpu) / (time.monotonic() - began)


@contextlib.contextmanager
def started_engine(context, market, settings=None, warm_rate=1000):
    """With a topic, a database and a group of its own; every symbol has had its first event."""
    topic = "benchmark-fanout-" + secrets.token_hex(4)
    create_topic(context.kafka, topic, market.partitions)
    create_topic(context.kafka, topic + ".dead-letter")
    check(sum(ends_of(context.kafka, topic, market.partitions).values()), 0, "the topic's end")
    with engine.fresh_database(context.postgres, context.binary) as database, \
            engine.watch(database) as watch, \
            engine.serve(context.kafka, database, topic, settings) as process:
        server = Engine(context, market, process, watch, topic)
        # The first event makes a symbol, its row and the code warm; nobody is connected yet.
        server.send(market.symbols, max(1, warm_rate // 100), warm_rate, market.symbols)
        server.settle()
        yield server


@contextlib.contextmanager
def started_floor(context, market):
    """Its numbers go with those of an engine that has had one event for each symbol."""
    with contextlib.closing(Floor(context, market)) as floor:
        with connected(context, market, floor, 1, market.symbols, 1) as clients:
            deliver(floor, clients, 1, market.symbols, market.symbols, 1_000_000)
        yield floor


@contextlib.contextmanager
def connected(context, market, server, connections, symbols, subscriptions, seed=1):
    """That many clients, each with so many of the market's first `symbols`, all confirmed."""
    clients = Lines(os.path.join(context.programs, "benchmark_fanout_clients"), server.port,
                    server.path, connections, symbols, subscriptions, seed, market.base_ms)
    with contextlib.closing(clients):
        check(clients.hear(), f"subscribed {connections * subscriptions}", "the clients")
        clients.symbols = symbols
        yield clients


def deliver(server, clients, deliveries, events, burst, rate):
    """One run between two quiet points, every delivery checked; us of CPU a delivery and more.

    `events` is a multiple of the clients' symbols: each has as many.
    """
    server.settle()
    clients.say(f"expect {events // clients.symbols} {LIMIT_S}")
    check(clients.hear(), "expecting", "the clients")
    calls, cpu, began = server.send_calls(), server.cpu(), time.monotonic()
    server.send(events, burst, rate, clients.symbols)
    report = json.loads(clients.hear())
    server.settle()
    cpu, wall = server.cpu() - cpu, time.monotonic() - began
    if report["wrong"] or report["missing"]:
        raise Wrong(f"{report['missing']} deliveries missing, {report['wrong']} wrong, "
                    f"first: {report['detail']}")
    check(report["deliveries"], deliveries, "deliveries")
    found = {"cpu": cpu / deliveries * 1e6, "deliveries": deliveries, "bytes": report["bytes"],
             "wall": wall}
    if calls is not None:
        found["per_send"] = deliveries / (server.send_calls() - calls)
    return found
