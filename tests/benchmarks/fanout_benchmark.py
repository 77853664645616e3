"""Server CPU per delivered message to many WebSockets, against one epoll loop."""

import dataclasses
import statistics

from fanout_servers import Market, connected, deliver, started_engine, started_floor
from measure import Spread, check

BURST = 16
# More messages a send() than the plan's: the engine was late and joined what had piled up.
MOST_JOINED = 1.1


@dataclasses.dataclass(frozen=True)
class Plan:
    """Events in open loop, `burst` at a time. `per_send`: messages of the floor's send()."""
    name: str
    events: int
    rate: int
    burst: int
    per_send: int
    target: float


@dataclasses.dataclass(frozen=True)
class Case:
    symbols: int
    partitions: int
    connections: int
    subscriptions: int  # of each connection, drawn from a seed
    plans: tuple

    def deliveries(self, plan):
        return self.connections * self.subscriptions * plan.events // self.symbols


SIZES = {
    "tiny": (
        Case(1, 1, 200, 1, (Plan("single", 60, 100, 1, 1, 1.3),
                            Plan("bursts of 16", 320, 1600, BURST, BURST, 1.6))),
        Case(40, 4, 100, 10, (Plan("many symbols", 400, 400, 1, 1, 1.6),)),
    ),
    # 50,000 deliveries a second of single messages, in both patterns.
    "full": (
        Case(1, 1, 1000, 1, (Plan("single", 300, 50, 1, 1, 1.3),
                             Plan("bursts of 16", 4_800, 800, BURST, BURST, 1.6))),
        Case(1000, 8, 1000, 20, (Plan("many symbols", 15_000, 2_500, 1, 1, 1.6),)),
    ),
}


class Figures:
    """What the rounds of one plan have shown."""

    def __init__(self, plan):
        self.plan = plan
        self.floors, self.engines, self.ratios = [], [], []
        self.walls, self.joined = [], []

    def add(self, least, found):
        check(found["bytes"], least["bytes"], "bytes of engine and floor")
        self.floors.append(least["cpu"])
        self.engines.append(found["cpu"])
        self.ratios.append(found["cpu"] / least["cpu"])
        self.walls.append(found["wall"] / found["deliveries"] * 1e6)
        self.joined.append(found["per_send"])

    def show(self, idle):
        less = [(used - idle * wall) / least for used, wall, least
                in zip(self.engines, self.walls, self.floors)]
        met = "met" if statistics.median(self.ratios) <= self.plan.target else "MISSED"
        name = self.plan.name
        print(f"{name}: floor  us a delivery: {Spread(self.floors).show('{:.3f}')}\n"
              f"{name}: engine us a delivery: {Spread(self.engines).show('{:.3f}')}\n"
              f"fanout ratio, {name}: {Spread(self.ratios).show('{:.2f}')}; target "
              f"{self.plan.target}: {met}\n"
              f"the same less what the idle engine uses: {Spread(less).show('{:.2f}')}")
        late = sum(1 for each in self.joined if each > MOST_JOINED * self.plan.per_send)
        if late:
            print(f"note: in {late} of {len(self.joined)} runs the engine joined messages of "
                  "several events in one send(); those ratios flatter it")


def one_round(context, case, market, server, seed):
    with connected(context, market, server, case.connections, case.symbols, case.subscriptions,
                   seed) as clients:
        return [deliver(server, clients, case.deliveries(plan), plan.events, plan.burst, plan.rate)
                for plan in case.plans]


def run_case(context, case):
    print(f"\nn = {case.connections} connections, each to {case.subscriptions} of {case.symbols} "
          f"symbols in {case.partitions} partitions; events in turn of the symbols, open loop:")
    for plan in case.plans:
        print(f"  {plan.name}: {plan.events} events a round, {plan.burst} at a time, "
              f"{plan.rate}/s: {case.deliveries(plan)} deliveries")
    print("server CPU in microseconds a delivered message; ratio = engine / floor; per send = "
          "messages a send() of the engine\n"
          f"  {'round':>5}  {'':12}  {'floor':>7}  {'engine':>7}  ratio  per send", flush=True)
    market = Market(case.symbols, case.partitions)
    figures = [Figures(plan) for plan in case.plans]
    with started_engine(context, market) as server, started_floor(context, market) as floor:
        for number in range(1, context.rounds + 1):
            # The subscriptions of a round are the same in both; those of another round differ.
            least = one_round(context, case, market, floor, number)
            found = one_round(context, case, market, server, number)
            for each, low, high in zip(figures, least, found):
                each.add(low, high)
                print(f"  {number:5}  {each.plan.name:12}  {low['cpu']:7.3f}  {high['cpu']:7.3f}  "
                      f"{each.ratios[-1]:5.2f}  {high['per_send']:8.2f}", flush=True)
        idle = server.idle_share()
        deliveries = context.rounds * sum(case.deliveries(plan) for plan in case.plans)
        server.check_counters(deliveries)
    for each in figures:
        each.show(idle)
    print(f"the idle engine uses {idle * 100:.1f} % of a core\n"
          f"checked: {2 * deliveries} deliveries, each byte and number, none missing, the engine's "
          "and the floor's in equal parts", flush=True)


def run(context):
    for case in SIZES[context.size]:
        run_case(context, case)
