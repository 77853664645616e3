"""From produce() to receipt, with broker, database, engine and clients on the same cores."""

import dataclasses
import statistics
import time

import engine
from load_client import check_end, under_load, warm_broker
from measure import Spread

SHARES = ("p50", "p90", "p99", "p999", "max")


@dataclasses.dataclass(frozen=True)
class Load:
    name: str
    rate: int          # ticks a second
    linger_ms: str     # of the producer
    symbols: int
    connections: int
    each: int          # symbols that one connection is subscribed to
    partitions: int
    targets: tuple     # ms: p50, p99; or None


FULL = (
    # The greater rate first: it goes on warming the broker up.
    Load("10,000 ticks/s to 100 connections", 10_000, "1", 50, 100, 1, 1, (3, 12)),
    Load("1,000 ticks/s to 1,000 connections", 1_000, "0", 50, 1_000, 1, 1, (1, 8)),
    Load("1,000 ticks/s to 1,000 connections", 1_000, "0", 50, 1_000, 1, 8, None),
    Load("10,000 ticks/s to 100 connections", 10_000, "1", 50, 100, 1, 8, None),
    Load("1,000 ticks/s, all symbols to 100 connections", 1_000, "0", 50, 100, 50, 1, None),
    Load("10,000 ticks/s, all symbols to 100 connections", 10_000, "1", 50, 100, 50, 1, None),
)
TINY = (Load("100 ticks/s to 20 connections", 100, "0", 10, 20, 1, 2, None),
        Load("500 ticks/s, all symbols to 5 connections", 500, "1", 10, 5, 10, 1, None))
# Seconds: for a new broker to compile its code, before anything counts, of one interval.
SIZES = {"tiny": (TINY, 0, 1, 1), "full": (FULL, 60, 4, 5)}


def one_load(context, load, warm_up, interval):
    print(f"\n{load.name}: {load.symbols} symbols, {load.each} on each connection, "
          f"partitions: {load.partitions}, "
          f"{load.rate * load.connections * load.each // load.symbols} deliveries/s, "
          f"linger.ms={load.linger_ms}; milliseconds from produce() to receipt\n"
          "  round     p50     p90     p99   p99.9     max   bare p50  bare p99   "
          "late p99  engine CPU %", flush=True)
    rounds = []
    with under_load(context, "latency", symbols=load.symbols, connections=load.connections,
                    each=load.each, linger_ms=load.linger_ms,
                    partitions=load.partitions) as (process, client, watch):
        client.begin(load.rate)
        time.sleep(warm_up)
        client.report()
        for number in range(1, context.rounds + 1):
            cpu, began = engine.cpu(process), time.monotonic()
            time.sleep(interval)
            found = client.report()
            cpu = (engine.cpu(process) - cpu) / (time.monotonic() - began) * 100
            rounds.append(found)
            times = found["latency"]
            print(f"  {number:5}  " + " ".join(f"{times[share]:7.2f}" for share in SHARES) +
                  f"   {found['bare']['p50']:8.2f}  {found['bare']['p99']:8.2f}   "
                  f"{found['lateness']['p99']:8.2f}  {cpu:12.1f}", flush=True)
        last = check_end(process, client, watch)
    p50 = Spread(found["latency"]["p50"] for found in rounds)
    p99 = Spread(found["latency"]["p99"] for found in rounds)
    print(f"connections p50: {p50.show('{:.2f} ms')}\nconnections p99: {p99.show('{:.2f} ms')}\n"
          f"bare p50: {Spread(f['bare']['p50'] for f in rounds).show('{:.2f} ms')}\n"
          f"bare p99: {Spread(f['bare']['p99'] for f in rounds).show('{:.2f} ms')}")
    if load.targets:
        for what, spread, target in zip(("p50", "p99"), (p50, p99), load.targets):
            middle = statistics.median(spread.values)
            print(f"target {what} <= {target} ms: "
                  f"{'kept' if middle <= target else f'missed by {middle - target:.2f} ms'}")
    print(f"checked: {last['produced']} records, {last['events']} events in {last['updates']} "
          f"updates ({last['merged']} merged), none missing, none twice, each as it was produced",
          flush=True)


def run(context):
    loads, broker_s, warm_up, interval = SIZES[context.size]
    with warm_broker(context, broker_s) as ours:
        for load in loads:
            one_load(ours, load, warm_up, interval)
