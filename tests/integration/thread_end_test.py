"""A thread that ends late, after the process has done all its work, leaves nothing behind."""

import os
import subprocess

from line import Line
from supervised import HERE


def test_a_database_thread_that_ends_while_the_process_exits_leaks_nothing(kafka, postgres,
                                                                           tmp_path):
    """A sanitizer says so; without one it shows a clean end."""
    preloaded = tmp_path / "late_thread_end.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", preloaded,
                    os.path.join(HERE, "late_thread_end.c")], check=True, timeout=60)
    environment = {"LD_PRELOAD": str(preloaded), "ASAN_OPTIONS": "verify_asan_link_order=0"}
    with Line(kafka, postgres, 1, None, environment) as line:
        assert line.process.stop() == 0
