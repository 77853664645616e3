"""The faults that the simulation has to find (tests/simulation/mutants.py) can be put into the tree
as it is: a text that is no longer there would be found out only by who looks for it."""

import os
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "simulation"))
import mutants  # pylint: disable=wrong-import-position


def test_there_are_at_least_ten_with_names_of_their_own():
    assert len({each.name for each in mutants.MUTANTS}) == len(mutants.MUTANTS) >= 10


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda each: each.name.replace(" ", "-"))
def test_stands_once_in_its_file_and_changes_it(mutant):
    with open(os.path.join(ROOT, mutant.file), encoding="utf-8") as file:
        assert file.read().count(mutant.text) == 1
    assert mutant.text != mutant.instead
