"""Rows that the engine's store upserts in a second, against the best hand-written statement."""

import contextlib
import os
import statistics
import subprocess

import engine
import persistence_floor
from measure import Spread, Wrong, check, cpu_seconds
from persistence_load import Beside, Load

TABLE = 5_000
# Changed symbols a commit: rows in all.
SIZES = {"tiny": {50: 2_500, 5_000: 20_000},
         "full": {50: 150_000, 300: 450_000, 5_000: 600_000}}
LIMIT_S = 120


def _cpu_after(word, process, beside):
    """What stands behind the word; CPU of the client and of its backend, both at rest."""
    line = process.stdout.readline()
    if not line.startswith(word):
        raise Wrong(f"benchmark_persistence_store: {line or 'ended'}, expected {word}")
    backend = beside.value("SELECT pid FROM pg_stat_activity WHERE application_name ="
                           " 'benchmark-store' AND datname = current_database()")
    found = line[len(word):].strip(), cpu_seconds(process.pid), cpu_seconds(backend)
    process.stdin.write("\n")
    process.stdin.flush()
    return found


def store(context, load, commits, database_url, beside):
    """As persistence_floor.run(), by the engine's own store."""
    command = [os.path.join(context.programs, "benchmark_persistence_store"), database_url,
               *map(str, (load.table, load.changed, persistence_floor.WARM_UP, commits))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        try:
            _, client, backend = _cpu_after("ready", process, beside)
            wall, client_end, backend_end = _cpu_after("done", process, beside)
            check(process.wait(LIMIT_S), 0, "benchmark_persistence_store: status")
        finally:
            process.kill()
    return {"wall": float(wall), "client": client_end - client, "backend": backend_end - backend}


def _once(run, load, commits, beside, what):
    load.store(beside)
    found = run()
    load.check(beside, commits + persistence_floor.WARM_UP, what)
    rows = commits * load.changed
    return {"rate": rows / found["wall"], "client": found["client"] / rows * 1e6,
            "backend": found["backend"] / rows * 1e6}


def _show(name, rounds):
    figures = {key: [each[key] for each in rounds] for key in rounds[0]}
    print(f"  {name:14}  {statistics.median(figures['rate']):11,.0f}  "
          f"{statistics.median(figures['backend']):14.2f}  "
          f"{statistics.median(figures['client']):13.2f}", flush=True)


def run_one(context, database, beside, changed, rows):
    load, commits = Load(TABLE, changed), max(rows // changed, 4)
    kinds = {
        "every column": lambda: persistence_floor.run(
            load, commits, database.url, beside, persistence_floor.EVERY_COLUMN),
        "own columns": lambda: persistence_floor.run(
            load, commits, database.url, beside, persistence_floor.OWN_COLUMNS),
        "engine": lambda: store(context, load, commits, database.url, beside),
    }
    found = {name: [] for name in kinds}
    for _ in range(context.rounds):
        for name, run in kinds.items():
            found[name].append(_once(run, load, commits, beside, name))
    print(f"\n{changed} changed symbols a commit, {commits} commits, {TABLE} symbols stored\n"
          "  by              rows/s       us of backend  us of client")
    for name, rounds in found.items():
        _show(name, rounds)
    ratios = [engines["rate"] / max(found[name][number]["rate"]
                                    for name in ("every column", "own columns"))
              for number, engines in enumerate(found["engine"])]
    print(f"persistence ratio, {changed} rows a commit: {Spread(ratios).show('{:.2f}')}\n"
          f"checked: {len(kinds) * context.rounds} x {commits} commits by next_offset and by "
          f"counts and sums of all columns", flush=True)


def run(context):
    print("rows/s and CPU a row, one connection; ratio = engine / the better of the two statements")
    with engine.fresh_database(context.postgres, context.binary) as database, \
            contextlib.closing(Beside(database.url)) as beside:
        for changed, rows in SIZES[context.size].items():
            run_one(context, database, beside, changed, rows)
