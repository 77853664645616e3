"""The process itself: told to end at a bad time, without descriptors, without a log, with clocks
that jump."""

import contextlib
import os
import resource
import signal
import struct
import subprocess
import time

import psycopg2
import pytest
from checkers import check_degraded, check_exit
from clients_line import FLOOD, ClientsLine, cpu_seconds, samples
from fault_line import FaultLine
from history import Violation
from kafka_server import KafkaServer
from offender import Offender, joined
from postgres_server import PostgresServer
from supervised import HERE, ServerError, wait_until
from tradepulse_process import binary

DRAIN_S = 10.0  # shutdown.deadline
# What a busy machine adds.
LATE_S = 3.0


@pytest.fixture(name="wrapped")
def wrapped_fixture(monkeypatch, tmp_path):
    """wrapped(line of shell): from now on the binary is started by it; "$@" is what it gets."""
    def wrap(line):
        script, real = tmp_path / "tradepulse", binary()
        text = line.replace("BINARY", real)
        script.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        script.chmod(0o755)
        monkeypatch.setenv("TRADEPULSE_BINARY", str(script))
    return wrap


# --- SIGTERM ---

def terminated(line, before_restart=lambda: None, limit_s=DRAIN_S + LATE_S):
    """SIGTERM, the end, a new start. Seconds to the end, and violations."""
    cut = [history for history in line.clients.all() if history.open]
    began = time.monotonic()
    os.kill(line.process.pid, signal.SIGTERM)
    status = line.process.wait_for_exit(limit_s + 20)
    seconds = time.monotonic() - began
    found = check_exit(status)
    if seconds > limit_s:
        found.append(Violation("I10", "shutdown.deadline", "seconds", f"<= {limit_s}", seconds))
    wait_until(lambda: not any(history.open for history in cut), "the end of all connections", 20)
    codes = {history.close_code for history in cut if not history.left}
    if codes != {1012}:
        found.append(Violation("I10", "the clients' close codes", "", {1012}, codes))
    before_restart()
    line.process.start()
    return seconds, found


@pytest.fixture(name="server")
def server_fixture():
    with contextlib.closing(PostgresServer()) as server:
        yield server.start()


def test_sigterm_under_load(kafka, postgres, campaign):
    with FaultLine(kafka, postgres, seed=campaign.seed) as line:
        campaign.run(line, lambda _: terminated(line), campaign.rounds())


@pytest.mark.parametrize("how", ["down", "frozen"])
def test_sigterm_with_the_database(kafka, server, campaign, how):
    """What is not committed is left to Kafka; the end does not wait for longer than its
    deadline."""
    with FaultLine(kafka, server.url, seed=campaign.seed) as line:
        def fault(_):
            getattr(server, {"down": "kill", "frozen": "freeze"}[how])()
            line.wait_for_frames(1000)
            return terminated(line, {"down": server.start, "frozen": server.thaw}[how])
        campaign.run(line, fault, campaign.rounds(share=0.5))


def test_sigterm_with_the_database_down_is_not_called_clean(kafka, server, campaign):
    with FaultLine(kafka, server.url, seed=campaign.seed) as line:
        line.wait_for_commits(200)
        server.kill()
        retries = "tradepulse_database_retries_total"
        wait_until(lambda: line.process.metrics()[retries] > 0, "a claim that fails", 20)
        line.wait_for_frames(300)
        line.process.stop()
        server.start()  # its database is dropped at the end
        said = line.process.log_text()
        assert "event=left_to_the_log" in said
        assert "event=not_all_committed" in said and "clean=true" not in said


def test_sigterm_with_the_broker_down(postgres, campaign):
    with contextlib.closing(KafkaServer()) as kafka:
        kafka.start()
        with FaultLine(kafka.bootstrap, postgres, seed=campaign.seed) as line:
            def fault(_):
                line.load.pause()
                kafka.kill()
                # Until the engine knows.
                wait_until(lambda: not _has_a_connection_to(line.process.pid, kafka), "its end", 20)
                return terminated(line, kafka.start)
            campaign.run(line, fault, campaign.rounds(share=0.5))


