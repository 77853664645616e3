"""Clients that come back at once after a restart: when they have all, and what others notice."""

import contextlib
import dataclasses
import json
import os
import secrets
import subprocess
import time

from confluent_kafka import Producer

import engine
from kafka_client import create_topic
from load_client import LoadClient
from measure import Spread, Wrong, check
from workload import ends_of


@dataclasses.dataclass(frozen=True)
class Size:
    clients: int      # that come back
    symbols: int      # of each of them
    behind: int       # events of each symbol that they have missed
    stored: int       # events of each symbol
    live: int         # connections that stay
    rate: int         # ticks a second for them
    before_s: float   # measured before anybody comes back


SIZES = {"tiny": Size(20, 10, 10, 30, 10, 200, 1.0),
         "full": Size(1_000, 50, 10, 200, 100, 1_000, 5.0)}
FIRST_SYMBOL = 50_000  # those of the live load are below
LIVE_SYMBOLS = 50
READS_A_SYMBOL = 2
TARGET_S, TARGET_LIVE = 3.0, 2.0
LIMIT_S = 90


def fill(bootstrap, topic, size, base_ms):
    """Records as load_wire.hpp writes them, symbols in turn; {partition: end}."""
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True,
                         "linger.ms": 5, "log_level": 0})
    for seq in range(1, size.stored + 1):
        for symbol in range(FIRST_SYMBOL, FIRST_SYMBOL + size.symbols):
            price = 10_000 + (seq * 7 + symbol * 977) % 80_000
            producer.produce(topic, f'{{"symbol":"L{symbol:05d}","price":{price}.5,'
                             f'"volume":{1 + (seq + symbol) % 9},"timestamp":{base_ms + seq}}}',
                             f"L{symbol:05d}", 0)
        producer.poll(0)
    check(producer.flush(60), 0, "records that Kafka did not take")
    return ends_of(bootstrap, topic, 1)


