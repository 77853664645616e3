"""Server CPU of a delivered message over the number of connections, at one total of deliveries."""

import scale
from fanout_servers import Market, connected, deliver, started_engine, started_floor

TARGET = 0.15
# Subscribers of a symbol where the number of events stays the same too.
EACH = 10
# Connections, deliveries a second, deliveries of a round.
SIZES = {"tiny": ((10, 100), 1_000, 1_000),
         "full": ((10, 100, 1_000, 10_000), 20_000, 60_000)}


def one_run(context, market, server, connections, symbols, rate, deliveries):
    """Each connection has one of the symbols; us of CPU a delivery."""
    fan_out = connections // symbols
    with connected(context, market, server, connections, symbols, 1) as clients:
        return deliver(server, clients, deliveries, deliveries // fan_out, 1,
                       rate // fan_out)["cpu"]


def run(context):
    sizes, rate, deliveries = SIZES[context.size]
    print(f"\nn = {deliveries} deliveries a round at {rate}/s in all, open loop, single events\n"
          f"ten: a symbol has {EACH} connections, {rate // EACH} events/s; all: one symbol for all "
          "connections\nserver CPU in microseconds a delivered message\n"
          "  round  connections  floor, ten  engine, ten  engine, all", flush=True)
    series = [scale.Series(f"engine, {EACH} connections a symbol", sizes, TARGET),
              scale.Series("engine, one symbol for all", sizes, TARGET),
              scale.Series(f"one epoll loop, {EACH} connections a symbol", sizes)]
    market = Market(max(sizes) // EACH)
    total = 0
    with started_engine(context, market) as server, started_floor(context, market) as floor:
        for number in range(1, context.rounds + 1):
            for size in sizes:
                ten = (size, size // EACH, rate, deliveries)
                least = one_run(context, market, floor, *ten)
                found = one_run(context, market, server, *ten)
                all_one = one_run(context, market, server, size, 1, rate, deliveries)
                for each, value in zip(series, (found, all_one, least)):
                    each.add(size, value)
                total += 2 * deliveries
                print(f"  {number:5}  {size:11}  {least:10.3f}  {found:11.3f}  {all_one:11.3f}",
                      flush=True)
        server.check_counters(total)
    for each in series:
        print(each.name + ": " + ", ".join(f"{cost:.2f} us at {size}"
                                           for size, cost in each.medians()))
        print(each.show())
    print(f"checked: {total} deliveries of the engine and {total // 2} of the floor, each byte and "
          "number, none missing")
    print(scale.draw("scale-connections", f"Server CPU of a delivered message at {rate:,}/s",
                     "connections", "microseconds", series, context.size), flush=True)
