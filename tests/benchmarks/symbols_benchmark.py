"""What a stored symbol costs: restoring it, giving it an actor, keeping it when it is idle again."""

import secrets
import time

import engine
from confluent_kafka import Producer
from kafka_client import create_topic
from measure import (Spread, check, cpu_seconds, peak_resident_bytes, resident_bytes,
                     wait_until_steady)
from supervised import wait_until

SIZES = {"tiny": 2_000, "full": 100_000}
PARTITIONS = 8
# More events of each symbol after the first: 8 in all fill a vector that grows by doubling.
MORE_EVENTS = 7
LIMIT_S = 300
# Longer than a symbol waits for its next event here, so that every actor is there when it is
# counted; then all of them end within the same time again.
PASSIVATE_AFTER = {"tiny": "5s", "full": "30s"}
BUDGET_BYTES = 2048


class Market:
    """Produces one event for every symbol, in order of the symbols, at a bounded rate.

    At full speed a backlog would stand in the engine, and what the allocator keeps of it would be
    taken for the price of the symbols.
    """

    RATE = 20_000  # events a second

    def __init__(self, kafka, topic, symbols):
        self._producer = Producer({"bootstrap.servers": kafka, "enable.idempotence": True,
                                   "linger.ms": 20, "batch.size": 1_000_000, "log_level": 0,
                                   "queue.buffering.max.messages": 500_000})
        self._topic, self._symbols = topic, symbols
        self._began = int(time.time() * 1000) - 600_000
        self.events = 0  # of each symbol

    def tick_all(self, times=1):
        due = time.perf_counter()
        for _ in range(times):
            self.events += 1
            for number in range(self._symbols):
                if number % 200 == 0:
                    due += 200 / self.RATE
                    time.sleep(max(0.0, due - time.perf_counter()))
                while True:
                    try:
                        self._producer.produce(
                            self._topic, f'{{"symbol":"SYM{number:06d}","price":'
                            f'{100 + number % 900}.{self.events:02d},"volume":1.5,'
                            f'"timestamp":{self._began + self.events}}}', f"SYM{number:06d}",
                            number % PARTITIONS)
                        break
                    except BufferError:
                        self._producer.poll(0.05)
                self._producer.poll(0)
            check(self._producer.flush(60), 0, "records that Kafka did not take")

    def ends(self):
        return {number: len(range(number, self._symbols, PARTITIONS)) * self.events
                for number in range(PARTITIONS)}

    def check_rows(self, watch):
        count, numbered, times = watch.row(
            "SELECT count(*), sum(last_sequence), sum(timestamp) FROM price_snapshots")
        check(count, self._symbols, "rows in price_snapshots")
        check(int(numbered), self._symbols * self.events, "sum of last_sequence")
        check(int(times), self._symbols * (self._began + self.events), "sum of timestamps")


def start(context, database, topic):
    """A started engine that has claimed all its partitions and come to rest; and its costs."""
    began = time.monotonic()
    serving = engine.serve(context.kafka, database, topic,
                           {"symbols.passivate_after": PASSIVATE_AFTER[context.size]})
    process = serving.__enter__()
    ready = {"wall": time.monotonic() - began, "cpu": cpu_seconds(process.pid)}
    wait_until(lambda: process.metrics()["tradepulse_partition_claims_total"] == PARTITIONS,
               "every partition claimed", LIMIT_S)
    ready["resident"] = wait_until_steady(process.pid)
    ready["claimed_cpu"] = cpu_seconds(process.pid)
    return serving, process, ready


def tick_all(process, watch, market, topic, times=1):
    """CPU of the engine for one or more events of every symbol, until they are committed."""
    cpu = cpu_seconds(process.pid)
    began = time.monotonic()
    market.tick_all(times)
    watch.wait_for_offsets(topic, market.ends(), LIMIT_S)
    wall = time.monotonic() - began
    market.check_rows(watch)
    resident = wait_until_steady(process.pid)
    return {"cpu": cpu_seconds(process.pid) - cpu, "wall": wall, "resident": resident}


