"""A server process of a test: started, stopped, killed, frozen; gone when the test is gone."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))


class ServerError(RuntimeError):
    pass


def wait_until(condition, what, timeout, interval=0.05):
    """Polls `condition` until it returns something true; that is returned."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise ServerError(f"{what}: not within {timeout:g} s")
        time.sleep(interval)


def tail(path, lines=40):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:])
    except OSError as error:
        return f"({error})\n"


class Supervised:
    """One run of one server under supervise.py.

    Guarantees: the server ends when this process does, by kill -9 too, and only the process
    that was started here is ever signalled.
    """

    def __init__(self, command, *, log, stop="SIGTERM", orphan_signal="SIGKILL", grace=10.0,
                 user=None, folder="/", remove=(), ports=(), environment=None):
        self.log = log
        self._exited = threading.Event()
        self.exit_status = None
        line = [sys.executable, "-s", os.path.join(HERE, "supervise.py"), "--stop", stop,
                "--orphan-signal", orphan_signal, "--grace", str(grace), "--log", log,
                "--folder", folder]
        if user is not None:
            line += ["--uid", str(user.pw_uid), "--gid", str(user.pw_gid)]
        for path in remove:
            line += ["--remove", path]
        self._supervisor = subprocess.Popen(
            line + ["--"] + list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True, pass_fds=[port.fileno() for port in ports],
            env=environment, text=True, bufsize=1)
        first = self._supervisor.stdout.readline().split()
        if first[:1] != ["pid"]:
            raise ServerError(f"{command[0]} could not be started")
        self.pid = int(first[1])
        threading.Thread(target=self._read_reports, daemon=True).start()

    def _read_reports(self):
        for line in self._supervisor.stdout:
            word, _, value = line.partition(" ")
            if word == "exit":
                self.exit_status = int(value)
                self._exited.set()
        self._exited.set()

    @property
    def alive(self):
        return not self._exited.is_set()

    def stop(self):
        """Asks the server to end and waits until it has. Blocks: up to the grace period."""
        self._command("stop")

    def kill(self):
        """SIGKILL, and waits until the process is gone."""
        self._command("kill")

    def _command(self, word):
        try:
            self._supervisor.stdin.write(word + "\n")
            self._supervisor.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass
        self._supervisor.wait(timeout=60)
        self._exited.wait(timeout=5)
        self._supervisor.stdin.close()

    def _family(self):
        """The server and its children: PostgreSQL has one process for each session."""
        parents = {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stat:
                    parents[int(name)] = int(stat.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
        family = [self.pid]
        for pid in family:
            family += [child for child, parent in parents.items() if parent == pid]
        return family

    def freeze(self):
        """SIGSTOP for the whole family: connections stay open and nobody answers."""
        self._signal_family(signal.SIGSTOP)

    def thaw(self):
        self._signal_family(signal.SIGCONT)

    def _signal_family(self, number):
        for pid in self._family():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass


def temporary_folder(prefix, user=None):
    """A new folder below TMPDIR; where `user` cannot get there, below /var/tmp or /tmp."""
    for base in (tempfile.gettempdir(), "/var/tmp", "/tmp"):
        if user is not None and not _can_enter(base, user):
            continue
        folder = tempfile.mkdtemp(prefix=prefix, dir=base)
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        return folder
    raise ServerError(f"no temporary folder that {user.pw_name} may enter")


def _can_enter(path, user):
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
            os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
            os._exit(0 if os.access(path, os.X_OK) else 1)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


class SupervisedServer:
    """What servers have in common: `_run` is the Supervised process, None while it does not run."""

    _run = None

    @property
    def alive(self):
        return self._run is not None and self._run.alive

    @property
    def pid(self):
        return self._run.pid

    def stop(self):
        if self._run is not None:
            self._run.stop()
            self._run = None

    def kill(self):
        """kill -9, as a crashed machine does: its sessions end with it."""
        self._run.kill()
        self._run = None

    def freeze(self):
        self._run.freeze()

    def thaw(self):
        self._run.thaw()
