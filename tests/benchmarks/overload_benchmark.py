"""Three times the rate that can be kept up: the lag grows in Kafka and nowhere else, and goes.

The engine's threads have a lower priority than everything else here: so it is the engine that has
too little, and not who loads it or reads from it. (Clients that cannot read as fast get merged
updates, and nothing lags.)
"""

import dataclasses
import os
import statistics
import time

from load_client import check_end, under_load
from measure import check, resident_bytes


@dataclasses.dataclass(frozen=True)
class Plan:
    symbols: int
    connections: int
    first_rate: int    # ticks a second, to begin with
    most_steps: int    # of 1.25 times the rate before, or of half of it
    step_s: float
    overload_s: float
    limit_s: float     # for the lag to go


SIZES = {"tiny": Plan(20, 5, 500, 2, 1, 3, 60), "full": Plan(300, 100, 20_000, 8, 6, 60, 200)}
STEP = 1.25
NICE = 10
# What librdkafka holds ahead grows with the lag until it is full, at several times its nominal
# size: so small that it is full within seconds, and what grows after that is something else.
SETTINGS = {"kafka.prefetch": "8MB"}
TIMES = 3
ARRIVALS = 0.1     # of the rate that is kept up, after the overload
KEPT_UP_S = 2.0    # behind by less at the end of a step: the rate is kept up
LIVE_MS = 1000     # older than this nothing comes: the clients are live
LEAST_FALL = 0.9
LIVE_WITHIN_S = 5
SETTLED_S = 20     # of the overload; from then on memory is compared


def let_others_go_first(pid):
    """A low priority for each thread of that process, and for those that it will start."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        os.setpriority(os.PRIO_PROCESS, int(thread), NICE)


class Gauge:
    """Where the records are: in the producer and in Kafka (lag); read and not committed; read and
    not with the outboxes (inside); not with the clients (behind, which has all of it, with what is
    in outboxes, sockets and merged updates). The numbers are read one after the other: under load
    each is off by some milliseconds' worth."""

    def __init__(self, process, client):
        self._process, self._client = process, client
        self._began = time.monotonic()
        self.seen = []

    def look(self):
        metrics = self._process.metrics()
        found = self._client.report()
        subscriptions = self._client.connections * self._client.each
        # Of each subscription, in records of all symbols.
        behind = found["missing"] / subscriptions * self._client.symbols
        ticks = metrics["tradepulse_ticks_total"]
        now = {"at": time.monotonic() - self._began, "produced": found["produced"],
               "behind": behind, "lag": max(found["produced"] - ticks, 0),
               "uncommitted": max(ticks - metrics["tradepulse_database_events_total"], 0),
               "inside": metrics["tradepulse_undelivered_records"], "merged": found["merged"],
               "resident": resident_bytes(self._process.pid), **found["latency"]}
        self.seen.append(now)
        return now

    @staticmethod
    def head():
        print("  phase        s    produced  in Kafka  not committed  inside    behind  merged   "
              "p50 ms    max ms  resident MB", flush=True)

    @staticmethod
    def show(phase, now):
        print(f"  {phase:8} {now['at']:5.0f}  {now['produced']:10,}  {now['lag']:8,.0f}"
              f"  {now['uncommitted']:13,.0f}  {now['inside']:6,.0f}  {now['behind']:8,.0f}  "
              f"{now['merged']:6,}  {now['p50']:7.1f}  {now['max']:8.1f}  "
              f"{now['resident'] / 1e6:11.1f}", flush=True)


def each_second(gauge, phase, seconds, every=5, until=lambda now: False):
    """Looks for so long, or until that is true; what was seen. Shows every so many looks, and the
    last one where `every` is 0."""
    seen = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(min(1.0, seconds / 2))
        seen.append(gauge.look())
        done = until(seen[-1])
        if done or (every and len(seen) % every == 0):
            gauge.show(phase, seen[-1])
        if done:
            break
    if not every:
        gauge.show(phase, seen[-1])
    return seen