def _has_a_connection_to(pid, kafka):
    port = f":{int(kafka.bootstrap.rpartition(':')[2]):04X}"
    with open(f"/proc/{pid}/net/tcp", encoding="utf-8") as table:
        rows = [row.split() for row in table][1:]
    return any(row[2].endswith(port) and row[3] == "01" for row in rows)


def test_sigterm_with_stalled_clients(kafka, postgres, campaign):
    """More than they take waits for each of them, and client.write_timeout is far away."""
    count = 1000 if campaign.long else 200
    with ClientsLine(kafka, postgres, campaign, {"limits.outbound_queue": "64KiB"},
                     clients=10, rate=300) as line:
        def fault(_):
            with contextlib.ExitStack() as closing:
                offenders = joined(line.process.client_port, count, [FLOOD], receive_buffer=4096)
                for offender in offenders:
                    closing.callback(offender.close)
                line.flood()
                return terminated(line)
        # The good ones come back: that they were cut is no violation here.
        line.judge = lambda: FaultLine.judge(line)
        campaign.run(line, fault, campaign.rounds(share=0.5))


def test_sigterm_twice(kafka, server, campaign):
    """The first one waits for a database that does not answer; the second one ends it at once."""
    with FaultLine(kafka, server.url, seed=campaign.seed) as line:
        def fault(_):
            server.freeze()
            line.wait_for_frames(1000)
            os.kill(line.process.pid, signal.SIGTERM)
            wait_until(lambda: not line.clients.open_ones(), "that clients are told", 10)
            began = time.monotonic()
            os.kill(line.process.pid, signal.SIGTERM)
            status = line.process.wait_for_exit(30)
            seconds = time.monotonic() - began
            server.thaw()
            line.process.start()
            found = check_exit(status, -signal.SIGTERM)
            if seconds > LATE_S:
                found.append(Violation("I10", "the second SIGTERM", "seconds", "at once", seconds))
            return seconds, found
        campaign.run(line, fault, campaign.rounds())


# --- descriptors ---

OPEN_FILES = 256


def test_open_file_limit(kafka, postgres, campaign, wrapped):
    """More clients than descriptors: accepting pauses and does not spin; the others go on; when
    they leave, the rest is let in."""
    wrapped(f'ulimit -n {OPEN_FILES} && exec BINARY "$@"')
    with ClientsLine(kafka, postgres, campaign, clients=20) as line:
        def pauses():
            return sum(samples(line.process, "tradepulse_web_accept_pauses_total").values())

        def fault(_):
            with contextlib.ExitStack() as closing:
                paused_before = pauses()
                waiting = [Offender(line.process.client_port) for _ in range(OPEN_FILES + 50)]
                for each in waiting:
                    closing.callback(each.close)
                wait_until(lambda: len(os.listdir(f"/proc/{line.process.pid}/fd"))
                           >= OPEN_FILES - 1, "the last descriptor", 20)
                began, spent = time.monotonic(), cpu_seconds(line.process.pid)
                with line.costs():
                    line.wait_for_frames(20 * 40 * 3)
                share = (cpu_seconds(line.process.pid) - spent) / (time.monotonic() - began)
                found = [] if share < 0.5 else [
                    Violation("open files", "CPU of a core", "it spins", "< 0.5", share)]
            began = time.monotonic()
            newcomer = joined(line.process.client_port, 1, line.load.symbols)
            newcomer[0].close()
            seconds = time.monotonic() - began
            if pauses() <= paused_before:
                found.append(Violation("open files", "tradepulse_web_accept_pauses_total",
                                       "does not say so", "> 0", 0))
            return seconds, found
        campaign.run(line, fault, campaign.rounds(), before=line.quiet)


# --- memory ---

