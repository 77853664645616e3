"""What the fixtures of all tests promise, as far as it takes no server."""

import os
import subprocess
import sys


def others_may_enter(path):
    return all(os.stat(each).st_mode & 0o001 for each in (path, *path.parents))


def test_others_may_enter_an_open_path_also_when_another_pytest_has_begun(open_path, tmp_path):
    assert others_may_enter(open_path)
    test = tmp_path / "some_test.py"
    test.write_text("def test_has_a_folder(tmp_path): assert tmp_path\n")
    subprocess.run([sys.executable, "-m", "pytest", "-q", str(test)], check=True,
                   stdout=subprocess.DEVNULL)
    assert others_may_enter(open_path)


def test_others_may_not_enter_the_folders_of_pytest(tmp_path):
    """The reason for open_path: where this fails it is needed no more."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    test = tmp_path / "some_test.py"
    test.write_text("def test_has_a_folder(tmp_path): assert tmp_path\n")
    subprocess.run([sys.executable, "-m", "pytest", "-q", str(test)], check=True,
                   stdout=subprocess.DEVNULL)
    assert not others_may_enter(tmp_path)
