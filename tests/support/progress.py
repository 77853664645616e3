"""Runs one step: its output goes to a log, what a person wants to see to the terminal."""

import ctypes
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)
NINJA_LINE = re.compile(rb"^\[(\d+)/(\d+)\]")
PYTEST_LINE = re.compile(rb"^(\S+::.+?) (PASSED|FAILED|ERROR|SKIPPED)")


parent = os.getpid()  # of whatever this process forks


def die_with_parent():
    """In the child, before its program: the kernel ends it when its parent dies, or has died."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(128 + signal.SIGTERM)


class Screen:
    """One line that changes in a terminal; elsewhere a plain line now and then."""

    PLAIN_INTERVAL_S = 15

    def __init__(self):
        self._terminal = sys.stdout.isatty()
        self._lock = threading.Lock()  # steps may run beside each other
        self._open = False
        self._last_plain = time.monotonic()

    def line(self, text):
        with self._lock:
            self._line(text)

    def passing(self, text):
        with self._lock:
            self._passing(text)

    def _line(self, text):
        if self._open:
            sys.stdout.write("\r\x1b[K")
            self._open = False
        print(text, flush=True)

    def _passing(self, text):
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            sys.stdout.write("\r\x1b[K" + text[:width])
            sys.stdout.flush()
            self._open = True
        elif time.monotonic() - self._last_plain > self.PLAIN_INTERVAL_S:
            self._last_plain = time.monotonic()
            print(text, flush=True)


def run(command, *, log, screen, name, environment=None, timeout_s=None):
    """Returns the exit status: negative for a signal, None where it ran into `timeout_s`.

    Guarantees: the whole process group of the command has been told to end when this returns
    by an exception or by the time limit.
    """
    started = time.monotonic()
    with open(log, "wb") as output:
        try:
            # A session of its own: a time limit or Ctrl-C ends all of it by one signal.
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, env=environment, start_new_session=True,
                preexec_fn=die_with_parent)
        except OSError as error:
            output.write(f"{command[0]}: {error.strerror}\n".encode())
            return 127
        try:
            if _follow(child, output, screen, name, started, timeout_s):
                return child.wait()
            end_group(child)
            return None
        except BaseException:
            end_group(child)
            raise


def end_group(child):
    for number, patience_s in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            pass
        try:
            child.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
    if child.stdout is not None:
        child.stdout.close()


def _follow(child, output, screen, name, started, timeout_s):
    """Copies the output until the command ends (True) or its time is up (False).

    Ends with the command itself, not with the last holder of its output: a server that a
    test left behind must not keep the run waiting.
    """
    selector = selectors.DefaultSelector()
    selector.register(child.stdout, selectors.EVENT_READ)
    os.set_blocking(child.stdout.fileno(), False)
    rest = b""
    while True:
        ended = child.poll() is not None
        if timeout_s is not None and time.monotonic() - started > timeout_s and not ended:
            return False
        for _ in selector.select(timeout=0 if ended else 0.5):
            data = child.stdout.read(65536)
            if not data:
                child.wait()
                return True
            output.write(data)
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                _show(line, screen, name, started)
            break
        else:
            if ended:
                return True
            screen.passing(f"{name}: {time.monotonic() - started:.0f} s")


def _show(line, screen, name, started):
    elapsed = f"{time.monotonic() - started:.0f} s"
    build = NINJA_LINE.match(line)
    if build:
        text = line.decode(errors="replace")
        screen.passing(f"{name}: {elapsed}  {text}")
        return
    test = PYTEST_LINE.match(line)
    if not test:
        return
    title, word = test.group(1).decode(errors="replace"), test.group(2).decode().lower()
    if word == "passed":
        screen.passing(f"{name}: {elapsed}  passed {title}")
    else:
        screen.line(f"    {word} {title}")
