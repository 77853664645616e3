"""CPU per tick from a real Kafka to committed rows, against consuming and decoding alone."""

import json
import os
import secrets
import subprocess
import time

import engine
from measure import Spread, check
from workload import check_rows, fill

SIZES = {"tiny": [(20_000, 300)], "full": [(2_000_000, 300), (2_000_000, 5_000)]}
PARTITIONS = 8
LIMIT_S = 300


def floor(context, load, mode):
    """One run of benchmark_ingest_floor, checked; microseconds of CPU a record, its report."""
    done = subprocess.run(
        [os.path.join(context.programs, "benchmark_ingest_floor"), context.kafka, load.topic,
         str(load.partitions), mode], stdout=subprocess.PIPE, check=True, timeout=LIMIT_S)
    report = json.loads(done.stdout)
    check(report["records"], load.records, f"floor {mode}: records")
    if mode != "consume":
        for name in ("price_units", "volume_units", "times"):
            check(report[name], getattr(load, name), f"floor {mode}: sum of {name}")
    return report["cpu_seconds"] / load.records * 1e6, report


def engine_round(context, load, streams):
    """One run of the engine on a database and a group of its own; `streams` are journalled.

    Start-up is not counted: while the process starts, joins its group and becomes ready, a lock
    on ingest_offsets keeps it from claiming. Releasing the lock is the starting shot, the last
    partition's stored next_offset the finish.
    """
    with engine.fresh_database(context.postgres, context.binary) as database, \
            engine.watch(database) as watch, \
            engine.claims_held_back(database) as release, \
            engine.serve(context.kafka, database, load.topic,
                         {**engine.PATIENT, "journal.streams": streams}) as process:
        cpu, began = engine.cpu(process), time.monotonic()
        check(process.metrics()["tradepulse_ticks_total"], 0, "engine: ticks before the start")
        release()
        watch.wait_for_offsets(load.topic, load.ends, LIMIT_S)
        cpu, wall = engine.cpu(process) - cpu, time.monotonic() - began
        check_rows(watch, load, "engine")
        check(watch.row("SELECT count(*) FROM journal_prices")[0],
              load.records if streams else 0, "engine: journalled events")
        metrics = engine.settled_metrics(process, load.records)
        engine.check_counters(metrics, load.records, "engine")
        return {"cpu": cpu / load.records * 1e6, "wall": wall,
                "rows": metrics["tradepulse_database_rows_total"],
                "commits": metrics["tradepulse_database_commits_total"]}


def run_one(context, records, symbols):
    print(f"\n{records} records, {symbols} symbols, {PARTITIONS} partitions: filling ...",
          flush=True)
    load = fill(context.kafka, "benchmark-ingest-" + secrets.token_hex(4), records=records,
                symbols=symbols, partitions=PARTITIONS)
    print(f"n = {load.records} records of {load.bytes_of_record} bytes; checksum of the records "
          f"{load.checksum}\n"
          "CPU in microseconds a record, all threads; ratio = engine / floor\n"
          "  round  consume  floor (RapidJSON)  own decoder  engine  ratio  "
          "engine ticks/s  rows  commits\n"
          "and the engine with its journal: CPU, ratio to the one without, ticks/s, commits")
    floors, decoders, engines, ratios, rates = [], [], [], [], []
    journals, journal_rates = [], []
    for number in range(1, context.rounds + 1):
        consume, _ = floor(context, load, "consume")
        least, _ = floor(context, load, "rapidjson")
        own, _ = floor(context, load, "decoder")
        found = engine_round(context, load, [])
        kept = engine_round(context, load, ["price"])
        floors.append(least)
        decoders.append(own)
        engines.append(found["cpu"])
        ratios.append(found["cpu"] / least)
        rates.append(load.records / found["wall"])
        journals.append(kept["cpu"] / found["cpu"])
        journal_rates.append(load.records / kept["wall"])
        print(f"  {number:5}  {consume:7.3f}  {least:17.3f}  {own:11.3f}  {found['cpu']:6.3f}  "
              f"{ratios[-1]:5.2f}  {rates[-1]:14,.0f}  {found['rows']:,.0f}  "
              f"{found['commits']:,.0f}  journal: {kept['cpu']:6.3f}  {journals[-1]:5.2f}  "
              f"{journal_rates[-1]:,.0f}  {kept['commits']:,.0f}", flush=True)
    print(f"floor  us a record: {Spread(floors).show('{:.3f}')}\n"
          f"engine us a record: {Spread(engines).show('{:.3f}')}\n"
          f"engine ticks/s:     {Spread(rates).show('{:,.0f}')}\n"
          f"ingest ratio, {symbols} symbols: {Spread(ratios).show('{:.2f}')}\n"
          f"with its journal ticks/s: {Spread(journal_rates).show('{:,.0f}')}\n"
          f"journal CPU ratio, {symbols} symbols: {Spread(journals).show('{:.2f}')}\n"
          f"checked: {context.rounds} x {load.records} records by sums in each floor and by "
          f"numbers, prices and times of {symbols} rows", flush=True)


def run(context):
    for records, symbols in SIZES[context.size]:
        run_one(context, records, symbols)
