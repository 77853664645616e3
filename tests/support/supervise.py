#!/usr/bin/python3
"""Runs one server and does not outlive whoever started it.

    supervise.py [options] -- COMMAND...

Guarantees:
- The command runs in a session of its own, so a Ctrl-C in the terminal does not reach it.
- When the owner dies, by kill -9 too, the server is ended and the folders given by --remove
  are deleted. The owner is the process at the other end of standard input; its death is seen
  by the end of that file, or by a new parent where a forked child still holds the pipe.
- When this process dies by kill -9, the kernel sends the server --orphan-signal.
- Whatever the server leaves behind is ended too: orphans below this process become its
  children (PR_SET_CHILD_SUBREAPER). No other process is ever signalled.

Standard input takes one command a line: `stop` (the --stop signal, after --grace seconds
SIGKILL) and `kill` (SIGKILL at once); both keep the folders. Standard output reports
`pid N` when the command runs and `exit N` when it has ended (negative: the signal).
"""

import argparse
import ctypes
import os
import select
import shutil
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
libc = ctypes.CDLL(None, use_errno=True)


def prctl(option, value):
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def children():
    """Direct children of this process, read from /proc."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.append(int(name))
    return found


def end_orphans():
    """Ends and reaps everything that still descends from this process."""
    while True:
        for pid in children():
            os.kill(pid, signal.SIGKILL)
        try:
            os.wait()
        except ChildProcessError:
            return


def start(options):
    supervisor = os.getpid()
    log = os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    pid = os.fork()
    if pid:
        os.close(log)
        return pid
    try:
        os.setsid()
        if options.uid is not None:
            os.setgroups([])
            os.setresgid(options.gid, options.gid, options.gid)
            os.setresuid(options.uid, options.uid, options.uid)
        # After the change of user: that clears the setting.
        prctl(PR_SET_PDEATHSIG, signal.Signals[options.orphan_signal])
        if os.getppid() != supervisor:
            os._exit(1)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.chdir(options.folder)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(options.command[0], options.command)
    except OSError as error:
        os.write(2, f"supervise.py: {options.command[0]}: {error}\n".encode())
    os._exit(127)


class Supervisor:
    def __init__(self, options):
        self.options = options
        self.parent = os.getppid()
        self.owner_is_gone = False
        self.deadline = None
        self.wake, write_end = os.pipe()
        os.set_blocking(write_end, False)
        signal.set_wakeup_fd(write_end)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.pid = start(options)
        signal.signal(signal.SIGTERM, lambda *_: self.end(self.options.stop))
        self.report(f"pid {self.pid}")

    def report(self, line):
        try:
            os.write(1, (line + "\n").encode())
        except OSError:
            pass  # The owner is gone; standard input says so too.

    def end(self, signal_name):
        os.kill(self.pid, signal.Signals[signal_name])
        self.deadline = time.monotonic() + self.options.grace

    def owner_died(self):
        if not self.owner_is_gone:
            self.owner_is_gone = True
            self.end(self.options.orphan_signal)

    def run(self):
        """Returns when the server has ended."""
        sources = [0, self.wake]
        while True:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            if self.deadline is not None and time.monotonic() > self.deadline:
                os.kill(self.pid, signal.SIGKILL)
            for source in select.select(sources, [], [], 0.25)[0]:
                data = os.read(source, 4096)
                if source == self.wake:
                    continue
                if not data:
                    sources.remove(0)
                    self.owner_died()
                for command in data.decode().split():
                    self.end("SIGKILL" if command == "kill" else self.options.stop)
            if os.getppid() != self.parent:
                self.owner_died()

    def wait_for_owner(self):
        """The server has ended by itself: its folders stay until the owner lets go."""
        while not self.owner_is_gone and os.getppid() == self.parent:
            if select.select([0], [], [], 0.25)[0]:
                if not os.read(0, 4096):
                    self.owner_is_gone = True
                else:
                    return  # `stop` or `kill` of a server that is not there any more.


def parse():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--stop", default="SIGTERM")
    parser.add_argument("--orphan-signal", default="SIGKILL")
    parser.add_argument("--grace", type=float, default=10.0)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("--log", default=os.devnull)
    parser.add_argument("--folder", default="/")
    parser.add_argument("--remove", action="append", default=[])
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def main():
    options = parse()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    supervisor = Supervisor(options)
    asked = lambda: supervisor.deadline is not None
    status = supervisor.run()
    end_orphans()
    supervisor.report(f"exit {status}")
    if not asked():
        supervisor.wait_for_owner()
    if supervisor.owner_is_gone or os.getppid() != supervisor.parent:
        for folder in options.remove:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
