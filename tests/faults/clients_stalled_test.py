"""Clients that do not read, that are gone, that come and go: a hundred good ones lose nothing."""

import contextlib
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest
from clients_line import FLOOD, LATE_S, ClientsLine, check_ends, closings, samples
from history import Violation
from offender import PONG, Offender, drive, frame, joined, text, upgrade_request
from supervised import HERE, wait_until

OFFENDERS = 10
SMALL_BUFFER = 4096
WRITE_TIMEOUT_S, HEARTBEAT_S, HEARTBEAT_TIMEOUT_S, CLOSE_S = 2.0, 1.0, 4.0, 2.0
STALLED = {"limits.outbound_queue": "64KiB", "client.write_timeout": f"{WRITE_TIMEOUT_S}s"}
SILENT = {"heartbeat.interval": f"{HEARTBEAT_S}s", "heartbeat.timeout": f"{HEARTBEAT_TIMEOUT_S}s"}


def nothing(_):
    pass


def pongs(offender):
    offender.send(frame(PONG))


def texts(offender):
    offender.send(text({"type": "ping"}))


def one_byte(offender):
    offender.read(1)


@contextlib.contextmanager
def repeated(act, offenders, interval_s):
    """act(offender) for each of them, every `interval_s`, by a thread of its own."""
    over = threading.Event()

    def run():
        while not over.wait(interval_s):
            for offender in offenders:
                if offender.is_up():
                    act(offender)
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(10)


@pytest.mark.parametrize("how, interval_s", [(nothing, 1), (pongs, 0.3), (texts, 0.3),
                                             (one_byte, 1)],
                         ids=["and_silent", "but_sends_pongs", "but_sends_text",
                              "at_one_byte_a_second"])
def test_clients_stalled(kafka, postgres, campaign, how, interval_s):
    """More waits for them than the kernel takes: 4503 within client.write_timeout, whatever they
    say meanwhile. They may hear of it or not: what they did not read comes first. In a long
    campaign a thousand of those that say nothing."""
    count = 1000 if campaign.long and how is nothing else OFFENDERS
    with ClientsLine(kafka, postgres, campaign, STALLED) as line:
        def fault(_):
            with line.costs(), contextlib.ExitStack() as closing:
                before = closings(line.process)
                offenders = joined(line.process.client_port, count,
                                   [FLOOD, *line.load.symbols], receive_buffer=SMALL_BUFFER)
                closing.enter_context(repeated(how, offenders, interval_s))
                line.flood()
                began = time.monotonic()
                _, found = line.counted(before, {4503: count}, WRITE_TIMEOUT_S + LATE_S)
                seconds = time.monotonic() - began
            with contextlib.ExitStack() as closing:
                for offender in offenders:
                    closing.callback(offender.close)
                drive(offenders, 10)
                return seconds, found + check_ends(offenders, (4503, "reset"))
        campaign.run(line, fault, campaign.rounds(), before=line.quiet)


def test_clients_silent(kafka, postgres, campaign):
    """Nothing waits for them that the kernel would not take, and they say nothing: 4408 within
    heartbeat.timeout; then their close frame is waited for, 2 s."""
    with ClientsLine(kafka, postgres, campaign, SILENT) as line:
        def fault(_):
            with line.costs(), contextlib.ExitStack() as closing:
                before = closings(line.process)
                offenders = joined(line.process.client_port, OFFENDERS, ["NOBODY"])
                for offender in offenders:
                    closing.callback(offender.close)
                seconds, found = line.counted(before, {4408: OFFENDERS},
                                              HEARTBEAT_TIMEOUT_S + CLOSE_S + LATE_S)
                drive(offenders, 10)
                return seconds, found + check_ends(offenders, (4408,))
        campaign.run(line, fault, campaign.rounds(), before=line.quiet)


FROZEN = """
import sys
sys.path.insert(0, sys.argv[1])
from offender import drive, joined
offenders = joined(int(sys.argv[2]), int(sys.argv[3]), ["NOBODY", "S000"])
print("joined", flush=True)
drive(offenders, 600)
"""