# Above what it has at rest: thread stacks count, so that is another number on each machine.
MORE_MEMORY = 128 << 20
SMALL_BUDGETS = {"limits.outbound_queue": "64KiB", "ingest.credit_bytes": "1MB",
                 "kafka.prefetch": "8MB"}


def data_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData"))


def test_memory_limit(kafka, postgres, campaign):
    """RLIMIT_DATA not far above what it has at rest (a control group would end it from outside, but
    needs a machine that grants one). Clients that do not read and a database that does not write
    keep all that they can: the budgets are less than the limit, and it lives."""
    count = 1000 if campaign.long else 200
    with ClientsLine(kafka, postgres, campaign, SMALL_BUDGETS, clients=20) as line:
        limit = data_bytes(line.process.pid) + MORE_MEMORY
        resource.prlimit(line.process.pid, resource.RLIMIT_DATA, (limit, limit))
        most = []

        def fault(_):
            with contextlib.ExitStack() as closing:
                offenders = joined(line.process.client_port, count, [FLOOD], receive_buffer=4096)
                for offender in offenders:
                    closing.callback(offender.close)
                with contextlib.closing(psycopg2.connect(line.database.url)) as holder:
                    holder.cursor().execute("LOCK TABLE price_snapshots")
                    with line.costs():
                        line.produce_flood()
                        # Until the credit of its partition is used up.
                        wait_until(lambda: line.flood_stands(1.0), "credit to be used up", 30)
                    most.append(data_bytes(line.process.pid))
                line.wait_for_flood()
                most.append(data_bytes(line.process.pid))
            return line.seconds_to_commit()
        campaign.run(line, fault, campaign.rounds(share=0.2), before=line.quiet)
        print("memory, MB: limit", limit >> 20, "reached", [size >> 20 for size in most])


# --- the log ---

@contextlib.contextmanager
def small_disk(folder):
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", folder], check=True,
                       capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a tmpfs cannot be mounted: {error}")
    try:
        yield os.path.join(folder, "tradepulse.log")
    finally:
        subprocess.run(["umount", "-l", folder], check=False)


def fill(path):
    """To the last byte: the log is appended to, so its own last page must be full too."""
    with open(path, "ab", buffering=0) as file:
        for size in (4096, 1):
            with contextlib.suppress(OSError):
                while file.write(b"\n" * size) == size:
                    pass


def test_log_disk_full(kafka, postgres, campaign, tmp_path):
    """Nothing of the work waits for a log; when there is room again, it is written, and says how
    much is missing."""
    with small_disk(str(tmp_path)) as path:
        settings = {"log.file": path, "log.level": "debug"}
        with FaultLine(kafka, postgres, seed=campaign.seed, settings=settings) as line:
            def fault(_):
                fill(path)
                # What can be logged at will: clients that come and go, a claim that is lost.
                for _ in range(3):
                    line.database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                        " WHERE datname = current_database()"
                                        " AND pid <> pg_backend_pid()")
                    line.wait_for_commits(100)
                line.wait_for_frames(500)
                os.truncate(path, 0)

                def told():
                    line.database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                        " WHERE datname = current_database()"
                                        " AND pid <> pg_backend_pid()")
                    line.wait_for_commits(50)
                    with open(path, encoding="utf-8", errors="replace") as log:
                        return "event=log_lines_lost" in log.read()
                began, found = time.monotonic(), []
                try:
                    wait_until(told, "log_lines_lost", 20, interval=0.2)
                except ServerError as error:
                    found.append(Violation("log", path, str(error)))
                return time.monotonic() - began, found
            campaign.run(line, fault, campaign.rounds())


def test_log_to_dev_full(kafka, postgres, campaign):
    with FaultLine(kafka, postgres, seed=campaign.seed, settings={"log.file": "/dev/full"}) as line:
        campaign.run(line, lambda _: terminated(line), campaign.rounds())


