#!/usr/bin/python3 -s
"""Builds and runs the tests; scripts/test is its command line (see there)."""

import argparse
import glob
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
import build_ahead  # pylint: disable=wrong-import-position
import fault_results  # pylint: disable=wrong-import-position
import progress  # pylint: disable=wrong-import-position
import results  # pylint: disable=wrong-import-position
from side_by_side import side_by_side  # pylint: disable=wrong-import-position

EVERYTHING = ("unit", "integration", "faults", "asan", "benchmarks")
SUBSETS = (*EVERYTHING, "simulation", "fuzz")
# The test programs that need Kafka or PostgreSQL; all others run without.
SERVER_PROGRAMS = ("test_adapter_kafka", "test_adapter_postgres")
PROGRAM_LIMIT_S = 900
PYTEST_LIMIT_S = 3600
# Tests with servers beside each other: they wait most of the time.
SERVER_TESTS_AT_A_TIME = 3
LOGS = os.path.join(ROOT, "build", "logs")


class Stop(Exception):
    """A build step failed: what depends on it cannot run."""


def largest_first(pattern):
    """Files below ROOT: what takes longest begins first, and the size of a file tells it well."""
    return sorted(glob.glob(pattern, root_dir=ROOT),
                  key=lambda path: -os.path.getsize(os.path.join(ROOT, path)))


def name_of(path):
    """tests/faults/kill_test.py: faults kill."""
    folder, file = os.path.split(path)
    return f"{os.path.basename(folder)} {file.removesuffix('_test.py')}"


