"""Builds in the background: all of them, none after one that failed, and none left behind."""

import os

import pytest
from build_ahead import BuildAhead
from supervised import wait_until


def test_runs_every_step_in_order_with_its_output_in_the_log(tmp_path):
    log = tmp_path / "log"
    ahead = BuildAhead([lambda: ["echo", "one"], lambda: ["sh", "-c", "nice; echo two >&2"]], log)
    ahead.wait()
    assert log.read_text().splitlines() == ["one", "19", "two"]


@pytest.mark.skipif(not os.path.exists("/proc/self/autogroup"),
                    reason="the kernel has no autogroup")
def test_comes_last_among_the_sessions_too(tmp_path):
    log = tmp_path / "log"
    BuildAhead([lambda: ["cat", "/proc/self/autogroup"]], log).wait()
    assert log.read_text().split()[1:] == ["nice", "19"]


def test_ends_at_the_first_step_that_fails(tmp_path):
    log = tmp_path / "log"
    ahead = BuildAhead([lambda: ["false"], lambda: ["echo", "two"]], log)
    ahead.wait()
    assert log.read_text() == ""


def test_close_ends_the_step_with_all_it_started(tmp_path):
    log = tmp_path / "log"
    ahead = BuildAhead([lambda: ["sh", "-c", "sleep 1000 & echo $!; wait"],
                        lambda: ["echo", "two"]], log)
    wait_until(lambda: log.exists() and log.read_text().endswith("\n"), "the inner process", 10)
    inner = int(log.read_text())
    ahead.close()

    def gone():
        try:
            os.kill(inner, 0)
        except ProcessLookupError:
            return True
        with open(f"/proc/{inner}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"  # nobody waits for it here
    wait_until(gone, "its end", 10)
    assert log.read_text() == f"{inner}\n"
