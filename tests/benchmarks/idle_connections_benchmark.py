"""What a WebSocket costs that waits: bytes of it, and CPU of ten thousand with their heartbeats."""

import dataclasses
import json
import statistics
import time

from fanout_servers import Market, connected, deliver, started_engine
from measure import Spread, check, wait_until_steady

BUDGET_BYTES = 20 * 1024


@dataclasses.dataclass(frozen=True)
class Size:
    connections: int
    symbols: int
    heartbeat_s: int
    watched_s: int  # several heartbeats


SIZES = {"tiny": Size(300, 20, 1, 3), "full": Size(10_000, 1000, 30, 60)}
EVENTS = 8  # of each symbol, where connections have been busy before they are idle
ROUNDS = 3


def kernel_bytes():
    """The kernel's objects (sockets, epoll entries, files), of all processes."""
    with open("/proc/meminfo", encoding="ascii") as file:
        fields = dict(line.split(":") for line in file)
    return int(fields["Slab"].split()[0]) * 1024


def cpu_share(server, seconds):
    cpu, began = server.cpu(), time.monotonic()
    time.sleep(seconds)
    return (server.cpu() - cpu) / (time.monotonic() - began)


def one_round(context, size, subscriptions, watch):
    """Bytes a connection when it has joined and after events; CPU where `watch` is set."""
    market = Market(size.symbols, 1)
    beats = {"heartbeat.interval": f"{size.heartbeat_s}s",
             "heartbeat.timeout": f"{2 * size.heartbeat_s}s"}
    with started_engine(context, market, beats) as server:
        empty = wait_until_steady(server.pid)
        kernel = kernel_bytes()
        idle_cpu = cpu_share(server, 5) if watch else 0
        with connected(context, market, server, size.connections, size.symbols,
                       subscriptions) as clients:
            joined = wait_until_steady(server.pid)
            found = {"joined": (joined - empty) / size.connections,
                     "kernel": (kernel_bytes() - kernel) / size.connections}
            if subscriptions:
                deliver(server, clients, size.connections * subscriptions * EVENTS,
                        size.symbols * EVENTS, EVENTS, 200 if size.symbols < 100 else 2000)
                found["busy"] = (wait_until_steady(server.pid) - empty) / size.connections
            if watch:
                found["idle_cpu"] = idle_cpu
                found["cpu"] = cpu_share(server, size.watched_s)
                clients.say("pings")
                report = json.loads(clients.hear())
                check(report["connections"], size.connections, "connections that stayed open")
                least = size.watched_s // size.heartbeat_s * size.connections
                check(report["pings"] >= least, True,
                      f"{report['pings']} heartbeats answered, at least {least}")
                found["pings"] = report["pings"]
            check(sum(value for name, value in server.metrics().items()
                      if name.startswith("tradepulse_web_connections")
                      and 'kind="websocket"' in name), size.connections, "open connections")
    return found


def run(context):
    size = SIZES[context.size]
    rounds = min(context.rounds, ROUNDS)
    print(f"\nn = {size.connections} WebSocket connections that wait, heartbeats every "
          f"{size.heartbeat_s} s; {size.symbols} symbols; a process for each row\n"
          "resident bytes of the engine for each; kernel = its slabs, both ends of the connection\n"
          "  round  subscriptions  joined B  after events B  kernel B", flush=True)
    results = {0: [], 1: []}
    for number in range(1, rounds + 1):
        for subscriptions, found in results.items():
            found.append(one_round(context, size, subscriptions,
                                   watch=subscriptions == 1 and number == rounds))
            last = found[-1]
            print(f"  {number:5}  {subscriptions:13}  {last['joined']:8.0f}  "
                  f"{last.get('busy', float('nan')):14.0f}  {last['kernel']:8.0f}", flush=True)
    spread = lambda subscriptions, name: Spread(
        each[name] for each in results[subscriptions]).show("{:.0f}")
    print(f"bytes of a connection without a subscription:    {spread(0, 'joined')}\n"
          f"bytes of a connection with one subscription:     {spread(1, 'joined')}\n"
          f"the same when it has got {EVENTS} events and is idle:   {spread(1, 'busy')}\n"
          f"kernel bytes, both ends:                         {spread(1, 'kernel')}")
    if context.size == "full":  # among few connections the process itself weighs too much
        worst = max(statistics.median(each[name] for each in results[1])
                    for name in ("joined", "busy"))
        print(f"budget of {BUDGET_BYTES} bytes: "
              f"{'met' if worst <= BUDGET_BYTES else f'MISSED by {worst - BUDGET_BYTES:.0f}'}")
    last = results[1][-1]
    beat = (last["cpu"] - last["idle_cpu"]) * size.heartbeat_s / size.connections
    print(f"CPU: {last['idle_cpu'] * 100:.2f} % of a core without connections, "
          f"{last['cpu'] * 100:.2f} % with {size.connections} and their heartbeats over "
          f"{size.watched_s} s: {beat * 1e6:.1f} us a heartbeat with its answer\n"
          f"checked: all connections stayed open, {last['pings']} heartbeats answered, "
          f"{size.connections * EVENTS} deliveries a round, each byte", flush=True)
