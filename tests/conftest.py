"""Fixtures of all Python tests. tests/support has what they are made of."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))

from fixtures import *  # noqa: E402,F401,F403 pylint: disable=wrong-import-position,wildcard-import
