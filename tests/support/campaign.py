"""One fault, many rounds: seeds, judging after each round, and the line of the summary."""

import math
import os
import random
import shutil
import time

import fault_results
from checkers import percentile
from history import Violation
from supervised import HERE, ServerError

ROUNDS_VARIABLE = "TRADEPULSE_FAULT_ROUNDS"
SOAK_VARIABLE = "TRADEPULSE_FAULT_SOAK_MINUTES"
SEED_VARIABLE = "TRADEPULSE_FAULT_SEED"
LOGS = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "logs")
# From so many rounds on an outage of the database lasts as long as a bad one does.
FULL_ROUNDS = 20
# A line that is broken for good would only repeat itself.
BROKEN_ROUNDS = 3


def seed_of_run():
    """TRADEPULSE_FAULT_SEED, or a new one, which stays for all tests of the run."""
    if SEED_VARIABLE not in os.environ:
        os.environ[SEED_VARIABLE] = str(random.SystemRandom().randrange(10**6))
    return int(os.environ[SEED_VARIABLE])


class Campaign:
    """The rounds of one fault. `seed` and the number of a round decide every random choice."""

    def __init__(self, name):
        self.name, self.seed = name, seed_of_run()
        wanted = os.environ.get(ROUNDS_VARIABLE)
        self.long = wanted is not None
        self._wanted = int(wanted) if wanted else 1
        self.full = self._wanted >= FULL_ROUNDS
        minutes = os.environ.get(SOAK_VARIABLE)
        # None: a short one.
        self.soak_minutes = float(minutes) if minutes else 10.0 if self.long else None
        print(f"fault {name}: seed {self.seed}")

    def rounds(self, short=1, share=1.0):
        """`short` where no number was asked for, else `share` of that number, at least 1."""
        return max(1, math.ceil(self._wanted * share)) if self.long else short

    def outage_s(self, short, full=60):
        """How long a server stays away: in a long campaign 60 s, with FULL_ROUNDS `full`."""
        return full if self.full else 60 if self.long else short

    def run(self, line, fault, rounds, before=lambda number: None, first=0):
        """fault(random) -> seconds to recover, or (seconds, violations). Fails with all that
        was violated; each violation is told once. `first`: the number of the first round."""
        violations, recovered, broken, done = [], [], 0, 0
        latencies = [], []  # before, during
        for number in range(first, first + rounds):
            draw = random.Random(f"{self.seed} {self.name} {number}")
            found = []
            quiet_from = time.time()
            try:
                line.load.resume()
                line.clients.wander()
                line.wait_for_frames(100)
                before(number)
                began = time.time()
                seconds = fault(draw)
                if isinstance(seconds, tuple):
                    seconds, more = seconds
                    found += more
                recovered.append(seconds)
                ended = time.time()
                found += line.judge()
                latencies[0].extend(line.latencies(quiet_from, began))
                latencies[1].extend(line.latencies(began, ended))
            except (ServerError, RuntimeError) as error:
                found.append(Violation("round", f"{number}", f"did not come to its end: {error}"))
            done += 1
            broken += bool(found)
            violations += [(number, each) for each in found
                           if each not in (earlier for _, earlier in violations)]
            if broken == BROKEN_ROUNDS:
                break
        try:
            violations += [(done, each) for each in line.finish()]
        except (ServerError, RuntimeError) as error:
            violations.append((done, Violation("I10", "the end", str(error))))
        self._report(line, done, violations, recovered, latencies)

    def _report(self, line, done, violations, recovered, latencies):
        p99 = [None, None] if violations else [
            percentile(values, 0.99) * 1000 if values else None for values in latencies]
        fault_results.append({"fault": self.name, "rounds": done, "violations": len(violations),
                              "recovered_s": recovered, "p99_ms": p99, "seed": self.seed,
                              "cpu_percent": getattr(line, "cpu_percent", ([], []))})
        if not violations:
            return
        log = os.path.join(LOGS, f"fault-{self.name}.engine.log")
        os.makedirs(LOGS, exist_ok=True)
        shutil.copyfile(line.process.log, log)
        told = "\n".join(f"  round {number}: {each}" for number, each in violations[:20])
        raise AssertionError(
            f"{self.name}: {len(violations)} violations in {done} rounds, seed {self.seed}\n"
            f"{told}\nthe engine's log: {log}")
