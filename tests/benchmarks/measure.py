"""What a process used, and how figures are shown."""

import os
import platform
import statistics
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Wrong(Exception):
    """The work that was measured was not the work that was asked for."""


def check(found, expected, what):
    if found != expected:
        raise Wrong(f"{what}: {found}, expected {expected}")


def cpu_seconds(pid):
    """CPU of all threads of that process so far: utime + stime of /proc/PID/stat, in nanoseconds.

    The kernel's CPU clock of another process (clock_getcpuclockid); the figures in
    /proc/PID/stat are the same, rounded to 10 ms.
    """
    return time.clock_gettime_ns((~pid << 3) | 2) * 1e-9


def resident_bytes(pid):
    return _status(pid, "VmRSS")


def peak_resident_bytes(pid):
    return _status(pid, "VmHWM")


def _status(pid, name):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    raise Wrong(f"/proc/{pid}/status has no {name}")


def wait_until_steady(pid, timeout=60):
    """Until the process has neither grown nor worked for 0.6 s; then its resident bytes.

    An idle engine polls Kafka: less than 15 % of a core counts as not working.
    """
    deadline = time.monotonic() + timeout
    calm = 0
    before = (cpu_seconds(pid), resident_bytes(pid), time.monotonic())
    while calm < 3:
        time.sleep(0.2)
        now = (cpu_seconds(pid), resident_bytes(pid), time.monotonic())
        busy = (now[0] - before[0]) / (now[2] - before[2])
        calm = calm + 1 if busy < 0.15 and now[1] == before[1] else 0
        before = now
        if now[2] > deadline:
            raise Wrong(f"process {pid} does not come to rest")
    return before[1]


class Spread:
    """Median, least and greatest of some figures."""

    def __init__(self, values):
        self.values = list(values)

    def show(self, form):
        return (f"median {form.format(statistics.median(self.values))} "
                f"(min {form.format(min(self.values))}, max {form.format(max(self.values))}, "
                f"rounds {len(self.values)})")


def _first_line(command):
    try:
        return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.DEVNULL, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _cache_entry(folder, name):
    with open(os.path.join(folder, "CMakeCache.txt"), encoding="utf-8") as file:
        for line in file:
            if line.startswith(name + ":"):
                return line.partition("=")[2].strip()
    return ""


def conditions(build_folder):
    """Machine, commit and flags: lines that stand above every table."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    commit = _first_line(["git", "rev-parse", "--short=12", "HEAD"]) or "unknown"
    if _first_line(["git", "status", "--porcelain", "--untracked-files=no"]):
        commit += " with changes"
    kind = _cache_entry(build_folder, "CMAKE_BUILD_TYPE")
    flags = [_cache_entry(build_folder, "CMAKE_CXX_FLAGS"),
             _cache_entry(build_folder, f"CMAKE_CXX_FLAGS_{kind.upper()}")]
    compiler = _first_line([_cache_entry(build_folder, "CMAKE_CXX_COMPILER") or "c++",
                            "-dumpfullversion"])
    load = os.getloadavg()[0]
    return (f"machine: {_processor()}, {os.cpu_count()} cores, {memory:.0f} GB, "
            f"Linux {platform.release()}; load before: {load:.2f}\n"
            f"commit: {commit}; g++ {compiler} {' '.join(filter(None, flags))} ({kind})")
