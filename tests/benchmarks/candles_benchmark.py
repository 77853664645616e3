"""The engine's CPU per tick with its journal and candles, against without them, in turn."""

import bisect
import calendar
import contextlib
import secrets
import time

import engine
from kafka_client import create_topic
from measure import Spread, check, cpu_seconds
from workload import check_rows, fill

MINUTE = 60_000
INTERVALS = {"1m": MINUTE, "5m": 5 * MINUTE, "15m": 15 * MINUTE, "1h": 60 * MINUTE,
             "4h": 240 * MINUTE, "1d": 1_440 * MINUTE}
# A load begins so that every interval ends in it: at 22:30 UTC, or a few seconds before midnight.
# (name, records, symbols, begins, microseconds from an event to the next one, records a second that
# come while it is measured; 0: all are there before)
SIZES = {
    "tiny": [("a tick a second of each symbol", 24_000, 300, (2026, 3, 1, 23, 59, 30), 3_333, 0)],
    "full": [("a tick a second of each symbol", 2_000_000, 300, (2026, 3, 1, 22, 30), 3_333, 0),
             ("ten ticks a second of each symbol", 2_000_000, 300, (2026, 3, 1, 23, 54, 30), 333, 0),
             ("33 ticks a second of each symbol, as ingest has them", 2_000_000, 300,
              (2026, 3, 1, 23, 58), 100, 0),
             ("ten ticks a second of each symbol, 20,000 a second come", 200_000, 300,
              (2026, 3, 1, 23, 59, 30), 333, 20_000)]}
PARTITIONS = 8
TARGET = 1.25
LIMIT_S = 300
# What is kept and made, round by round in this order.
KINDS = {"neither": ([], "none"), "journal": (["price"], "none"),
         "journal and candles": (["price", "candle"], "price")}


