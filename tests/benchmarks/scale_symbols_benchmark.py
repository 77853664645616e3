"""CPU of a tick over the number of symbols, at one rate of ticks: from Kafka to committed rows."""

import contextlib
import time

import scale
from fanout_servers import Market, started_engine
from measure import check, cpu_seconds

PARTITIONS = 8
TARGET = 0.2
# Symbols, ticks a second, ticks of a round: each symbol gets one at least.
SIZES = {"tiny": ((10, 100), 500, 1_000),
         "full": ((100, 1_000, 10_000, 100_000), 20_000, 100_000)}
# No actor ends between its rounds; a tick never meets a symbol that is not at work.
SETTINGS = {"symbols.passivate_after": "1h"}


def one_run(server, ticks, rate, symbols):
    server.settle()
    cpu, began = server.cpu(), time.monotonic()
    server.send(ticks, max(1, rate // 1000), rate, symbols)
    server.settle()
    return (server.cpu() - cpu) / ticks * 1e6, ticks / (time.monotonic() - began)


def run(context):
    sizes, rate, ticks = SIZES[context.size]
    print(f"\nn = {ticks} ticks a round, open loop at {rate}/s, in turn of the symbols, "
          f"{PARTITIONS} partitions; an engine for each number of symbols, all symbols at work\n"
          "engine's CPU in microseconds a tick, with decoding, numbering and rows in PostgreSQL\n"
          "  round  " + "  ".join(f"{size:>8} symbols" for size in sizes), flush=True)
    found = scale.Series("CPU of a tick", sizes, TARGET)
    with contextlib.ExitStack() as running:
        servers = {size: running.enter_context(started_engine(
            context, Market(size, PARTITIONS), SETTINGS, rate)) for size in sizes}
        for size, server in servers.items():
            one_run(server, max(ticks // 2, size), rate, size)  # a second event for each
        for number in range(1, context.rounds + 1):
            for size, server in servers.items():
                found.add(size, one_run(server, ticks, rate, size)[0])
            print(f"  {number:5}  " + "  ".join(f"{found.values[size][-1]:16.3f}"
                                                for size in sizes), flush=True)
        idle = [server.idle_share() for server in servers.values()]
        for size, server in servers.items():
            server.check_counters(0)
            check(server.metrics()["tradepulse_symbol_actors"], size, "symbol actors")
    print("medians: " + ", ".join(f"{cost:.2f} us at {size}" for size, cost in found.medians()))
    print(found.show())
    print(f"an idle engine uses {min(idle) * 100:.1f} to {max(idle) * 100:.1f} % of a core\n"
          f"checked: {context.rounds * len(sizes)} rounds, each tick numbered and committed once")
    print(scale.draw("scale-symbols", f"CPU of a tick at {rate:,} ticks/s", "symbols",
                     "microseconds", [found], context.size), flush=True)
