"""Server CPU of a delivered message over the number of connections, at one total of deliveries."""

import scale
from fanout_servers import Market, connected, deliver, started_engine, started_floor

TARGET = 0.15
# Connections, symbols, deliveries a second, deliveries of a round.
SIZES = {"tiny": ((10, 100), 10, 1_000, 1_000),
         "full": ((10, 100, 1_000, 10_000), 1_000, 20_000, 60_000)}
# Subscribers of each symbol, whatever the number of connections.
EACH = 10


def one_run(context, market, server, connections, symbols, subscriptions, rate, deliveries):
    """Each connection has so many of the symbols; us of CPU a delivery and more."""
    fan_out = connections * subscriptions // symbols
    with connected(context, market, server, connections, symbols, subscriptions) as clients:
        return deliver(server, clients, deliveries, deliveries // fan_out, 1, rate // fan_out)


def run(context):
    sizes, symbols, rate, deliveries = SIZES[context.size]
    print(f"\nn = {deliveries} deliveries a round at {rate}/s in all, open loop, single events\n"
          f"{EACH} a symbol: {symbols} symbols, {rate // EACH} events/s; the connections share "
          f"{symbols * EACH} subscriptions, drawn from a seed\n"
          "one for all: one symbol, to which every connection has subscribed\n"
          "server CPU in microseconds a delivered message; per send = messages a send() of the "
          f"engine\n  round  connections  floor, {EACH}  engine, {EACH}  per send  engine, one  "
          "per send", flush=True)
    series = [scale.Series(f"engine, {EACH} connections a symbol", sizes, TARGET),
              scale.Series("engine, one symbol for all", sizes, TARGET),
              scale.Series(f"one epoll loop, {EACH} connections a symbol", sizes)]
    market = Market(symbols)
    total = 0
    with started_engine(context, market) as server, started_floor(context, market) as floor:
        for number in range(1, context.rounds + 1):
            for size in sizes:
                shared = (size, symbols, symbols * EACH // size, rate, deliveries)
                least = one_run(context, market, floor, *shared)
                ten = one_run(context, market, server, *shared)
                one = one_run(context, market, server, size, 1, 1, rate, deliveries)
                for each, found in zip(series, (ten, one, least)):
                    each.add(size, found["cpu"])
                total += 2 * deliveries
                print(f"  {number:5}  {size:11}  {least['cpu']:9.3f}  {ten['cpu']:10.3f}  "
                      f"{ten['per_send']:8.2f}  {one['cpu']:11.3f}  {one['per_send']:8.2f}",
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
