"""What clients notice of a database that stands still: p99 with it frozen, and with it running."""

import contextlib
import statistics
import time

from latency_benchmark import FULL, TINY
from load_client import check_end, under_load, warm_broker
from measure import Spread, check
from postgres_server import PostgresServer

# Loads, seconds for a new broker to compile its code; then seconds of warm-up, of an interval, and
# between intervals, where what has piled up is stored. An interval is shorter than
# postgres.watchdog and postgres.statement_timeout, which would end what is under way.
SIZES = {"tiny": (TINY[:1], 0, 1, 1, 1), "full": (FULL[:2], 45, 4, 3, 2)}
MOST = 1.10


def one_load(context, load, server, seconds):
    warm_up, interval, between = seconds
    print(f"\n{load.name}; the database frozen by SIGSTOP in every other interval of {interval} s; "
          "milliseconds\n"
          "  round  running p50     p99  bare p99   frozen p50     p99  bare p99   "
          "p99 frozen/running", flush=True)
    seen = {"running": [], "frozen": []}
    with under_load(context, "paused", postgres=server.url, symbols=load.symbols,
                    connections=load.connections, each=load.each, linger_ms=load.linger_ms,
                    partitions=load.partitions) as (process, client, watch):
        client.begin(load.rate)
        time.sleep(warm_up)

        def commits():
            return process.metrics()["tradepulse_database_commits_total"]

        for number in range(1, 2 * context.rounds + 1):
            # Who comes first changes, so that a drift of the machine does not count for one.
            for kind in (("running", "frozen") if number % 2 else ("frozen", "running")):
                before = commits()
                if kind == "frozen":
                    server.freeze()
                    before = commits()
                try:
                    client.report()
                    time.sleep(interval)
                    found = client.report()
                    after = commits()
                finally:
                    if kind == "frozen":
                        server.thaw()
                # A frozen one: at most what each writer had under way when it was stopped.
                check(after > before + (2 if kind == "frozen" else 0), kind == "running",
                      f"{kind}: commits go on")
                seen[kind].append(found)
                time.sleep(between)
            running, frozen = seen["running"][-1], seen["frozen"][-1]
            print(f"  {number:5}  {running['latency']['p50']:11.2f} "
                  f"{running['latency']['p99']:7.2f}  {running['bare']['p99']:8.2f}   "
                  f"{frozen['latency']['p50']:10.2f} "
                  f"{frozen['latency']['p99']:7.2f}  {frozen['bare']['p99']:8.2f}   "
                  f"{frozen['latency']['p99'] / running['latency']['p99']:18.2f}", flush=True)
        last = check_end(process, client, watch)
    p99 = {kind: Spread(found["latency"]["p99"] for found in seen[kind]) for kind in seen}
    change = (statistics.median(p99["frozen"].values) /
              statistics.median(p99["running"].values))
    ratios = Spread(frozen / running for frozen, running
                    in zip(p99["frozen"].values, p99["running"].values))
    print(f"running p99: {p99['running'].show('{:.2f} ms')}\n"
          f"frozen  p99: {p99['frozen'].show('{:.2f} ms')}\n"
          f"paused database, p99 of all frozen intervals against all others: {change:.2f}; "
          f"pair by pair: {ratios.show('{:.2f}')}\n"
          f"target <= {MOST:.2f}: {'kept' if change <= MOST else 'missed'}\n"
          f"checked: {last['produced']} records, {last['events']} events in {last['updates']} "
          f"updates ({last['merged']} merged), none missing, none twice; all rows stored",
          flush=True)


def run(context):
    loads, broker_s, *seconds = SIZES[context.size]
    # A server of its own, because it is to be frozen with all its processes.
    server = PostgresServer()
    with contextlib.closing(server), warm_broker(context, broker_s) as ours:
        server.start()
        for load in loads:
            one_load(ours, load, server, seconds)
