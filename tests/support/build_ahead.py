"""Builds what later tests need while earlier tests wait for their servers."""

import contextlib
import os
import subprocess
import threading

from progress import die_with_parent, end_group


def last_in_line():
    """In the child: where the kernel shares the processors among sessions (autogroup), nice counts
    within one of them alone, and the session has a nice value of its own."""
    die_with_parent()
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w", encoding="ascii") as file:
        file.write("19")


class BuildAhead:
    """Runs `steps` one after the other at the lowest priority, in a thread.

    steps: [callable returning a command]; a step whose command fails ends it. Nobody judges that
    here: the same build is made again, in the foreground, before its tests.
    """

    def __init__(self, steps, log):
        self._steps, self._log = steps, log
        self._lock = threading.Lock()
        self._child, self._closed = None, False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        with open(self._log, "wb") as output:
            for step in self._steps:
                command = ["nice", "-n", "19", *step()]
                with self._lock:
                    if self._closed:
                        return
                    # The death of this thread would end it, too: it waits for it.
                    self._child = subprocess.Popen(
                        command, stdin=subprocess.DEVNULL, stdout=output,
                        stderr=subprocess.STDOUT, start_new_session=True,
                        preexec_fn=last_in_line)
                if self._child.wait() != 0:
                    return

    def wait(self):
        self._thread.join()

    def close(self):
        with self._lock:
            self._closed = True
            child = self._child
        if child is not None and child.poll() is None:
            end_group(child)
        self._thread.join()


def ninja(folder, targets):
    return ["ninja", "-C", os.path.join("build", folder), *targets]
