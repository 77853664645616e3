"""supervise.py: a server ends with its owner, and nothing else ends."""

import os
import signal
import subprocess
import sys

import pytest
from supervised import HERE, Supervised, wait_until

OWNER = """
import sys
sys.path.insert(0, {here!r})
from supervised import Supervised
run = Supervised({command!r}, log={log!r}, remove=[{folder!r}])
print(run.pid, run._supervisor.pid, flush=True)
sys.stdin.read()
"""


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(name="owned")
def owned_fixture(tmp_path):
    """A process that owns a server, which has a child that ignores SIGTERM and SIGHUP."""
    folder = tmp_path / "data"
    folder.mkdir()
    children = tmp_path / "children"
    script = ("trap '' TERM HUP; setsid sh -c 'trap \"\" TERM HUP; echo $$ > " + str(children) +
              "; while :; do sleep 1; done' & while :; do sleep 1; done")
    code = OWNER.format(here=HERE, command=["sh", "-c", script], log=str(tmp_path / "log"),
                        folder=str(folder))
    owner = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    server, supervisor = map(int, owner.stdout.readline().split())
    child = int(wait_until(lambda: children.exists() and children.read_text(), "the child", 10))
    yield {"owner": owner, "server": server, "supervisor": supervisor, "child": child,
           "folder": folder}
    owner.kill()
    owner.wait()
    # Where a test killed the supervisor nobody is left to end the server's own child.
    if is_alive(child):
        os.kill(child, signal.SIGKILL)


def all_gone(owned, *names):
    return all(not is_alive(owned[name]) for name in names)


def test_ends_the_server_and_its_children_when_the_owner_is_killed(owned):
    owned["owner"].kill()
    wait_until(lambda: all_gone(owned, "server", "child", "supervisor"), "end of all", 10)


def test_removes_the_folder_when_the_owner_is_killed(owned):
    owned["owner"].kill()
    wait_until(lambda: not owned["folder"].exists(), "removal of the folder", 10)


def test_ends_the_server_when_the_supervisor_is_killed(owned):
    os.kill(owned["supervisor"], signal.SIGKILL)
    wait_until(lambda: all_gone(owned, "server"), "end of the server", 10)


def test_leaves_a_server_of_another_owner_alone(owned, tmp_path):
    other = Supervised(["sleep", "1000"], log=str(tmp_path / "other.log"))
    try:
        owned["owner"].kill()
        wait_until(lambda: all_gone(owned, "server", "child", "supervisor"), "end of all", 10)
        assert other.alive and is_alive(other.pid)
    finally:
        other.kill()
    assert other.exit_status == -signal.SIGKILL


def test_stop_asks_first_and_keeps_the_folder(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    run = Supervised(["sh", "-c", "trap 'exit 7' TERM; echo up; while :; do sleep 0.1; done"],
                     log=str(tmp_path / "log"), remove=[str(folder)])
    wait_until(lambda: "up" in (tmp_path / "log").read_text(), "the start", 10)
    run.stop()
    assert run.exit_status == 7
    assert folder.exists()


def test_stop_kills_what_does_not_listen(tmp_path):
    run = Supervised(["sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"],
                     log=str(tmp_path / "log"), grace=0.5)
    wait_until(lambda: "up" in (tmp_path / "log").read_text(), "the start", 10)
    run.stop()
    assert run.exit_status == -signal.SIGKILL


def test_reports_a_server_that_ends_by_itself(tmp_path):
    run = Supervised(["sh", "-c", "exit 3"], log=str(tmp_path / "log"))
    wait_until(lambda: not run.alive, "the end", 10)
    assert run.exit_status == 3
    run.stop()


def test_frozen_processes_stand_still_and_go_on(tmp_path):
    run = Supervised(["sleep", "1000"], log=str(tmp_path / "log"))

    def state():
        with open(f"/proc/{run.pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0]

    try:
        run.freeze()
        wait_until(lambda: state() == "T", "SIGSTOP", 10)
        run.thaw()
        wait_until(lambda: state() == "S", "SIGCONT", 10)
    finally:
        run.kill()
