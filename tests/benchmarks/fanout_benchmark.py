"""Server CPU per delivered message, one symbol to many WebSockets, against one epoll loop."""

import contextlib
import json
import os
import secrets
import subprocess
import time

from confluent_kafka import Producer

import engine
from kafka_client import create_topic
from measure import Spread, Wrong, check, cpu_seconds
from workload import ends_of

SYMBOL = "FANOUT"
# connections, then (events, events a second) of single messages and of bursts of 16.
SIZES = {"tiny": (200, (60, 100), (320, 1600)), "full": (1000, (300, 50), (4_800, 800))}
BURST = 16
# More messages a send() than the plan's: the engine was late and joined what had piled up.
MOST_JOINED = 1.1
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


class Floor:
    def __init__(self, context, base_ms):
        self._lines = Lines(os.path.join(context.programs, "benchmark_fanout_floor"), SYMBOL,
                            base_ms)
        self.port = int(self._lines.hear().split()[1])
        self.path = "/"

    def cpu(self):
        return cpu_seconds(self._lines.pid)

    def send(self, events, burst, rate):
        self._lines.say(f"run {events} {burst} {rate}")

    def settle(self):
        pass

    def send_calls(self):
        return None

    def close(self):
        self._lines.close()


class Engine:
    """The real binary; events come from a real Kafka, rows go to a real PostgreSQL."""

    def __init__(self, context, process, watch, topic, base_ms):
        self._context, self._process, self._watch, self._topic = context, process, watch, topic
        self._base_ms = base_ms
        self._number = 0
        self._producer = Producer({"bootstrap.servers": context.kafka, "linger.ms": 0.5,
                                   "enable.idempotence": True, "log_level": 0})
        self.port, self.path = process.client_port, "/ws"

    def cpu(self):
        return engine.cpu(self._process)

    def send(self, events, burst, rate):
        """Open loop: what is late is made up for. Same numbers as fanout_wire.hpp."""
        due = time.perf_counter()
        for first in range(0, events, burst):
            due += burst / rate
            wait = due - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            for _ in range(min(burst, events - first)):
                self._number += 1
                number = self._number
                self._producer.produce(
                    self._topic, f'{{"symbol":"{SYMBOL}","price":{10_000 + number % 80_000}.5,'
                    f'"volume":{1 + number % 9},"timestamp":{self._base_ms + number}}}', SYMBOL, 0)
            self._producer.poll(0)
        check(self._producer.flush(30), 0, "events that Kafka did not take")

    def settle(self):
        """A quiet point: what was sent is in the database too."""
        self._watch.wait_for_offsets(self._topic, {0: self._number}, LIMIT_S)
        (numbered,) = self._watch.row("SELECT coalesce(sum(last_sequence), 0) FROM price_snapshots")
        check(int(numbered), self._number, "engine: last_sequence")

    def send_calls(self):
        return sum(value for name, value in self._process.metrics().items()
                   if name.startswith("tradepulse_web_send_calls_total"))

    def idle_share(self, seconds=2.0):
        """Of a core, while nobody is connected and nothing comes."""
        cpu, began = self.cpu(), time.monotonic()
        time.sleep(seconds)
        return (self.cpu() - cpu) / (time.monotonic() - began)


def deliver(server, clients, connections, events, burst, rate):
    """One run between two quiet points, every delivery checked; us of CPU a delivery and more."""
    server.settle()
    clients.say(f"expect {events} {LIMIT_S}")
    check(clients.hear(), "expecting", "the clients")
    calls, cpu, began = server.send_calls(), server.cpu(), time.monotonic()
    server.send(events, burst, rate)
    report = json.loads(clients.hear())
    server.settle()
    cpu, wall = server.cpu() - cpu, time.monotonic() - began
    if report["wrong"] or report["missing"]:
        raise Wrong(f"{report['missing']} deliveries missing, {report['wrong']} wrong, "
                    f"first: {report['detail']}")
    check(report["deliveries"], events * connections, "deliveries")
    calls = events // burst * connections if calls is None else server.send_calls() - calls
    return {"cpu": cpu / report["deliveries"] * 1e6, "deliveries": report["deliveries"],
            "bytes": report["bytes"], "per_send": report["deliveries"] / calls, "wall": wall}


def one_round(context, connections, server, base_ms, plans):
    clients = Lines(os.path.join(context.programs, "benchmark_fanout_clients"), server.port,
                    server.path, connections, SYMBOL, base_ms)
    with contextlib.closing(clients):
        clients.hear()
        return [deliver(server, clients, connections, events, burst, rate)
                for burst, (events, rate) in plans]


