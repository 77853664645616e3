"""Fixtures of all Python tests. tests/support has what they are made of."""

import os
import signal
import sys

# A shell that starts something in the background has it ignore SIGINT, and so would all that it
# starts: Ctrl-C could not be tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))

from fixtures import *  # noqa: E402,F401,F403 pylint: disable=wrong-import-position,wildcard-import