class Expected:
    """How many candles are closed when a load has been read, and of how many events they are.

    An event is a candle's only where it is below its end; a partition's candles close by the
    greatest time in it. No minute lacks an event, so that every one has a candle.
    """

    def __init__(self, load):
        check(load.symbols * load.step_us < MINUTE * 1000, True, "an event a minute of each symbol")
        watermarks = [0] * load.partitions
        for index in range(load.records - load.symbols, load.records):
            partition = index % load.symbols % load.partitions
            watermarks[partition] = max(watermarks[partition], load.time_of(index))
        self.closes = dict.fromkeys(INTERVALS, 0)
        self.events = dict.fromkeys(INTERVALS, 0)
        for symbol in range(load.symbols):
            mine = range(symbol, load.records, load.symbols)
            for interval, length in INTERVALS.items():
                end = watermarks[symbol % load.partitions] // length * length
                self.closes[interval] += max(0, end // length - load.time_of(symbol) // length)
                self.events[interval] += bisect.bisect_left(mine, end, key=load.time_of)
        self.all = sum(self.closes.values())


def check_candles(watch, load, expected):
    """Every close is a row of `candles`, an event and a number; they cover what they have to."""
    for interval in INTERVALS:
        due = expected.closes[interval]
        rows, events, revised, strange = watch.row(
            "SELECT count(*), coalesce(sum(trades), 0), count(*) FILTER (WHERE revision <> 0),"
            " count(*) FILTER (WHERE partial OR epoch <> 1) FROM candles WHERE interval = %s",
            interval)
        check(rows, due, f"rows of candles, {interval}")
        check(int(events), expected.events[interval], f"events in candles, {interval}")
        check((revised, strange), (0, 0), f"candles corrected, or of another kind, {interval}")
        journalled, numbered = watch.row(
            "SELECT count(*), count(DISTINCT (stream_id, seq)) FROM journal_candles"
            " JOIN journal_streams USING (stream_id) WHERE stream = %s", "candle_" + interval)
        check((journalled, numbered), (due, due), f"journalled candles, {interval}")
    check(watch.row("SELECT count(*) FROM candle_states")[0], load.symbols, "rows of candle_states")


def backends(watch):
    """{pid: CPU} of the sessions of this database but the one that looks."""
    found = {}
    for pid in watch.row("SELECT coalesce(array_agg(pid), '{}') FROM pg_stat_activity WHERE datname"
                         " = current_database() AND pid <> pg_backend_pid()")[0]:
        with contextlib.suppress(OSError):  # it has ended
            found[pid] = cpu_seconds(pid)
    return found


def one_round(context, topic, kind, load_of):
    """As ingest_benchmark.engine_round: from the release of the claims to the last commit.
    `load_of`: called at the start; returns when all is in the topic."""
    journal, source = KINDS[kind]
    topics = [{"name": topic, "decoder": "price-ticks", "candles": {"source": source}}]
    with engine.fresh_database(context.postgres, context.binary) as database, \
            engine.watch(database) as watch, \
            engine.claims_held_back(database) as release, \
            engine.serve(context.kafka, database, topic, {
                **engine.PATIENT, "topics": topics, "journal.streams": journal}) as process:
        cpu, began, sessions = engine.cpu(process), time.monotonic(), backends(watch)
        check(process.metrics()["tradepulse_ticks_total"], 0, "ticks before the start")
        release()
        load = load_of()
        watch.wait_for_offsets(load.topic, load.ends, LIMIT_S)
        cpu, wall = engine.cpu(process) - cpu, time.monotonic() - began
        used = sum(now - sessions.get(pid, 0) for pid, now in backends(watch).items())
        expected = Expected(load)
        check_rows(watch, load, kind)
        check(watch.row("SELECT count(*) FROM journal_prices")[0],
              load.records if journal else 0, f"{kind}: journalled prices")
        if source == "none":
            check(watch.row("SELECT count(*) FROM candle_states")[0], 0, f"{kind}: candle_states")
        else:
            check_candles(watch, load, expected)
        found = engine.settled_metrics(process, load.records)
        engine.check_counters(found, load.records, kind)
        check(found["tradepulse_candle_events_total"], 0 if source == "none" else expected.all,
              f"{kind}: tradepulse_candle_events_total")
    return {"cpu": cpu / load.records * 1e6, "database": used / load.records * 1e6,
            "rate": load.records / wall, "commits": found["tradepulse_database_commits_total"]}


def run_one(context, name, records, symbols, begins, step_us, rate):
    shape = {"records": records, "symbols": symbols, "partitions": PARTITIONS,
             "first_time": calendar.timegm((*begins, 0)[:6]) * 1000, "step_us": step_us}
    print(f"\n{name}: {records} records, {symbols} symbols, {PARTITIONS} partitions", flush=True)

    def new_topic():
        return "benchmark-candles-" + secrets.token_hex(4)

    def measured(kind, filled):
        if not rate:
            return one_round(context, filled.topic, kind, lambda: filled)
        topic = new_topic()
        for each, partitions in ((topic, PARTITIONS), (topic + ".dead-letter", 1)):
            create_topic(context.kafka, each, partitions)
        return one_round(context, topic, kind, lambda: fill(
            context.kafka, topic, make=False, rate=rate, **shape))

    # Where they come while it is measured these warm the broker up.
    load = fill(context.kafka, new_topic(), **shape)
    expected = Expected(load)
    minutes = (load.time_of(records - 1) - load.first_time) / MINUTE
    print(f"n = {records} records of {load.bytes_of_record} bytes over {minutes:.1f} minutes; "
          f"checksum {load.checksum}\ncloses: " +
          ", ".join(f"{count} of {interval}" for interval, count in expected.closes.items()) +
          f": {expected.all}, one for {records / expected.all:.0f} ticks\n"
          "us of CPU a tick: the engine (the database's sessions), ticks/s, commits", flush=True)
    rounds = []
    for number in range(1, context.rounds + 1):
        found = {kind: measured(kind, load) for kind in KINDS}
        rounds.append(found)
        print(f"  {number:3}  " + "   ".join(
            f"{kind}: {each['cpu']:.3f} ({each['database']:.3f}) {each['rate']:,.0f} "
            f"{each['commits']:.0f}" for kind, each in found.items()), flush=True)
    for kind in KINDS:
        print(f"{kind}, engine us: {Spread(e[kind]['cpu'] for e in rounds).show('{:.3f}')}\n"
              f"{kind}, database us: "
              f"{Spread(e[kind]['database'] for e in rounds).show('{:.3f}')}")
    both = "journal and candles"
    for kind in ("neither", "journal"):
        print(f"candles ratio, to the engine with {kind}: "
              f"{Spread(e[both]['cpu'] / e[kind]['cpu'] for e in rounds).show('{:.2f}')} "
              f"(aim {TARGET})")
    ratios = Spread(e["journal"]["cpu"] / e["neither"]["cpu"] for e in rounds)
    print(f"journal ratio, to the engine with neither: {ratios.show('{:.2f}')}\n"
          f"checked: {context.rounds} x 3 x {records} records by numbers, prices and times of "
          f"{symbols} rows; {context.rounds} x {expected.all} closes as rows, events and numbers, "
          "with the events that they cover", flush=True)


def run(context):
    for size in SIZES[context.size]:
        run_one(context, *size)