def test_log_pipe_that_nobody_reads(kafka, postgres, campaign, wrapped, tmp_path):
    """Standard error is a pipe, and it is full before the first line."""
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(reader, b"x" * 4096)
        wrapped(f'exec BINARY "$@" 2>{pipe}')
        with FaultLine(kafka, postgres, seed=campaign.seed) as line:
            campaign.run(line, lambda _: terminated(line), campaign.rounds())
    finally:
        os.close(reader)


# --- ports and clocks ---

@pytest.mark.parametrize("key", ["client.port", "ops.port"])
def test_port_taken(kafka, postgres, campaign, key):
    """A second process on a port of the first one ends with 78 and names the option; the first
    one notices nothing."""
    with FaultLine(kafka, postgres, seed=campaign.seed) as line:
        def fault(_):
            other = {"client.port": "ops.port", "ops.port": "client.port"}[key]
            began = time.monotonic()
            done = subprocess.run([binary(), "serve", "--config", line.process.config, "--set",
                                   f"{other}=0"], capture_output=True, text=True, timeout=30,
                                  check=False)
            found = check_exit(done.returncode, 78)
            number = str(line.process.settings[key])
            if key not in done.stderr or number not in done.stderr:
                found.append(Violation("port taken", key, "is not named", (key, number),
                                       done.stderr[-300:]))
            return time.monotonic() - began, found
        campaign.run(line, fault, campaign.rounds(share=0.2))


@pytest.fixture(name="clock")
def clock_fixture(tmp_path, wrapped):
    """clock(seconds): from now on the engine's wall clock is off by so much."""
    library, offset = str(tmp_path / "jumping_clock.so"), tmp_path / "offset"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library,
                    os.path.join(HERE, "jumping_clock.c")], check=True, timeout=60)
    offset.write_bytes(struct.pack("q", 0))
    wrapped(f'exec env LD_PRELOAD={library} JUMPING_CLOCK={offset} BINARY "$@"')

    def jump(seconds):
        with open(offset, "r+b", buffering=0) as file:
            file.write(struct.pack("q", seconds))
    return jump


def last_ping(line):
    """The engine's wall clock, ms, as the newest ping tells it."""
    frames = line.clients.open_ones()[0].frames
    return next(frame.message["timestamp"] for frame in reversed(frames)
                if frame.text.startswith('{"type":"ping"'))


@pytest.mark.parametrize("jump_s", [3600, -3600], ids=["on", "back"])
def test_clock_jumps(kafka, postgres, campaign, clock, jump_s):
    """By an hour, and an hour back to where it was: deadlines go by the steady clock, events carry
    times of their own."""
    settings = {"heartbeat.interval": "1s", "heartbeat.timeout": "4s"}
    with ClientsLine(kafka, postgres, campaign, settings, clients=10, rate=300) as line:
        def uptime():
            return next(value for name, value in line.process.metrics().items()
                        if name.startswith("tradepulse_uptime_seconds"))

        def fault(_):
            began, up, answers = time.monotonic(), uptime(), []
            for offset in (jump_s, 0):
                clock(offset)
                # Longer than each of the deadlines above.
                until = time.monotonic() + 6
                while time.monotonic() < until:
                    answers.append(line.ready())
                    line.wait_for_frames(500)
                line.wait_for_commits(300)
                if abs(last_ping(line) / 1000 - time.time() - offset) > 60:
                    raise ServerError(f"the clock did not jump by {offset} s")
            seconds = time.monotonic() - began
            found = check_degraded(answers, [])
            found += [Violation("clock", "/ready", "degraded by a clock", "ready", answer)
                      for _, answer in answers if answer["status"] != "ready"][:1]
            if abs(uptime() - up - seconds) > LATE_S:
                found.append(Violation("clock", "tradepulse_uptime_seconds", "", up + seconds,
                                       uptime()))
            return seconds, found
        campaign.run(line, fault, campaign.rounds(share=0.2), before=line.quiet)
