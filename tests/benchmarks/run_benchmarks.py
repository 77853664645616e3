#!/usr/bin/python3 -s
"""Builds and runs the benchmarks; scripts/benchmark is its command line (see there)."""

import argparse
import dataclasses
import os
import resource
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "support")]
import measure  # pylint: disable=wrong-import-position

NAMES = ("ingest", "fanout", "scale_symbols", "scale_connections", "idle_connections", "symbols",
         "slow_reader", "latency", "paused", "overload", "persistence", "journal", "candles",
         "missed", "returning", "restart", "row_sizes", "counts")
GROUPS = {"all": NAMES, "scale": ("scale_symbols", "scale_connections")}
PROGRAMS = ("benchmark_ingest_floor", "benchmark_fanout_floor", "benchmark_fanout_clients",
            "benchmark_slow_reader", "benchmark_load_client", "benchmark_persistence_store",
            "benchmark_journal_store", "benchmark_journal_reader", "benchmark_returning_clients",
            "benchmark_cost_counters")


@dataclasses.dataclass(frozen=True)
class Context:
    binary: str
    programs: str  # the folder of the helper programs
    kafka: str
    postgres: str
    size: str
    rounds: int


def build(folder):
    """The release preset, quietly; what it says is shown where it fails."""
    commands = [["ninja", "-C", folder, "tradepulse", *PROGRAMS]]
    if folder == os.path.join(ROOT, "build", "release"):
        commands.insert(0, ["cmake", "--preset", "release"])
    print("building ...", flush=True)
    for command in commands:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            print(done.stdout[-8000:], file=sys.stderr)
            raise SystemExit(70)


def raise_open_files(wanted=12_000):
    """Two ends of each connection are in two processes; children inherit the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def main():
    parser = argparse.ArgumentParser(prog="scripts/benchmark", add_help=False)
    parser.add_argument("name", nargs="?", default="all", choices=(*NAMES, *GROUPS))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--size", choices=("tiny", "full"), default="full")
    parser.add_argument("--tiny", dest="size", action="store_const", const="tiny")
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--no-build", action="store_true")
    options = parser.parse_args()
    rounds = options.rounds or (1 if options.size == "tiny" else 5)
    if rounds < 1:
        parser.error("--rounds is at least 1")
    folder = os.path.abspath(options.build)
    # SIGTERM must not end this process before what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    raise_open_files()
    if not options.no_build:
        build(folder)
    os.environ["TRADEPULSE_BINARY"] = os.path.join(folder, "tradepulse")

    import candles_benchmark
    import counts_benchmark
    import fanout_benchmark
    import idle_connections_benchmark
    import ingest_benchmark
    import journal_benchmark
    import latency_benchmark
    import missed_benchmark
    import overload_benchmark
    import paused_benchmark
    import persistence_benchmark
    import restart_benchmark
    import returning_benchmark
    import row_sizes_benchmark
    import scale_connections_benchmark
    import scale_symbols_benchmark
    import slow_reader_benchmark
    import symbols_benchmark
    from servers import Servers
    from supervised import ServerError
    modules = {"ingest": ingest_benchmark, "fanout": fanout_benchmark,
               "scale_symbols": scale_symbols_benchmark,
               "scale_connections": scale_connections_benchmark,
               "idle_connections": idle_connections_benchmark,
               "symbols": symbols_benchmark, "slow_reader": slow_reader_benchmark,
               "latency": latency_benchmark, "paused": paused_benchmark,
               "overload": overload_benchmark, "persistence": persistence_benchmark,
               "journal": journal_benchmark, "candles": candles_benchmark,
               "missed": missed_benchmark, "returning": returning_benchmark,
               "restart": restart_benchmark, "row_sizes": row_sizes_benchmark,
               "counts": counts_benchmark}
    wanted = GROUPS.get(options.name, (options.name,))
    failed = []
    print(measure.conditions(folder), flush=True)
    for name in wanted:
        print(f"\n== {name} ({options.size})", flush=True)
        try:
            # Servers of its own for each: none begins with what another left in their caches.
            with Servers() as servers:
                modules[name].run(Context(os.environ["TRADEPULSE_BINARY"],
                                          os.path.join(folder, "benchmarks"), servers.kafka,
                                          servers.postgres, options.size, rounds))
            print(f"benchmark {name}: counted right", flush=True)
        except (measure.Wrong, ServerError, subprocess.SubprocessError) as fault:
            failed.append(name)
            print(f"benchmark {name}: FAILED: {fault}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