def kept_up(gauge, client, plan):
    """The greatest rate of a row of steps that the clients did not fall behind of."""
    rate, found = plan.first_rate, None
    for _ in range(plan.most_steps):
        client.rate(rate)
        now = each_second(gauge, f"{rate:,}/s", plan.step_s, every=0)[-1]
        if now["behind"] <= KEPT_UP_S * rate:
            found, rate = rate, int(rate * STEP)
        elif found:
            break
        else:
            rate //= 2
            catch_up(gauge, client, plan)
    return found or rate


def catch_up(gauge, client, plan):
    client.rate(0)
    each_second(gauge, "pause", plan.limit_s, until=lambda now: now["behind"] == 0)


def run(context):
    plan = SIZES[context.size]
    print(f"\nn = {plan.symbols} symbols, each to {plan.connections} connections", flush=True)
    with under_load(context, "overload", SETTINGS, symbols=plan.symbols,
                    connections=plan.connections, each=plan.symbols, linger_ms="5", partitions=8,
                    floor=False) as (process, client, watch):
        let_others_go_first(process.pid)
        gauge = Gauge(process, client)
        gauge.head()
        client.rate(plan.first_rate)
        each_second(gauge, "warm-up", plan.step_s, every=0)
        rate = kept_up(gauge, client, plan)
        catch_up(gauge, client, plan)
        before = gauge.look()["resident"]
        produced, began = gauge.seen[-1]["produced"], time.monotonic()
        client.rate(TIMES * rate)
        over = each_second(gauge, "overload", plan.overload_s)
        offered = (over[-1]["produced"] - produced) / (time.monotonic() - began)
        arrivals = ARRIVALS * rate
        client.rate(arrivals)
        first = gauge.look()
        after = each_second(gauge, "after", plan.limit_s,
                            until=lambda now: now["behind"] < KEPT_UP_S * arrivals and
                            now["max"] < LIVE_MS)
        last = after[-1]
        check(last["max"] < LIVE_MS, True, "the clients are live again")
        report = check_end(process, client, watch)
    judge(plan, rate, offered, before, over, first, after)
    print(f"checked: {report['produced']} records, {report['events']} events in "
          f"{report['updates']} updates ({report['merged']} merged), none missing, none twice, "
          "each as it was produced; all rows stored", flush=True)


def judge(plan, rate, offered, before, over, first, after):
    arrivals = ARRIVALS * rate
    seconds = after[-1]["at"] - first["at"]
    if first["behind"] < rate:  # less than a second's worth
        print("not overloaded: the clients hardly fell behind", flush=True)
        return
    fallen = (first["behind"] - after[-1]["behind"]) / seconds
    due = LEAST_FALL * rate - arrivals
    live = next(now["at"] for now in after if now["max"] < LIVE_MS) - first["at"]
    allowed = first["behind"] / due + LIVE_WITHIN_S
    settled = [now["resident"] for now in over if now["at"] - over[0]["at"] >=
               min(SETTLED_S, plan.overload_s / 3)]
    half = len(settled) // 2
    grown = (statistics.mean(settled[half:]) - statistics.mean(settled[:half])) if half else 0
    print(f"kept up: {rate:,} ticks/s; offered for {plan.overload_s:.0f} s: {offered:,.0f} ticks/s "
          f"({offered / rate:.2f} times)\n"
          f"resident MB: {before / 1e6:.0f} before, {max(settled) / 1e6:.0f} at most in the "
          f"overload, {after[-1]['resident'] / 1e6:.0f} after; second half of it against the "
          f"first: {grown / 1e6:+.1f}\n"
          f"in the process at most: {max(now['uncommitted'] for now in over):,.0f} not committed, "
          f"{max(now['inside'] for now in over):,.0f} not with the outboxes\n"
          f"behind by {first['behind']:,.0f} at its end; fell by {fallen:,.0f}/s under "
          f"{arrivals:,.0f}/s of arrivals; target >= {due:,.0f}: "
          f"{'kept' if fallen >= due else 'missed'}\n"
          f"clients live after {live:.0f} s; target <= {allowed:.0f}: "
          f"{'kept' if live <= allowed else 'missed'}", flush=True)