def test_clients_frozen(kafka, postgres, campaign):
    """SIGSTOP of the process that has them: the kernel goes on for them until its buffers are
    full."""
    with ClientsLine(kafka, postgres, campaign, SILENT) as line:
        def fault(_):
            before = closings(line.process)
            with line.costs(), subprocess.Popen(
                    [sys.executable, "-c", FROZEN, HERE, str(line.process.client_port),
                     str(OFFENDERS)], stdout=subprocess.PIPE, text=True) as frozen:
                try:
                    assert frozen.stdout.readline() == "joined\n"
                    frozen.send_signal(signal.SIGSTOP)
                    return line.counted(before, {4408: OFFENDERS},
                                        HEARTBEAT_TIMEOUT_S + CLOSE_S + LATE_S)
                finally:
                    frozen.kill()
        campaign.run(line, fault, campaign.rounds(), before=line.quiet)


def test_clients_gone_without_fin(kafka, postgres, campaign):
    """Their kernel knows nothing of the connection any more: the next frame to them is answered
    by RST, a heartbeat at the latest."""
    with ClientsLine(kafka, postgres, campaign, SILENT) as line:
        def fault(_):
            before = closings(line.process)
            offenders = joined(line.process.client_port, OFFENDERS, ["NOBODY"])
            with line.costs():
                for offender in offenders:
                    try:
                        offender.vanish()
                    except PermissionError:
                        for each in offenders:
                            each.close()
                        pytest.skip("TCP_REPAIR needs CAP_NET_ADMIN")
                return line.counted(before, {1006: OFFENDERS}, HEARTBEAT_S + LATE_S)
        campaign.run(line, fault, campaign.rounds(), before=line.quiet)


def test_clients_reconnect_storm(kafka, postgres, campaign):
    """All at once, three times: each is let in, answered, and counted once when it is gone."""
    count = 5000 if campaign.long else 400
    before_us = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before_us[1], before_us[1]))
    accepted = "tradepulse_web_accepted_total"
    try:
        with ClientsLine(kafka, postgres, campaign) as line:
            def fault(_):
                port, waves, found = line.process.client_port, 3, []
                line.clients.settle()  # All that are let in are counted.
                wait_until(lambda: len(line.clients.open_ones()) == line.clients.count,
                           "those who come back", 20)
                before = closings(line.process)
                let_in = samples(line.process, accepted)
                with line.costs():
                    for wave in range(1, waves + 1):
                        offenders = joined(port, count, line.load.symbols[:2])
                        for offender in offenders:
                            offender.reset()
                        seconds, more = line.counted(before, {1006: wave * count}, 10)
                        found += more
                new = {name: number for name, number
                       in (samples(line.process, accepted) - let_in).items() if "ops" not in name}
                assert list(new.values()) == [waves * count], new
                return seconds, found
            campaign.run(line, fault, campaign.rounds(), before=line.quiet)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before_us)


def open_requests(line):
    """Connections of clients that are no WebSockets."""
    return sum(number for name, number in
               samples(line.process, "tradepulse_web_connections").items()
               if 'kind="http"' in name and "ops" not in name)


def accepted(line):
    return sum(number for name, number in
               samples(line.process, "tradepulse_web_accepted_total").items() if "ops" not in name)


def test_clients_slow_handshakes(kafka, postgres, campaign):
    """Headers of one byte a second: ended at client.handshake_timeout, without an answer."""
    timeout_s = 3.0
    with ClientsLine(kafka, postgres, campaign,
                     {"client.handshake_timeout": f"{timeout_s}s"}) as line:
        def fault(_):
            with line.costs(), contextlib.ExitStack() as closing:
                before = closings(line.process)
                offenders = [Offender(line.process.client_port) for _ in range(5 * OFFENDERS)]
                for offender in offenders:
                    closing.callback(offender.close)
                began, at, request = time.monotonic(), 0, upgrade_request()
                wait_until(lambda: open_requests(line) == len(offenders), "their connections", 10)
                while (time.monotonic() < began + timeout_s + LATE_S
                       and any(offender.ended is None for offender in offenders)):
                    for offender in offenders:
                        offender.send(request[at:at + 1])
                    at += 1
                    drive(offenders, 1)
                seconds = time.monotonic() - began
                wait_until(lambda: not open_requests(line), "the end of all", LATE_S)
                _, found = line.counted(before, {}, 0)
                return seconds, found + check_ends(offenders, ("end", "reset"))
        campaign.run(line, fault, campaign.rounds(), before=line.quiet)