class Returning:
    """benchmark_returning_clients: waits for come_back()."""

    def __init__(self, context, port, size, base_ms):
        self._size = size
        self._child = subprocess.Popen(
            [str(part) for part in (
                os.path.join(context.programs, "benchmark_returning_clients"), port, size.clients,
                FIRST_SYMBOL, size.symbols, size.stored - size.behind, size.stored, base_ms)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        check(self._child.stdout.readline(), "ready\n", "the returning clients")

    def come_back(self):
        """Every one has had each event that it missed, once and in order; the report."""
        answer, _ = self._child.communicate("go\n", LIMIT_S)
        check(self._child.returncode, 0, "the returning clients")
        found = json.loads(answer)
        if found["wrong"]:
            raise Wrong(f"{found['recovered']} of {self._size.clients} clients came back; "
                        f"{found['wrong']}")
        due = self._size.clients * self._size.symbols * self._size.behind
        check((found["recovered"], found["events"]), (self._size.clients, due),
              "clients that came back, events that they had missed")
        return found

    def close(self):
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        self._child.stdin.close()
        self._child.stdout.close()


def one_round(context, database, watch, topics, size, base_ms):
    """A process of its own: of what the clients have missed its memory has nothing."""
    past, live = topics
    create_topic(context.kafka, live)
    create_topic(context.kafka, live + ".dead-letter")
    with engine.serve(context.kafka, database, past, {"topics": [
            {"name": name, "decoder": "price-ticks"} for name in topics]}) as process, \
            contextlib.closing(LoadClient(
                context, live, process.client_port, symbols=LIVE_SYMBOLS, connections=size.live,
                each=1, linger_ms="0")) as client, \
            contextlib.closing(Returning(context, process.client_port, size, base_ms)) as those:
        client.begin(size.rate)
        time.sleep(size.before_s / 2)  # the code is warm
        client.report()
        time.sleep(size.before_s)
        before = client.report()
        check(process.metrics()["tradepulse_history_reads_total"], 0, "reads before they came")
        cpu, began = engine.cpu(process), time.monotonic()
        found = those.come_back()
        during = client.report()
        found["engine_s"] = engine.cpu(process) - cpu
        found["seconds"] = time.monotonic() - began
        last = client.finish()
        check(last["events"], sum((last["produced"] + LIVE_SYMBOLS - 1 - number % LIVE_SYMBOLS)
                                  // LIVE_SYMBOLS for number in range(size.live)),
              "events of the live clients")
        metrics = process.metrics()
        check(metrics["tradepulse_recoveries_total"], size.clients * size.symbols, "recoveries")
        check(metrics["tradepulse_failed_recoveries_total"], 0, "failed recoveries")
        reads = metrics["tradepulse_history_reads_total"]
        if not size.symbols <= reads <= READS_A_SYMBOL * size.symbols:
            raise Wrong(f"{reads:.0f} reads for {size.symbols} symbols")
        found["reads"] = reads
        found["merged"] = last["merged"]
        # The one row of each symbol and the journal are as before.
        check(watch.row("SELECT count(*), sum(last_sequence) FROM price_snapshots"
                        " WHERE home_topic = %s", past),
              (size.symbols, size.symbols * size.stored), "symbols, numbers")
    return found, before, during


def run(context):
    size = SIZES[context.size]
    base_ms = int(time.time() * 1000) - 600_000
    past = "benchmark-returning-" + secrets.token_hex(4)
    create_topic(context.kafka, past)
    create_topic(context.kafka, past + ".dead-letter")
    ends = fill(context.kafka, past, size, base_ms)
    print(f"\n{size.clients} clients come back at once after a restart, each {size.behind} events "
          f"behind on {size.symbols} symbols; {size.live} clients stay, {size.rate} ticks/s of "
          f"{LIVE_SYMBOLS} other symbols for them\n"
          "seconds until all were connected, until all had all; of one client p50 and max; CPU of "
          "engine and returning clients in s; reads;\nlive p99 before and meanwhile, ms (the bare "
          "consumer's)", flush=True)
    rounds = []
    for number in range(1, context.rounds + 1):
        live = "benchmark-live-" + secrets.token_hex(4)
        with engine.fresh_database(context.postgres, context.binary) as database, \
                engine.watch(database) as watch:
            with engine.serve(context.kafka, database, past):
                watch.wait_for_offsets(past, ends, LIMIT_S)
            found, before, during = one_round(context, database, watch, (past, live), size, base_ms)
        rounds.append((found, before, during))
        print(f"  {number:3}  {found['connected_s']:6.3f} {found['recovered_s']:6.3f}   "
              f"{found['times']['p50']:7.1f} {found['times']['max']:7.1f} ms   "
              f"CPU {found['engine_s']:5.2f} {found['cpu_s']:5.2f}   "
              f"reads {found['reads']:.0f}   live {before['latency']['p99']:6.2f} "
              f"({before['bare']['p99']:.2f}), {during['latency']['p99']:6.2f} "
              f"({during['bare']['p99']:.2f})   max {during['latency']['max']:.1f}  "
              f"n {during['latency']['count']}", flush=True)
    print(f"all recovered: {Spread(f['recovered_s'] for f, _, _ in rounds).show('{:.2f} s')} "
          f"(aim {TARGET_S:g} s)\n"
          f"reads a symbol: "
          f"{Spread(f['reads'] / size.symbols for f, _, _ in rounds).show('{:.2f}')}"
          f" (aim {READS_A_SYMBOL})\n"
          f"live p99 before: {Spread(b['latency']['p99'] for _, b, _ in rounds).show('{:.2f} ms')}"
          f"\nlive p99 meanwhile: "
          f"{Spread(d['latency']['p99'] for _, _, d in rounds).show('{:.2f} ms')}\n"
          "live ratio: " + Spread(d["latency"]["p99"] / max(b["latency"]["p99"], 0.001)
                                  for _, b, d in rounds).show("{:.2f}") + f" (aim {TARGET_LIVE})\n"
          "the same of the bare consumer: " +
          Spread(d["bare"]["p99"] / max(b["bare"]["p99"], 0.001)
                 for _, b, d in rounds).show("{:.2f}") +
          "\nlive p99 meanwhile to the bare consumer's: " +
          Spread(d["latency"]["p99"] / max(d["bare"]["p99"], 0.001)
                 for _, _, d in rounds).show("{:.2f}") + "\n"
          "CPU of the engine: " + Spread(f["engine_s"] for f, _, _ in rounds).show("{:.2f} s") +
          ", of the returning clients: " +
          Spread(f["cpu_s"] for f, _, _ in rounds).show("{:.2f} s") +
          f"\nchecked: {context.rounds} x {rounds[-1][0]['events']} missed events, each once, in "
          "order, as it was produced; every event of the live clients", flush=True)
