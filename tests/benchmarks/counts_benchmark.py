"""How often the real process allocates, sends an actor a message and calls the kernel."""

import collections
import contextlib
import json
import secrets
import time

import engine
from cost_counters import Counters, can_trace, difference, system_calls, total
from fanout_servers import Engine, Market, connected
from kafka_client import create_topic
from measure import check
from workload import check_rows, fill

from supervised import wait_until

INGEST = {"tiny": [(20_000, 300)], "full": [(2_000_000, 300), (2_000_000, 5_000)]}
PARTITIONS = 8
BURST = 16
LIVE = {"tiny": 40, "full": 400}  # sends of one message, and of a burst
A_SECOND = 50
LIMIT_S = 120
MOST_ALLOCATIONS = 0.1  # of a tick


def ingest(context, records, symbols):
    """Counted while a backlog is worked off: between a third of it and nine tenths."""
    load = fill(context.kafka, "counts-" + secrets.token_hex(4), records=records,
                symbols=symbols, partitions=PARTITIONS)
    with contextlib.closing(Counters(context.programs)) as counters, \
            engine.fresh_database(context.postgres, context.binary) as database, \
            engine.watch(database) as watch, \
            engine.claims_held_back(database) as release, \
            engine.serve(context.kafka, database, load.topic, engine.PATIENT,
                         environment=counters.environment) as process:
        def reached(share):
            def look():
                ticks = process.metrics()["tradepulse_ticks_total"]
                return ticks >= share * records and (ticks, counters.of(process.pid))
            return wait_until(look, f"{share} of the records", LIMIT_S)

        release()
        ticks, before = reached(1 / 3)
        more_ticks, after = reached(0.9)
        watch.wait_for_offsets(load.topic, load.ends, LIMIT_S)
        check_rows(watch, load, "engine")
        engine.check_counters(engine.settled_metrics(process, records), records, "engine")
    ticks = more_ticks - ticks
    print(f"\n{records:,} records, {symbols:,} symbols, {PARTITIONS} partitions; a tick, over "
          f"{ticks:,.0f} ticks:", flush=True)
    if ticks < 1000:
        print("  too few between two looks: nothing is told")
        return
    spent = difference(after, before)
    for name, each in sorted(spent.items(), key=lambda item: -item[1].allocations):
        if each.allocations + each.messages > ticks / 1000:
            print(f"  {name:16} {each.allocations / ticks:8.4f} operator new  "
                  f"{each.allocated_bytes / ticks:8.1f} bytes  "
                  f"{each.messages / ticks:8.4f} actor messages  "
                  f"{each.wake_ups / ticks:8.4f} wake-ups")
    all_threads = total(spent)
    share = all_threads.allocations / ticks
    met = "met" if share <= MOST_ALLOCATIONS else "MISSED"
    if context.size == "tiny":
        met = "not judged, the engine is still cold"
    print(f"  {'all':16} {share:8.4f} operator new  "
          f"{all_threads.allocated_bytes / ticks:8.1f} bytes  "
          f"{all_threads.messages / ticks:8.4f} actor messages  "
          f"{all_threads.wake_ups / ticks:8.4f} wake-ups; target {MOST_ALLOCATIONS}: {met}",
          flush=True)


@contextlib.contextmanager
def started(context, market, environment=None):
    topic = "counts-" + secrets.token_hex(4)
    create_topic(context.kafka, topic, market.partitions)
    create_topic(context.kafka, topic + ".dead-letter")
    with engine.fresh_database(context.postgres, context.binary) as database, \
            engine.watch(database) as watch, \
            engine.serve(context.kafka, database, topic, environment=environment) as process:
        server = Engine(context, market, process, watch, topic)
        server.send(market.symbols, 1, 1000, market.symbols)
        server.settle()
        yield server


def deliver_to_one(server, clients, sends, burst, around=None):
    """That many sends, a fiftieth of a second apart, each event checked; how long it took.
    `around`: entered when all is quiet, left when all has arrived."""
    server.settle()
    clients.say(f"expect {sends * burst} {LIMIT_S}")
    check(clients.hear(), "expecting", "the clients")
    with around or contextlib.nullcontext():
        began = time.monotonic()
        server.send(sends * burst, burst, A_SECOND * burst, 1)
        report = json.loads(clients.hear())
        lasted = time.monotonic() - began
    check((report["deliveries"], report["wrong"], report["missing"]), (sends * burst, 0, 0),
          "deliveries, wrong ones, missing ones")
    return lasted


def live_allocations(context, sends):
    market = Market(1)
    print("\none subscriber, a delivered message; idle time is taken off:")
    with contextlib.closing(Counters(context.programs)) as counters, \
            started(context, market, counters.environment) as server, \
            connected(context, market, server, 1, 1, 1) as clients:
        @contextlib.contextmanager
        def counted(found):
            before = counters.of(server.pid)
            yield
            found.append(difference(counters.of(server.pid), before))

        for burst in (1, BURST):
            deliver_to_one(server, clients, 20, burst)  # warm
            found = []
            lasted = deliver_to_one(server, clients, sends, burst, counted(found))
            server.settle()
            with counted(found):
                time.sleep(lasted)
            spent = difference(*found)
            messages = sends * burst
            print(f"  {burst} at a time:")
            for name, each in [*sorted(spent.items()), ("all", total(spent))]:
                if each.allocations + each.messages > messages / 50:
                    print(f"    {name:16} {each.allocations / messages:6.2f} operator new  "
                          f"{each.messages / messages:6.2f} actor messages  "
                          f"{each.wake_ups / messages:6.2f} wake-ups", flush=True)


def live_system_calls(context, sends):
    if not can_trace():
        print("\nsystem calls: not counted, there is no strace")
        return
    market = Market(1)
    print("\none subscriber, system calls by thread, a send; idle time is taken off:")
    with started(context, market) as server, \
            connected(context, market, server, 1, 1, 1) as clients:
        for burst in (1, BURST):
            deliver_to_one(server, clients, 20, burst)
            busy, idle = collections.Counter(), collections.Counter()
            lasted = deliver_to_one(server, clients, sends, burst, system_calls(server.pid, busy))
            server.settle()
            with system_calls(server.pid, idle):
                time.sleep(lasted)
            print(f"  {burst} at a time:")
            by_thread = {}
            for (thread, call), count in busy.items():
                by_thread.setdefault(thread, []).append((count - idle[thread, call], call))
            for thread, calls in sorted(by_thread.items()):
                shown = [f"{call} {count / sends:.2f}" for count, call in sorted(calls)[::-1]
                         if count > sends / 50]
                if shown:
                    print(f"    {thread:16} {', '.join(shown)}", flush=True)


def run(context):
    for records, symbols in INGEST[context.size]:
        ingest(context, records, symbols)
    live_allocations(context, LIVE[context.size])
    live_system_calls(context, LIVE[context.size])