SLOW_TOOL = "slowhttptest"
SLOW_MODES = {"headers": ["-H", "-x", "24"],
              "bodies": ["-B", "-s", "8192", "-x", "10", "-t", "POST", "-f", "application/json"],
              "reads": ["-X", "-k", "3", "-n", "1", "-z", "8", "-w", "8", "-y", "64"]}
PROBES = 3  # of the tool itself, one a second, that may be open


@pytest.mark.skipif(shutil.which(SLOW_TOOL) is None,
                    reason=f"{SLOW_TOOL} is not installed (Debian has it)")
@pytest.mark.parametrize("what", SLOW_MODES)
def test_clients_slow_by_slowhttptest(kafka, postgres, campaign, tmp_path, what):
    """200 (1,000) connections of a known tool, whose own probe is answered within a second all the
    time. The engine ends slow requests at client.handshake_timeout; slow readers have their
    answers in the kernel's buffers, and count as idle, for the 60 s that it lets them be."""
    timeout_s = 3 if what != "reads" else 60 if campaign.long else None
    longest_s = 90 if campaign.long else 30
    count = 1000 if campaign.long else 200
    path = "/api/snapshots/query" if what == "bodies" else "/api/snapshots"
    with ClientsLine(kafka, postgres, campaign,
                     {"client.handshake_timeout": "3s"}) as line:
        command = [SLOW_TOOL, *SLOW_MODES[what], "-c", str(count), "-r", str(count), "-i", "1",
                   "-l", str(longest_s), "-p", "1", "-g", "-o", "told", "-v", "1",
                   "-u", f"http://127.0.0.1:{line.process.client_port}{path}"]

        def fault(_):
            before, began = accepted(line), time.monotonic()
            with line.costs(), subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE,
                                                stderr=subprocess.STDOUT, text=True) as tool:
                try:
                    # It opens them within a second, where the machine lets it.
                    wait_until(lambda: accepted(line) >= before + count, "its connections",
                               longest_s)
                    if timeout_s:
                        wait_until(lambda: open_requests(line) <= PROBES,
                                   "the end of its connections", timeout_s + LATE_S)
                    else:
                        threading.Event().wait(5)
                    seconds = time.monotonic() - began
                finally:
                    tool.send_signal(signal.SIGINT)
                    said = tool.communicate(timeout=20)[0]
            told = (tmp_path / "told.csv").read_text(encoding="utf-8").splitlines()
            rows = [dict(zip(told[0].split(","), row.split(","))) for row in told[1:]]
            away = [row for row in rows if int(row["Service Available"]) == 0]
            return seconds, [] if rows and not away else [
                Violation("slowhttptest", what, "the service was not available", [],
                          away or said[-500:])]
        campaign.run(line, fault, campaign.rounds(share=0.3), before=line.quiet)


def test_clients_with_slow_handshakes_are_counted(kafka, postgres, campaign):
    with ClientsLine(kafka, postgres, campaign, {"client.handshake_timeout": "500ms"},
                     clients=2) as line:
        def refused():
            return sum(samples(line.process, "tradepulse_web_refused_total").values())

        before = refused()
        offenders = [Offender(line.process.client_port, first=b"GET /") for _ in range(OFFENDERS)]
        try:
            assert drive(offenders, 10)
        finally:
            for offender in offenders:
                offender.close()
        assert refused() == before + OFFENDERS
