"""The line with a hundred good clients beside bad ones, and what the bad ones cost and get."""

import collections
import contextlib
import os
import re
import threading
import time

from checkers import check_not_slowed
from fault_line import FaultLine
from history import Violation
from line import START_OF_TIME_MS
from supervised import ServerError, wait_until

GOOD_CLIENTS = 100
# A hundred clients times forty ticks are what one Python thread receives with ease.
RATE = 40
# Only those who stall ask for it: it fills all buffers of the kernel (4 MB) and the queue.
FLOOD = "F" * 32
FLOOD_TICKS = 25_000
# What a deadline may be late: the sweep, at most a second, and a busy machine.
LATE_S = 3.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
LEFT = "1000"  # by which a good client leaves, to come back with its positions
CLOSES = re.compile(r'tradepulse_web_closes_total\{.*\bcode="(\w+)"')


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def closings(process):
    """How many WebSockets have ended, by close code, but for those that good clients end."""
    counts = collections.Counter()
    for name, value in process.metrics().items():
        if (found := CLOSES.match(name)) and found[1] != LEFT:
            counts[found[1]] += int(value)
    return +counts


def samples(process, beginning):
    """The samples whose name begins so, above zero."""
    return collections.Counter({name: int(value) for name, value in process.metrics().items()
                                if name.startswith(beginning) and value})


class ClientsLine(FaultLine):
    """Guarantees after judge(): no good client was cut or got merged updates, files and threads are
    at the baseline.

    `cpu_percent`: of one core, [before the faults, during them], per round.
    """

    def __init__(self, kafka, server_url, campaign, settings=None, **options):
        self._baseline = None
        self.flooded = 0
        self.cpu_percent = ([], [])
        super().__init__(kafka, server_url, seed=campaign.seed, settings=settings,
                         **{"clients": GOOD_CLIENTS, "rate": RATE, "polite": True, "mixed": False,
                            **options})
        try:
            self._good = self.clients.plain
            wait_until(lambda: len(self.clients.open_ones()) >= self._good, "all clients", 60)
        except BaseException:
            self.close()
            raise
        self.clients.floor = self.clients.highest

    def quiet(self, number):
        """A second of load without a fault: the baseline."""
        began, spent = time.monotonic(), cpu_seconds(self.process.pid)
        self.wait_for_frames(self._good * RATE)
        if number == 0:
            self._baseline = self.resources()
        self._note(0, began, spent)

    def _note(self, place, began, spent):
        share = (cpu_seconds(self.process.pid) - spent) / (time.monotonic() - began)
        self.cpu_percent[place].append(100 * share)

    @contextlib.contextmanager
    def costs(self):
        began, spent = time.monotonic(), cpu_seconds(self.process.pid)
        yield
        self._note(1, began, spent)

    def judge(self):
        found = super().judge()
        histories = self.clients.all()
        found += [Violation("I3", history.name, "a good client was cut", "open",
                            history.close_code) for history in histories
                  if not history.open and not history.left]
        found += check_not_slowed([each for each in histories if each.ledger is None])
        if self._baseline is None:
            return found
        return found + self.not_given_back(self._baseline)

    def flood(self):
        """More than a client that does not read can be sent. Returns when the engine has it."""
        self.produce_flood()
        self.wait_for_flood()

    def produce_flood(self):
        for number in range(FLOOD_TICKS):
            self.producer.tick(FLOOD, f"{number}.12345678", "999999999999.12345678",
                               START_OF_TIME_MS + number, partition=0)
        self.producer.flush()
        self.flooded += FLOOD_TICKS

    def wait_for_flood(self):
        wait_until(lambda: self.flood_left() == 0, "the flood", 60)

    def flood_left(self):
        """How much of it the engine has not got."""
        return self.flooded - self.process.rest.get("/api/snapshots/" + FLOOD).json().get("seq", 0)

    def flood_stands(self, seconds):
        """Whether for so long nothing more of it was got, and how much is left then."""
        before = self.flood_left()
        threading.Event().wait(seconds)
        return before if self.flood_left() == before else None

    # --- what the bad ones get ---

    def counted(self, before, expected, timeout):
        """Waits until as many WebSockets have ended as `expected` has, {code: count}. Seconds and
        violations: of any other count."""
        began, count = time.monotonic(), sum(expected.values())
        expected = {str(code): number for code, number in expected.items()}

        def new():
            return closings(self.process) - before
        with contextlib.suppress(ServerError):
            wait_until(lambda: sum(new().values()) >= count, "the closings", timeout)
        seconds, told = time.monotonic() - began, dict(new())
        return seconds, [] if told == expected else [
            Violation("close", "tradepulse_web_closes_total", f"within {timeout:g} s", expected,
                      told)]


def check_ends(offenders, allowed):
    """Each offender's end is one of these."""
    ends = collections.Counter(offender.ended for offender in offenders)
    return [Violation("close", "the offender", "ended otherwise", allowed, f"{count} x {end}")
            for end, count in ends.items() if end not in allowed]