def one_round(context, symbols):
    topic = "benchmark-symbols-" + secrets.token_hex(4)
    create_topic(context.kafka, topic, PARTITIONS)
    create_topic(context.kafka, topic + ".dead-letter")
    market = Market(context.kafka, topic, symbols)
    with engine.fresh_database(context.postgres, context.binary) as database, \
            engine.watch(database) as watch:
        # Nothing stored: what the process costs by itself. Then every symbol's first event.
        serving, process, empty = start(context, database, topic)
        with closed(serving):
            tick_all(process, watch, market, topic)
            check(process.metrics()["tradepulse_symbol_actors"], symbols, "actors, first process")
        # All stored, none with an actor; then each with one.
        serving, process, stored = start(context, database, topic)
        with closed(serving):
            metrics = process.metrics()
            check(metrics["tradepulse_symbols"], symbols, "symbols restored")
            check(metrics["tradepulse_symbol_actors"], 0, "actors of idle stored symbols")
            stored["peak"] = peak_resident_bytes(process.pid)
            one = tick_all(process, watch, market, topic)
            check(process.metrics()["tradepulse_symbol_actors"], symbols, "actors after a tick")
            many = tick_all(process, watch, market, topic, MORE_EVENTS)
            again = resident_bytes(process.pid)
            wait_until(lambda: process.metrics()["tradepulse_symbol_actors"] == 0,
                       "the end of idle actors", LIMIT_S)
            idle = wait_until_steady(process.pid)
    each = lambda after, before: (after - before) / symbols
    ring_event = each(many["resident"], one["resident"]) / MORE_EVENTS
    actor = each(one["resident"], empty["resident"])
    return {"restore_ms": (stored["wall"] - empty["wall"]) * 1e3,
            "restore_cpu_us": each(stored["cpu"], empty["cpu"]) * 1e6,
            "claim_cpu_us": each(stored["claimed_cpu"], empty["claimed_cpu"]) * 1e6,
            "lazy": each(stored["resident"], empty["resident"]),
            "eager": actor, "ring_event": ring_event, "without_ring": actor - ring_event,
            "idle": each(idle, empty["resident"]) - ring_event * (1 + MORE_EVENTS),
            "first_cpu_us": one["cpu"] / symbols * 1e6,
            "more_cpu_us": many["cpu"] / symbols / MORE_EVENTS * 1e6,
            "empty_mb": empty["resident"] / 1e6, "stored_mb": stored["resident"] / 1e6,
            "peak_mb": stored["peak"] / 1e6, "one_mb": one["resident"] / 1e6,
            "many_mb": again / 1e6, "idle_mb": idle / 1e6}


class closed:
    """Ends what `start` began."""

    def __init__(self, serving):
        self._serving = serving

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        return self._serving.__exit__(*failure)


def run(context):
    symbols = SIZES[context.size]
    rounds = 1 if context.size == "tiny" else min(context.rounds, 3)
    print(f"\nn = {symbols} symbols, {PARTITIONS} partitions; lazy = stored, a table entry and no "
          "actor; eager = every symbol has its actor and a ring of 1 event; idle = its actor has "
          "ended\n"
          "resident bytes a symbol above an engine without symbols; CPU in microseconds a symbol\n"
          "  round  restore ms  restore CPU  to claimed CPU  lazy B  eager B  of it ring B  "
          "idle B  first tick CPU  later tick CPU", flush=True)
    results = []
    for number in range(1, rounds + 1):
        found = one_round(context, symbols)
        results.append(found)
        print(f"  {number:5}  {found['restore_ms']:10.0f}  {found['restore_cpu_us']:11.2f}  "
              f"{found['claim_cpu_us']:14.2f}  {found['lazy']:6.0f}  {found['eager']:7.0f}  "
              f"{found['ring_event']:11.0f}  {found['idle']:6.0f}  {found['first_cpu_us']:14.2f}  "
              f"{found['more_cpu_us']:14.2f}", flush=True)
    last = results[-1]
    spread = lambda name, form="{:.0f}": Spread(r[name] for r in results).show(form)
    if context.size == "full":  # among few symbols the process itself weighs too much
        for name, what in (("lazy", "stored"), ("idle", "idle again, without ring")):
            worst = max(found[name] for found in results)
            print(f"budget of {BUDGET_BYTES} bytes, {what}: "
                  f"{'kept' if worst <= BUDGET_BYTES else f'exceeded by {worst - BUDGET_BYTES:.0f}'}")
    print(f"process, MB resident: empty {last['empty_mb']:.1f}, stored {last['stored_mb']:.1f} "
          f"(peak {last['peak_mb']:.1f}), one event each {last['one_mb']:.1f}, "
          f"{1 + MORE_EVENTS} events each {last['many_mb']:.1f}, idle again {last['idle_mb']:.1f}\n"
          f"bytes of a stored symbol (lazy):             {spread('lazy')}\n"
          f"bytes of a symbol with actor, without ring:  {spread('without_ring')}\n"
          f"bytes of an idle symbol, without ring:       {spread('idle')}\n"
          f"bytes of one event in the ring:              {spread('ring_event')}\n"
          f"checked: {symbols} rows, {symbols * (2 + MORE_EVENTS)} numbers, 0 actors after the "
          f"restart, {symbols} after a tick each", flush=True)
