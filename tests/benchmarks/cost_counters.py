"""What a process did, counted where it is done: preloaded counters, and strace."""

import collections
import contextlib
import os
import re
import shutil
import signal
import struct
import subprocess
import tempfile

from supervised import wait_until

# As in tests/costs/cost_counters.cpp: thread, allocations, their bytes, messages, wake-ups.
SLOT = struct.Struct("<qQQQQ24x")
SLOTS = 512

Counts = collections.namedtuple("Counts", "allocations allocated_bytes messages wake_ups")
NONE = Counts(0, 0, 0, 0)


def thread_names(pid):
    """{id of a thread: its name}"""
    names = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/task/{thread}/comm", encoding="utf-8") as file:
                names[int(thread)] = file.read().strip()
    return names


class Counters:
    """The counters of a process that is started with `environment`."""

    def __init__(self, programs):
        self._file = tempfile.NamedTemporaryFile(prefix="tradepulse-counters-")
        self._file.truncate(SLOT.size * SLOTS)
        self.environment = {
            "COST_COUNTERS": self._file.name,
            "LD_PRELOAD": os.path.join(programs, "benchmark_cost_counters.so")}

    def by_thread(self):
        with open(self._file.name, "rb") as file:
            return {slot[0]: Counts(*slot[1:]) for slot in SLOT.iter_unpack(file.read())
                    if slot[0] != 0}

    def of(self, pid):
        """{name of its threads: Counts}"""
        found, names = {}, thread_names(pid)
        for thread, counts in self.by_thread().items():
            if thread in names:
                before = found.get(names[thread], NONE)
                found[names[thread]] = Counts(*(a + b for a, b in zip(before, counts)))
        return found

    def close(self):
        self._file.close()


def total(counts):
    return Counts(*(sum(each) for each in zip(*counts.values())))


def difference(after, before):
    return {name: Counts(*(a - b for a, b in zip(counts, before.get(name, NONE))))
            for name, counts in after.items()}


def can_trace():
    return shutil.which("strace") is not None


@contextlib.contextmanager
def system_calls(pid, found):
    """What the process calls meanwhile is added to `found` at the end:
    {(name of the thread, call): how often}."""
    with tempfile.TemporaryDirectory(prefix="tradepulse-trace-") as folder:
        output = os.path.join(folder, "calls")
        tracer = subprocess.Popen(["strace", "-f", "-qq", "-o", output, "-p", str(pid)],
                                  stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            threads = thread_names(pid)
            wait_until(lambda: all(_traced_by(pid, thread) == tracer.pid for thread in threads),
                       "strace", 20)
            yield
            names = thread_names(pid)
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(20)
        begun = re.compile(r"(\d+) +([a-z_0-9]+)\(")
        with open(output, encoding="utf-8", errors="replace") as file:
            for line in file:
                if call := begun.match(line):
                    found[names.get(int(call[1]), "ended"), call[2]] += 1


def _traced_by(pid, thread):
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="utf-8") as file:
            for line in file:
                if line.startswith("TracerPid:"):
                    return int(line.split()[1])
    return None
