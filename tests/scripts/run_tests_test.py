"""The test runner's counts and last line, on programs that fail, crash, hang and skip."""

import os
import subprocess
import textwrap

import pytest
import results
import run_tests


@pytest.fixture(name="run")
def run_fixture(tmp_path, monkeypatch, capsys):
    """A run in a folder with a fake build: build/dev/tests/test_* are shell scripts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_tests, "ROOT", str(tmp_path))
    monkeypatch.setattr(run_tests, "LOGS", str(tmp_path / "build" / "logs"))
    (tmp_path / "build" / "dev" / "tests").mkdir(parents=True)
    run = run_tests.Run(None)
    run.folder, run.capsys = tmp_path, capsys
    return run


def program(run, name, script):
    path = run.folder / "build" / "dev" / "tests" / name
    path.write_text("#!/bin/bash\n" + textwrap.dedent(script))
    path.chmod(0o755)
    run.gtest("dev", name)


def last_line(run):
    status = run.summary()
    return run.capsys.readouterr().out.splitlines()[-1], status


REPORT = """
    report=${1#--gtest_output=json:}
    cat > "$report" <<'JSON'
    {"testsuites": [{"name": "OrderBook", "testsuite": [%s]}]}
JSON
"""
PASSED = '{"name": "Holds", "status": "RUN", "result": "COMPLETED"}'
FAILED = ('{"name": "Breaks", "status": "RUN", "result": "COMPLETED", '
          '"failures": [{"failure": "book.cpp:7: 1 is not 2", "type": ""}]}')
SKIPPED = '{"name": "Waits", "status": "RUN", "result": "SKIPPED"}'
FILTERED = '{"name": "Other", "status": "NOTRUN", "result": "SUPPRESSED"}'


def test_counts_what_passed(run):
    program(run, "test_book", REPORT % f"{PASSED}, {PASSED}, {FILTERED}")
    assert last_line(run) == ("2 passed, 0 failed", 0)


def test_a_failure_is_counted_and_named_again_at_the_end(run):
    run.capsys.readouterr()
    program(run, "test_book", REPORT % f"{PASSED}, {FAILED}" + "exit 1")
    assert "      book.cpp:7: 1 is not 2" in run.capsys.readouterr().out.splitlines()
    assert run.summary() == 1
    lines = run.capsys.readouterr().out.splitlines()
    assert lines[-1] == "1 passed, 1 failed"
    assert "  test_book: OrderBook.Breaks" in lines
    assert "      book.cpp:7: 1 is not 2" in lines


def test_a_skip_is_counted_with_its_reason(run):
    program(run, "test_book", REPORT % f"{PASSED}, {SKIPPED}" + textwrap.dedent("""
        echo "[ RUN      ] OrderBook.Waits"
        echo "book_test.cpp:12: Skipped"
        echo "no recordings"
        echo "[  SKIPPED ] OrderBook.Waits (0 ms)"
        """))
    run.capsys.readouterr()
    assert run.summary() == 0
    lines = run.capsys.readouterr().out.splitlines()
    assert lines[-1] == "1 passed, 0 failed, 1 skipped"
    assert "  test_book: OrderBook.Waits: no recordings" in lines


def test_a_crash_counts_the_tests_before_it_and_one_failure(run):
    program(run, "test_book", """
        echo "[ RUN      ] OrderBook.Holds"
        echo "[       OK ] OrderBook.Holds (0 ms)"
        echo "[ RUN      ] OrderBook.Dies"
        kill -SEGV $$
        """)
    assert last_line(run) == ("1 passed, 1 failed", 1)
    assert "signal 11 (Segmentation fault) in OrderBook.Dies" in run.results.failed[0][1]


def test_a_crash_after_the_last_test_is_a_failure(run):
    program(run, "test_book", REPORT % PASSED + "exit 23")
    assert last_line(run) == ("1 passed, 1 failed", 1)


def test_a_program_that_hangs_is_stopped_and_failed(run, monkeypatch):
    monkeypatch.setattr(run_tests, "PROGRAM_LIMIT_S", 0.5)
    program(run, "test_book", "echo '[ RUN      ] OrderBook.Hangs'; sleep 1000")
    assert last_line(run) == ("0 passed, 1 failed", 1)
    assert "time limit in OrderBook.Hangs" in run.results.failed[0][1]


def test_a_program_that_is_not_there_is_a_failure(run):
    run.gtest("dev", "test_absent")
    assert last_line(run) == ("0 passed, 1 failed", 1)


def test_a_run_of_nothing_is_no_success(run):
    program(run, "test_book", REPORT % FILTERED)
    assert last_line(run) == ("0 passed, 0 failed", 1)


def test_a_failed_build_is_a_failure_with_its_output(run):
    with pytest.raises(run_tests.Stop):
        run.must("build dev", ["sh", "-c", "echo book.cpp:3: error; exit 1"])
    assert last_line(run) == ("0 passed, 1 failed", 1)
    assert "book.cpp:3: error" in run.results.failed[0][1]


def test_counts_pytest(run):
    tests = run.folder / "tests" / "scripts"
    tests.mkdir(parents=True)
    (tests / "some_test.py").write_text(textwrap.dedent("""
        import pytest
        def test_holds(): pass
        def test_breaks(): assert 1 == 2
        @pytest.mark.skip(reason="not on this machine")
        def test_waits(): pass
        @pytest.fixture
        def broken(): raise RuntimeError("no server")
        def test_cannot_begin(broken): pass
        """))
    run.pytest("scripts", ["tests/scripts"])
    assert last_line(run) == ("1 passed, 2 failed, 1 skipped", 1)
    assert run.results.skipped[0][1] == "not on this machine"


def test_a_python_test_file_that_cannot_be_read_is_a_failure(run):
    tests = run.folder / "tests" / "scripts"
    tests.mkdir(parents=True)
    (tests / "some_test.py").write_text("import no_such_module\n")
    run.pytest("scripts", ["tests/scripts"])
    assert last_line(run)[1] == 1


def test_a_pytest_that_dies_is_a_failure(run):
    tests = run.folder / "tests" / "scripts"
    tests.mkdir(parents=True)
    (tests / "some_test.py").write_text("import os\ndef test_dies(): os._exit(0)\n")
    run.pytest("scripts", ["tests/scripts"])
    assert last_line(run) == ("0 passed, 1 failed", 1)


def test_a_process_left_behind_does_not_keep_the_run_waiting(run):
    status, text, _ = run.step("leaves", ["sh", "-c", "sleep 1000 & echo $!"])
    os.kill(int(text), 15)
    assert status == 0


def test_tells_a_signal_from_a_status():
    assert results.ending(3) == "status 3"
    assert results.ending(-9) == "signal 9 (Killed)"


def test_the_command_refuses_an_unknown_subset():
    runner = os.path.join(os.path.dirname(run_tests.__file__), "run_tests.py")
    done = subprocess.run(["/usr/bin/python3", "-s", runner, "wrong"], stderr=subprocess.PIPE,
                          text=True, check=False)
    assert done.returncode == 2
    assert "unit" in done.stderr