def run(context):
    connections, single, bursts = SIZES[context.size]
    plans = [(1, single), (BURST, bursts)]
    base_ms = int(time.time() * 1000) - 600_000
    topic = "benchmark-fanout-" + secrets.token_hex(4)
    create_topic(context.kafka, topic)
    create_topic(context.kafka, topic + ".dead-letter")
    check(ends_of(context.kafka, topic, 1), {0: 0}, "the topic's end")
    print(f"\nn = {connections} connections to 1 symbol; single: {single[0]} events at "
          f"{single[1]}/s, bursts: {bursts[0]} events, {BURST} at a time, at {bursts[1]}/s\n"
          "server CPU in microseconds a delivered message; ratio = engine / floor; per send = "
          "messages a send() of the engine\n"
          "  round  floor single  engine single  ratio  per send  "
          "floor 16  engine 16  ratio  per send", flush=True)
    ratios, engines, floors, walls = ([], []), ([], []), ([], []), ([], [])
    deliveries = size = joined = 0
    with engine.fresh_database(context.postgres, context.binary) as database, \
            engine.watch(database) as watch, \
            engine.serve(context.kafka, database, topic) as process, \
            contextlib.closing(Floor(context, base_ms)) as floor:
        server = Engine(context, process, watch, topic, base_ms)
        # The first event makes the symbol, its row and the code warm; nobody is connected yet.
        server.send(1, 1, 1000)
        server.settle()
        warm_up(floor, context, base_ms)
        for number in range(1, context.rounds + 1):
            least = one_round(context, connections, floor, base_ms, plans)
            found = one_round(context, connections, server, base_ms, plans)
            cells = []
            for kind in range(2):
                floors[kind].append(least[kind]["cpu"])
                engines[kind].append(found[kind]["cpu"])
                walls[kind].append(found[kind]["wall"] / found[kind]["deliveries"] * 1e6)
                ratios[kind].append(found[kind]["cpu"] / least[kind]["cpu"])
                deliveries += found[kind]["deliveries"] + least[kind]["deliveries"]
                check(found[kind]["bytes"], least[kind]["bytes"], "bytes of engine and floor")
                size += found[kind]["bytes"]
                joined += found[kind]["per_send"] > MOST_JOINED * plans[kind][0]
                cells.append((least[kind]["cpu"], found[kind]["cpu"], ratios[kind][-1],
                              found[kind]["per_send"]))
            print(f"  {number:5}  {cells[0][0]:12.3f}  {cells[0][1]:13.3f}  {cells[0][2]:5.2f}  "
                  f"{cells[0][3]:8.2f}  {cells[1][0]:8.3f}  {cells[1][1]:9.3f}  "
                  f"{cells[1][2]:5.2f}  {cells[1][3]:8.2f}", flush=True)
        idle = server.idle_share()
        sent = context.rounds * (single[0] + bursts[0])
        metrics = engine.settled_metrics(process, sent + 1)
        engine.check_counters(metrics, sent + 1, "engine")
        check(metrics["tradepulse_deliveries_total"], sent * connections,
              "engine: tradepulse_deliveries_total")
        check(metrics["tradepulse_merged_updates_total"], 0, "engine: merged updates")
    for kind, name in enumerate(("single", f"bursts of {BURST}")):
        print(f"{name}: floor  us a delivery: {Spread(floors[kind]).show('{:.3f}')}\n"
              f"{name}: engine us a delivery: {Spread(engines[kind]).show('{:.3f}')}\n"
              f"fanout ratio, {name}: {Spread(ratios[kind]).show('{:.2f}')}")
        less = [(used - idle * wall) / least for used, wall, least
                in zip(engines[kind], walls[kind], floors[kind])]
        print(f"the same less what the idle engine uses: {Spread(less).show('{:.2f}')}")
    if joined:
        print(f"note: in {joined} of {2 * context.rounds} runs the engine joined messages of "
              "several events in one send(), because the machine was busy; those ratios flatter it")
    print(f"the idle engine uses {idle * 100:.1f} % of a core\n"
          f"checked: {deliveries} deliveries, each byte and number, none missing; "
          f"{size} bytes from the engine and as many from the floor", flush=True)


def warm_up(floor, context, base_ms):
    """The floor's numbers go with the engine's: one event, to one client."""
    clients = Lines(os.path.join(context.programs, "benchmark_fanout_clients"), floor.port,
                    floor.path, 1, SYMBOL, base_ms)
    with contextlib.closing(clients):
        clients.hear()
        deliver(floor, clients, 1, 1, 1, 1000)
