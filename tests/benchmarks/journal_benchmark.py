"""Events that are journalled with their rows in a second, against a bare binary COPY of them."""

import contextlib
import json
import os
import subprocess

import engine
from measure import Spread, check
from persistence_load import Beside

# (events, changed symbols) of a commit, whether candles are written: pairs of commits a round.
SIZES = {"tiny": {(1_000, 300, False): 3, (1_000, 300, True): 17},
         "full": {(10_000, 300, False): 40, (1_000, 300, False): 200, (10_000, 5_000, False): 20,
                  (10_000, 300, True): 37, (1_000, 300, True): 197, (10_000, 5_000, True): 17}}
CLOSE_EVERY = 10  # commits
TABLE = 5_000
LEAF = "journal_prices_20231114"
WARM_UP = 3
COPIED = 1_000_000  # stream ids of the bare COPY
LIMIT_S = 120

EVENTS = f"""
SELECT count(*), count(DISTINCT stream_id), min(seq), max(seq), sum(seq), sum(price), sum(size),
  sum(kafka_offset) FROM {LEAF} WHERE stream_id"""


def _prepare(beside):
    beside.run(f"DROP TABLE IF EXISTS {LEAF}")
    beside.run("TRUNCATE price_snapshots, ingest_offsets, journal_streams, journal_leaves,"
               " journal_partitions, candle_states, candles")
    beside.run("INSERT INTO price_snapshots (symbol, price, volume, timestamp, epoch)"
               " SELECT 'SYM' || lpad(n::text, 5, '0'), 1, 1, 1, 1"
               " FROM generate_series(0, %s) n", TABLE - 1)
    beside.run("INSERT INTO ingest_offsets (topic, partition, next_offset, generation)"
               " VALUES ('price-ticks', 0, 0, 1)")
    beside.run("VACUUM ANALYZE price_snapshots")
    beside.run("SELECT journal_leaf('journal_prices', '2023-11-14')")
    beside.run("CHECKPOINT")


def _round(context, database, beside, events, changed, candles, pairs):
    _prepare(beside)
    done = subprocess.run(
        [os.path.join(context.programs, "benchmark_journal_store"), database.url,
         str(events), str(changed), str(pairs), str(int(candles))],
        stdout=subprocess.PIPE, check=True, timeout=LIMIT_S)
    found = json.loads(done.stdout)
    (ours,) = beside.run(f"{EVENTS} < %s", COPIED)
    (theirs,) = beside.run(f"{EVENTS} >= %s", COPIED)
    rows = events * (pairs + WARM_UP)
    check(ours[:2], (rows, changed), "rows, streams")
    check(ours, theirs, "the engine's rows and those of the COPY")
    check(beside.value("SELECT next_offset FROM ingest_offsets"), rows, "next_offset")
    check(beside.value("SELECT sum(last_sequence) FROM price_snapshots"), rows, "last_sequence")
    check(beside.value("SELECT count(*) FROM candle_states"), changed * candles, "candle_states")
    check(beside.value("SELECT count(*) FROM candles"),
          changed * candles * ((pairs + WARM_UP) // CLOSE_EVERY), "candles")
    size = beside.value("SELECT pg_total_relation_size(%s)", LEAF) / (2 * rows)
    return {"engine": events * pairs / found["engine"], "copy": events * pairs / found["copy"],
            "bytes": size}


def run(context):
    print("rows/s, one connection each, in turn; ratio = engine / bare COPY into the same leaf;\n"
          "the engine's transactions write and swap positions and rows besides")
    with engine.fresh_database(context.postgres, context.binary) as database, \
            contextlib.closing(Beside(database.url)) as beside:
        for (events, changed, candles), pairs in SIZES[context.size].items():
            rounds = [_round(context, database, beside, events, changed, candles, pairs)
                      for _ in range(context.rounds)]
            print(f"\n{events} events of {changed} symbols a commit, {pairs} commits" +
                  (", and their candles: six open ones of each, every tenth time a closed one"
                   if candles else ""))
            for name in ("engine", "copy"):
                print(f"  {name:7} rows/s: {Spread(e[name] for e in rounds).show('{:,.0f}')}")
            print(f"journal ratio: {Spread(e['engine'] / e['copy'] for e in rounds).show('{:.2f}')}"
                  f"\nbytes a row with its index: "
                  f"{Spread(e['bytes'] for e in rounds).show('{:.1f}')}\n"
                  f"checked: {context.rounds} x {pairs + WARM_UP} commits by counts and sums",
                  flush=True)