class Run:
    def __init__(self, keyword, rounds=None, seed=None, everything=False, fuzz_seconds=20,
                 soak_minutes=None, seeds=None):
        self.seeds = seeds
        self.fuzz_seconds, self.soak_minutes = fuzz_seconds, soak_minutes
        self.reporting = threading.Lock()
        self.everything = everything
        self.keyword, self.rounds, self.seed = keyword, rounds, seed
        self.results = results.Results()
        self.started, self.times = time.monotonic(), []
        self.screen = progress.Screen()
        self.servers = None
        self.ahead = None
        # libpq reads these; a test that forgets a member of its URL must not meet a real server.
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith("PG")}
        os.makedirs(LOGS, exist_ok=True)

    def step(self, name, command, *, environment=None, timeout_s=None):
        """Returns (status, log text, seconds)."""
        log = os.path.join(LOGS, re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") + ".log")
        self.screen.passing(f"{name} ...")
        started = time.monotonic()
        status = progress.run(command, log=log, screen=self.screen, name=name,
                              environment={**self.environment, **(environment or {})},
                              timeout_s=timeout_s)
        seconds = time.monotonic() - started
        self.times.append((name, seconds))
        with open(log, encoding="utf-8", errors="replace") as file:
            return status, file.read(), seconds

    def must(self, name, command):
        """A step that others depend on: its failure counts as one failed test."""
        status, text, seconds = self.step(name, command)
        if status != 0:
            found = results.from_status(name, status, text)
            self.screen.line("\n".join([f"{name}: FAILED", *results.told(found.failed, 60)]))
            self.results.add(found)
            raise Stop
        self.screen.line(f"{name}: done ({seconds:.1f} s)")
        return text

    def configure(self, preset):
        # Always: cheap when nothing changed, and a changed preset takes effect.
        self.must(f"configure {preset}", ["cmake", "--preset", preset])

    def build(self, preset, targets):
        self.must(f"build {preset}", ["ninja", "-C", os.path.join("build", preset), *targets])

    def build_ahead(self):
        """Begins to build for the subsets that follow; their own builds then find little to do."""
        steps = []
        for preset, prefix in (("asan", "test_"), ("release", "benchmark_")):
            steps += [lambda preset=preset: ["cmake", "--preset", preset],
                      lambda preset=preset, prefix=prefix: build_ahead.ninja(
                          preset, ["tradepulse", *self.programs(preset, prefix)])]
        self.ahead = build_ahead.BuildAhead(steps, os.path.join(LOGS, "build-ahead.log"))

    def wait_for_builds(self):
        if self.ahead is None:
            return
        started = time.monotonic()
        self.screen.passing("building ...")
        self.ahead.wait()
        self.ahead = None
        self.times.append(("wait for builds that began earlier", time.monotonic() - started))

    def programs(self, preset, prefix="test_"):
        """The programs of that name that the build knows."""
        listing = subprocess.run(["ninja", "-C", os.path.join("build", preset), "-t", "targets",
                                  "all"], stdout=subprocess.PIPE, text=True, check=True).stdout
        return sorted(set(re.findall(rf"^({prefix}\w+): phony", listing, re.MULTILINE)))

    def report(self, name, found, seconds):
        parts = [f"{found.passed} passed"]
        if found.failed:
            parts.append(f"{len(found.failed)} failed")
        if found.skipped:
            parts.append(f"{len(found.skipped)} skipped")
        lines = [f"{name}: {', '.join(parts)} ({seconds:.1f} s)", *results.told(found.failed)]
        with self.reporting:
            self.results.add(found)
            self.screen.line("\n".join(lines))

    def gtest(self, preset, program, environment=None, before=()):
        name = program if preset == "dev" else f"{program} ({preset})"
        report = os.path.join(LOGS, f"{preset}-{program}.json")
        if os.path.exists(report):
            os.remove(report)
        command = [*before, os.path.join("build", preset, "tests", program),
                   f"--gtest_output=json:{report}"]
        if self.keyword:
            command.append(f"--gtest_filter=*{self.keyword}*")
        status, text, seconds = self.step(name, command, environment=environment,
                                          timeout_s=PROGRAM_LIMIT_S)
        self.report(name, results.from_gtest(name, status, report, text), seconds)

    def pytest(self, name, paths, environment=None, deselected=(), timeout_s=PYTEST_LIMIT_S):
        paths = [path for path in paths if os.path.exists(os.path.join(ROOT, path))]
        if not paths:
            return
        report = os.path.join(LOGS, re.sub(r"\W+", "-", name) + ".xml")
        if os.path.exists(report):
            os.remove(report)
        command = ["/usr/bin/python3", "-s", "-m", "pytest", "-v", "-rs", "-p", "no:cacheprovider",
                   "--tb=short", f"--junitxml={report}", *paths]
        command += [f"--deselect=tests/integration/{test}" for test in deselected]
        if self.keyword:
            command += ["-k", self.keyword]
        status, text, seconds = self.step(name, command, environment=environment,
                                          timeout_s=timeout_s)
        self.report(name, results.from_pytest(name, status, report, text), seconds)

    def with_servers(self):
        """The environment that names Kafka and PostgreSQL; both start once for the whole run."""
        from servers import Servers
        from supervised import ServerError
        if self.servers is None:
            self.screen.passing("starting Kafka and PostgreSQL ...")
            started = time.monotonic()
            servers = Servers()
            try:
                servers.__enter__()
            except ServerError as error:
                self.screen.line(f"Kafka and PostgreSQL: FAILED\n{error}")
                self.results.failed.append(("start Kafka and PostgreSQL", str(error)))
                raise Stop from error
            self.servers = servers
            seconds = time.monotonic() - started
            self.times.append(("start Kafka and PostgreSQL", seconds))
            self.screen.line(f"Kafka and PostgreSQL: ready ({seconds:.1f} s)")
        return self.servers.environment()

    def unit(self, preset="dev"):
        if preset != "dev":
            self.wait_for_builds()
        self.configure(preset)
        programs = [name for name in self.programs(preset) if name not in SERVER_PROGRAMS]
        if programs:
            self.build(preset, programs)
        for program in programs:
            self.gtest(preset, program)
        if preset == "dev":
            files = sorted(glob.glob("tests/*_test.py", root_dir=ROOT))
            self.pytest("layers and scripts", files + ["tests/scripts"])

    def integration(self, preset="dev"):
        self.configure(preset)
        programs = [name for name in self.programs(preset) if name in SERVER_PROGRAMS]
        self.build(preset, [*programs, "tradepulse"])
        deselected = []
        if preset == "dev":
            # scripts/quickstart builds the release by itself; here its progress is shown.
            self.configure("release")
            self.build("release", ["tradepulse"])
            if self.everything:
                self.build_ahead()
        else:
            deselected = ["quickstart_test.py::test_builds_the_release_and_shows_the_main_job"]
        environment = self.with_servers()
        environment["TRADEPULSE_BINARY"] = os.path.join(ROOT, "build", preset, "tradepulse")
        suffix = "" if preset == "dev" else f" ({preset})"

        def run(piece):
            if piece == "test_adapter_postgres":
                # A cluster of its own: while anybody writes in a transaction, in whatever database,
                # PostgreSQL takes no look at which rows are dead by now, and updates are not HOT.
                alone = {name: value for name, value in environment.items()
                         if name != "TRADEPULSE_TEST_POSTGRES"}
                self.gtest(preset, piece, alone,
                           ["tests/support/with-servers", "--only", "postgres", "--"])
            elif piece in programs:
                self.gtest(preset, piece, environment)
            else:
                self.pytest(name_of(piece) + suffix, [piece], environment, deselected)

        side_by_side([*programs, *largest_first("tests/integration/*_test.py")],
                     SERVER_TESTS_AT_A_TIME, run)

    def faults(self):
        """The fault campaign: a round or two of each fault, `--rounds` of them where asked for.
        Several of its files at a time, the longest first."""
        self.configure("dev")
        self.build("dev", ["tradepulse"])
        found = os.path.join(LOGS, "faults.jsonl")
        if os.path.exists(found):
            os.remove(found)
        seed = random.SystemRandom().randrange(10**6) if self.seed is None else self.seed
        environment = {**self.with_servers(), fault_results.RESULTS_VARIABLE: found,
                       "TRADEPULSE_FAULT_SEED": str(seed),
                       "TRADEPULSE_BINARY": os.path.join(ROOT, "build", "dev", "tradepulse")}
        if self.rounds is not None:
            environment["TRADEPULSE_FAULT_ROUNDS"] = str(self.rounds)
        if self.soak_minutes is not None:
            environment["TRADEPULSE_FAULT_SOAK_MINUTES"] = str(self.soak_minutes)
        self.screen.line(f"faults: seed {seed}")
        short = self.rounds is None and self.soak_minutes is None
        side_by_side(largest_first("tests/faults/*_test.py"), SERVER_TESTS_AT_A_TIME,
                     lambda path: self.pytest(name_of(path), [path], environment,
                                              timeout_s=PYTEST_LIMIT_S if short else None))
        lines = fault_results.read(found)
        if lines:
            self.screen.line("\n".join(["", *fault_results.table(lines), ""]))

    def asan(self):
        self.unit("asan")
        self.integration("asan")

    def benchmarks(self):
        """Each benchmark's tiny size is one test: it ends with 0 or it failed."""
        self.wait_for_builds()
        self.configure("release")
        self.build("release", ["tradepulse", *self.programs("release", "benchmark_")])
        environment = self.with_servers()
        for benchmark in ("ingest", "fanout", "symbols", "slow_reader", "latency", "paused",
                          "overload", "persistence", "journal", "candles", "missed", "returning",
                          "restart", "row_sizes"):
            name = f"benchmark {benchmark}"
            status, text, seconds = self.step(name, ["scripts/benchmark", benchmark, "--tiny"],
                                              environment=environment, timeout_s=PROGRAM_LIMIT_S)
            self.report(name, results.from_status(name, status, text), seconds)

    def fuzz(self):
        """Each parser is one test: it found nothing within its time, from the corpus in the tree."""
        self.configure("fuzz")
        targets = self.programs("fuzz", "fuzz_")
        self.build("fuzz", targets)
        for target in targets:
            if self.keyword and self.keyword not in target:
                continue
            name = target.removeprefix("fuzz_")
            kept = os.path.join(ROOT, "build", "fuzz", "corpus", name)
            os.makedirs(kept, exist_ok=True)
            status, text, seconds = self.step(
                target, [os.path.join("build", "fuzz", "fuzz", target),
                         f"-max_total_time={self.fuzz_seconds}", "-max_len=4096", "-timeout=10",
                         "-rss_limit_mb=2048", f"-artifact_prefix={LOGS}/{target}-", kept,
                         os.path.join("tests", "fuzz", "corpus", name)],
                timeout_s=self.fuzz_seconds + 120)
            self.report(target, results.from_status(target, status, text), seconds)

    def simulation(self):
        """More seeds than `unit` runs, or one of them again (`--seed` alone), with what happened in
        it."""
        self.configure("dev")
        self.build("dev", ["test_simulation"])
        environment = {f"TRADEPULSE_SIMULATION_{name}": str(value) for name, value
                       in (("SEEDS", self.seeds), ("SEED", self.seed)) if value is not None}
        self.gtest("dev", "test_simulation", environment)
        with open(os.path.join(LOGS, "test-simulation.log"), encoding="utf-8") as file:
            self.screen.line("".join(line for line in file if " seeds from " in line).rstrip())

    def close(self):
        if self.ahead is not None:
            self.ahead.close()
        if self.servers is not None:
            self.servers.close()

    def summary(self):
        """Prints it; the last line has the counts. Returns the exit status."""
        screen, found = self.screen, self.results
        screen.line("\nWhere the time went:")
        for name, seconds in sorted(self.times, key=lambda item: -item[1])[:20]:
            screen.line(f"  {seconds:7.1f} s  {name}")
        screen.line(f"  {time.monotonic() - self.started:7.1f} s  together, some of it side by side")
        if found.skipped:
            screen.line("\nSkipped:")
            for name, reason in found.skipped:
                screen.line(f"  {name}: {reason}")
        if found.failed:
            screen.line(f"\nFailed (logs: {os.path.relpath(LOGS, ROOT)}/):")
            screen.line("\n".join(results.told(found.failed)))
        if found.total == 0:
            screen.line("\nNothing ran.")
        skipped = f", {len(found.skipped)} skipped" if found.skipped else ""
        screen.line(f"\n{found.passed} passed, {len(found.failed)} failed{skipped}")
        return 1 if found.failed or found.total == 0 else 0


def main():
    parser = argparse.ArgumentParser(prog="scripts/test", add_help=False)
    parser.add_argument("subset", nargs="?", default="all", choices=(*SUBSETS, "all"))
    parser.add_argument("-k", dest="keyword")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--soak", type=float, metavar="MINUTES")
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds: at least 1")
    if options.seeds is not None and options.seeds < 1:
        parser.error("--seeds: at least 1")
    os.chdir(ROOT)
    if shutil.which("ninja") is None:
        print("scripts/test: ninja is missing", file=sys.stderr)
        return 69

    def interrupt(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, interrupt)
    run = Run(options.keyword, options.rounds, options.seed, options.subset == "all",
              options.seconds, options.soak, options.seeds)
    try:
        for subset in EVERYTHING if options.subset == "all" else (options.subset,):
            run.screen.line(f"== {subset}")
            try:
                getattr(run, subset)()
            except Stop:
                pass
    except KeyboardInterrupt:
        run.screen.line("interrupted")
        run.results.failed.append(("the run", "interrupted"))
        run.summary()
        return 130
    finally:
        run.close()
    return run.summary()


if __name__ == "__main__":
    sys.exit(main())
