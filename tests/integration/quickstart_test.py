"""scripts/quickstart as a person uses it: with --duration, with Ctrl-C in a terminal, again."""

import os
import pty
import re
import secrets
import signal
import socket
import subprocess
import threading
import time

import pytest
from ports import Port
from rest_client import RestClient
from supervised import HERE, ServerError, wait_until

ROOT = os.path.dirname(os.path.dirname(HERE))
SUMMARY = re.compile(r"^(\d+) ticks, (\d+) rows, (\d+) deliveries, "
                     r"p50 ([\d.]+) ms, p99 ([\d.]+) ms \(from append to client\)$")
STOP_LIMIT_S = 5.0  # What quickstart promises for Ctrl-C.


class Quickstart:
    """Runs of scripts/quickstart on one folder and one set of ports."""

    def __init__(self, folder):
        self.folder = folder
        self.ports = {name: Port() for name in ("client", "ops", "postgres")}
        self.rest = RestClient(self.ports["client"].number)
        self.token = "quickstart-test-" + secrets.token_hex(8)
        self.environment = {**os.environ, "QUICKSTART_TEST": self.token, "TERM": "xterm"}
        self.process = None
        self.output = b""

    def command(self, *arguments):
        line = [os.path.join(ROOT, "scripts", "quickstart"), "--no-install",
                "--folder", str(self.folder)]
        for name, port in self.ports.items():
            line += [f"--{name}-port", str(port.number)]
        return line + list(arguments)

    def run(self, *arguments):
        """Without a terminal, to its end: (status, lines of its output)."""
        done = subprocess.run(self.command(*arguments), env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.splitlines()

    def start_in_terminal(self, *arguments, until=b"updates"):
        """In a terminal of its own, as its foreground process group. Returns when the live view
        has shown a price, or `until` was printed."""
        pid, terminal = pty.fork()
        if pid == 0:
            try:
                os.execve(self.command()[0], self.command(*arguments), self.environment)
            finally:
                os._exit(127)
        self.process, self.terminal = pid, terminal

        def read():
            while True:
                try:
                    data = os.read(terminal, 65536)
                except OSError:
                    return
                self.output += data

        threading.Thread(target=read, daemon=True).start()
        wait_until(lambda: until in self.output or self.ended(), f"output of {until}", 300)
        assert not self.ended(), self.output.decode(errors="replace")

    def ended(self):
        return os.waitid(os.P_PID, self.process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def status(self, timeout):
        wait_until(self.ended, "the end of quickstart", timeout)
        status = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        self.process = None
        return status

    def left_behind(self):
        """Command lines of processes of these runs: by their environment, or, as PostgreSQL
        writes over its own, by the folder."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    line = file.read()
                with open(f"/proc/{pid}/environ", "rb") as file:
                    environment = file.read()
            except OSError:
                continue
            if int(pid) != os.getpid() and (self.token.encode() in environment
                                            or str(self.folder).encode() in line):
                found.append(line.replace(b"\0", b" ").decode(errors="replace"))
        return found

    def wait_until_nothing_is_left(self, timeout):
        try:
            wait_until(lambda: not self.left_behind(), "the end of its parts", timeout)
        except ServerError as error:
            raise AssertionError(f"{error}; there are: " + "; ".join(self.left_behind())) from error

    def is_serve(self, pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                arguments = file.read().split(b"\0")
        except OSError:
            return False
        return b"serve" in arguments and f"{self.folder}/quickstart.conf".encode() in arguments

    def close(self):
        if self.process is not None:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
            self.wait_until_nothing_is_left(15)
        for port in self.ports.values():
            port.close()


@pytest.fixture(name="quickstart")
def quickstart_fixture(open_path):
    # As root PostgreSQL runs as another user, who must be able to come here.
    runs = Quickstart(open_path / "quickstart")
    yield runs
    runs.close()


def figures(lines):
    match = SUMMARY.match(lines[-1])
    assert match, "\n".join(lines[-30:])
    ticks, rows, deliveries = (int(match.group(number)) for number in (1, 2, 3))
    return ticks, rows, deliveries, float(match.group(4)), float(match.group(5))


def test_builds_the_release_and_shows_the_main_job(quickstart):
    quickstart.environment.pop("TRADEPULSE_BINARY", None)
    status, lines = quickstart.run("--duration", "10s")
    assert status == 0, "\n".join(lines)
    ticks, rows, deliveries, p50_ms, p99_ms = figures(lines)
    # The default is 1,000 a second; a machine that is busy with other tests may fall behind.
    assert 2000 <= ticks <= 11000
    assert deliveries == ticks
    assert rows == 50
    assert 0 < p50_ms <= p99_ms
    text = "\n".join(lines)
    assert f"curl http://127.0.0.1:{quickstart.ports['client'].number}/api/snapshots/SIM001" in text
    assert "wscat -c ws://" in text and "psql " in text
    assert not quickstart.left_behind()


def test_ctrl_c_stops_everything_and_the_next_run_goes_on(quickstart):
    quickstart.start_in_terminal("--symbols", "5", "--rate", "200")
    wait_until(lambda: all(quickstart.rest.get(f"/api/snapshots/SIM00{number}").status == 200
                           for number in range(1, 6)), "a price of each symbol", 20)
    first = quickstart.rest.get("/api/snapshots/SIM001").json()
    bars = re.search(rb"curl 'http://127\.0\.0\.1:\d+(/bars/\S+)'", quickstart.output)[1].decode()
    wait_until(lambda: [bar["closed"] for bar in quickstart.rest.get(bars).json()["data"]][:1]
               == [True], "a closed bar of the address that it has printed", 20)
    os.write(quickstart.terminal, b"\x03")
    began = time.monotonic()
    assert quickstart.status(STOP_LIMIT_S) == 130
    assert time.monotonic() - began < STOP_LIMIT_S
    assert not quickstart.left_behind()
    assert b"ticks, 5 rows, " in quickstart.output

    quickstart.output = b""
    quickstart.start_in_terminal("--symbols", "5", "--rate", "200")
    # The log is a new one: the same row goes on in a new epoch.
    wait_until(lambda: quickstart.rest.get("/api/snapshots/SIM001").json()["epoch"]
               > first["epoch"], "the next epoch", 20)
    os.write(quickstart.terminal, b"\x03")
    assert quickstart.status(STOP_LIMIT_S) == 130
    assert not quickstart.left_behind()


def test_ctrl_c_stops_the_build_too(quickstart, tmp_path):
    compiler = tmp_path / "cmake"
    compiler.write_text("#!/bin/sh\necho compiling\nsleep 1000 &\nsleep 1000\n")
    compiler.chmod(0o755)
    quickstart.environment.pop("TRADEPULSE_BINARY", None)
    quickstart.environment["PATH"] = f"{tmp_path}:{os.environ['PATH']}"
    quickstart.start_in_terminal(until=b"compiling")
    os.write(quickstart.terminal, b"\x03")
    assert quickstart.status(STOP_LIMIT_S) == 130
    assert not quickstart.left_behind()


def test_a_failed_build_is_shown_with_its_log(quickstart, tmp_path):
    compiler = tmp_path / "cmake"
    compiler.write_text("#!/bin/sh\necho book.cpp:3: error\nexit 1\n")
    compiler.chmod(0o755)
    quickstart.environment.pop("TRADEPULSE_BINARY", None)
    quickstart.environment["PATH"] = f"{tmp_path}:{os.environ['PATH']}"
    status, lines = quickstart.run()
    assert status == 70
    assert "book.cpp:3: error" in lines
    assert "failed; its log: " in lines[-1]


def test_a_part_that_ends_by_itself_ends_everything(quickstart):
    quickstart.start_in_terminal("--symbols", "2")
    (serve,) = [pid for pid in filter(str.isdigit, os.listdir("/proc"))
                if quickstart.is_serve(pid)]
    os.kill(int(serve), signal.SIGKILL)
    assert quickstart.status(STOP_LIMIT_S + 1) == 70
    assert b"serve ended by itself" in quickstart.output
    assert not quickstart.left_behind()


def test_the_terminal_shows_one_line_a_symbol_refreshed_in_place(quickstart):
    quickstart.start_in_terminal("--symbols", "3", "--rate", "100")
    wait_until(lambda: quickstart.output.count(b"SIM002") >= 5, "refreshes", 20)
    os.write(quickstart.terminal, b"\x03")
    quickstart.status(STOP_LIMIT_S)
    # The cursor goes up over the heading, three symbols and the totals.
    assert b"\x1b[5A" in quickstart.output


def test_kill_9_leaves_no_process(quickstart):
    quickstart.start_in_terminal("--symbols", "5")
    os.kill(quickstart.process, signal.SIGKILL)
    quickstart.status(5)
    quickstart.wait_until_nothing_is_left(15)


def test_kill_9_before_a_part_is_bound_to_it_leaves_no_process(quickstart, open_path):
    """The kernel tells nobody who asks for the death of a parent that is dead already."""
    programs = open_path / "programs"
    programs.mkdir()
    late = programs / "setpriv"
    late.write_text("""#!/bin/bash
case "$*" in *"feed synthetic"*)
  parent=$PPID
  kill -KILL "$parent"
  until read -r _ _ _ now _ < /proc/$$/stat && (( now != parent )); do :; done
esac
exec /usr/bin/setpriv "$@"
""")
    late.chmod(0o755)
    quickstart.environment["PATH"] = f"{programs}:{quickstart.environment['PATH']}"
    quickstart.start_in_terminal("--symbols", "5", until=b"PostgreSQL: ")
    quickstart.status(60)
    quickstart.wait_until_nothing_is_left(15)


def test_two_on_one_folder_are_refused(quickstart):
    quickstart.start_in_terminal("--symbols", "1")
    other = Quickstart(quickstart.folder)
    status, lines = other.run("--duration", "1s")
    other.close()
    assert status == 69
    assert "another quickstart uses" in lines[-1] and "--folder" in lines[-1]
    os.write(quickstart.terminal, b"\x03")
    quickstart.status(STOP_LIMIT_S)


@pytest.mark.parametrize("name", ["client", "ops", "postgres"])
def test_a_port_that_is_taken_is_named_with_its_option(quickstart, name):
    with socket.create_server(("127.0.0.1", quickstart.ports[name].number)):
        status, lines = quickstart.run("--duration", "1s")
    assert status == 69
    assert f"port {quickstart.ports[name].number}" in lines[-1]
    assert f"--{name}-port" in lines[-1]
    assert not quickstart.left_behind()


@pytest.mark.parametrize("arguments, word", [
    (["--wrong", "1"], "--wrong"), (["--duration"], "--duration"),
    (["--duration", "soon"], "soon"), (["--client-port", "70000"], "70000"),
    (["--symbols", "0"], "--symbols"), (["--no-feed"], "--no-feed")])
def test_a_wrong_command_line_is_told(quickstart, arguments, word):
    status, lines = quickstart.run(*arguments)
    assert status == 64
    assert word in lines[-1]


def test_a_real_kafka_and_a_real_postgres(quickstart, kafka, database, topic):
    name = topic(partitions=3)
    arguments = ["--kafka", kafka, "--topic", name, "--postgres", database.url,
                 "--symbols", "20", "--duration", "5s"]
    status, lines = quickstart.run(*arguments)
    assert status == 0, "\n".join(lines)
    first_ticks, rows, deliveries, _, _ = figures(lines)
    assert rows == 20 and deliveries == first_ticks > 0
    assert database.value("SELECT count(*) FROM price_snapshots") == 20
    assert database.value("SELECT sum(last_sequence) FROM price_snapshots") == first_ticks

    # The same log: numbers go on where they were, and only what is new is counted.
    status, lines = quickstart.run(*arguments)
    assert status == 0, "\n".join(lines)
    second_ticks = figures(lines)[0]
    assert database.value("SELECT sum(last_sequence) FROM price_snapshots") == \
        first_ticks + second_ticks
    assert database.value("SELECT max(epoch) FROM price_snapshots") == 1
