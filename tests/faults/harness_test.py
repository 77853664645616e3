"""The campaign as a whole finds what is broken under it: a real run, tampered with."""

import contextlib
import glob
import threading
import types

import fault_results
import psycopg2
import pytest
import run_tests
from campaign import ROUNDS_VARIABLE, SEED_VARIABLE, SOAK_VARIABLE, Campaign
from fault_line import FaultLine
from history import Violation
from postgres_proxy import IN_TRANSACTION, PostgresProxy
from side_by_side import side_by_side
from supervised import wait_until


def test_a_run_that_is_tampered_with_is_found(kafka, postgres):
    with FaultLine(kafka, postgres, seed=1) as line:
        line.wait_for_frames(300)
        assert line.judge() == []
        query = line.database.query

        query("UPDATE price_snapshots SET price = price + 1 WHERE symbol = 'S003'")
        assert [(each.check, each.where, each.what) for each in line.judge()] == [
            ("I1", "S003", "price")]
        query("UPDATE price_snapshots SET price = price - 1, epoch = 2 WHERE symbol = 'S003'")
        assert [each.what for each in line.judge()] == ["an epoch that nothing called for"]
        query("UPDATE price_snapshots SET epoch = 1 WHERE symbol = 'S003'")
        assert line.judge() == []

        # A frame that a client did not get, and one that it got twice.
        line.load.resume()
        line.wait_for_frames(300)
        line._learn_the_truth()
        ends = {symbol: len(stream.events) for symbol, stream in line.truth.streams.items()}
        first, second = line.clients.all()
        wait_until(lambda: first.highest == second.highest == ends, "all of it", 20)
        del first.frames[-1]
        second.frames.append(second.frames[-1])
        line.patience_s = 2
        found = {(each.check, each.where.split("/")[0], each.what) for each in line.judge()}
        assert found >= {("I3", "client 1", "the end of the stream did not come"),
                         ("I2", "client 2", "a position comes again")}, found
        assert all(check in ("I2", "I3", "I4") for check, _, _ in found), found


def test_dead_letters_that_are_missing_are_found(kafka, postgres):
    with FaultLine(kafka, postgres, seed=2) as line:
        line.wait_for_frames(600)
        assert line.judge() == []
        assert line.truth.bad_places
        missing = ("elsewhere", 0, 0)
        line.truth.bad_places.add(missing)
        assert [(each.check, each.where) for each in line.finish()] == [("I6", f"{missing}")]


class FakeLine(types.SimpleNamespace):
    def __init__(self, log, found):
        super().__init__(
            load=types.SimpleNamespace(resume=lambda: None), wait_for_frames=lambda _: None,
            judge=lambda: found.pop(0), finish=lambda: [], latencies=lambda *_: [0.001],
            process=types.SimpleNamespace(log=log))


def test_a_campaign_fails_with_what_was_violated_and_its_seed(monkeypatch, tmp_path):
    results, log = tmp_path / "results", tmp_path / "log"
    log.write_text("event=started\n")
    monkeypatch.setenv(fault_results.RESULTS_VARIABLE, str(results))
    monkeypatch.setenv(SEED_VARIABLE, "77")
    monkeypatch.setenv(ROUNDS_VARIABLE, "4")
    monkeypatch.setattr("campaign.LOGS", str(tmp_path / "logs"))
    wrong = Violation("I1", "A", "price", 1, 2)
    campaign, draws = Campaign("example"), []

    def fault(draw):
        draws.append(draw.random())
        return 0.5

    with pytest.raises(AssertionError, match="(?s)seed 77.*round 1: I1 A: price; expected 1"):
        campaign.run(FakeLine(str(log), [[], [wrong], [wrong], []]), fault, campaign.rounds())
    campaign.run(FakeLine(str(log), [[], []]), fault, campaign.rounds(share=0.5))
    assert draws[:2] == draws[4:]  # The seed decides.
    lines = fault_results.read(str(results))
    assert [(each["rounds"], each["violations"]) for each in lines] == [(4, 1), (2, 0)]
    assert fault_results.table(lines)[1].split()[:9] == [
        "example", "4", "1", "0.50", "s", "0.50", "s", "-", "-"]


def test_a_transaction_is_held_where_it_has_locks(database):
    parts = database.parts
    with contextlib.closing(PostgresProxy(parts["host"], parts["port"])) as proxy:
        session = psycopg2.connect(proxy.url_for(database))
        with contextlib.closing(session), session.cursor() as cursor:
            cursor.execute("SELECT 1")
            session.rollback()
            hold = proxy.hold(IN_TRANSACTION)
            session.autocommit = True
            cursor.execute("SELECT 1")
            assert not hold.reached.is_set()
            session.autocommit = False
            failures = []

            def create():
                try:
                    cursor.execute("CREATE TABLE locked ()")  # BEGIN, then this.
                except psycopg2.OperationalError as error:
                    failures.append(error)
            thread = threading.Thread(target=create, daemon=True)
            thread.start()
            hold.wait()
            assert database.query("SELECT state FROM pg_stat_activity WHERE state LIKE 'idle in %%'"
                                  " AND datname = current_database()") == [
                ("idle in transaction",)]
            hold.drop()
            thread.join(20)
            assert len(failures) == 1


def test_pieces_beside_each_other_are_all_done_and_a_failure_is_told():
    together, done = threading.Barrier(3), []

    def work(piece):
        if piece < 3:
            together.wait(20)  # Only three at a time get past it.
        done.append(piece)
    side_by_side(range(10), 3, work)
    assert sorted(done) == list(range(10))

    def fails(piece):
        raise ValueError(piece)
    with pytest.raises(ValueError):
        side_by_side(range(10), 3, fails)


def test_scripts_test_hands_over_rounds_seed_and_minutes(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(run_tests, "LOGS", str(tmp_path))
    steps = []

    def pytest_step(_, paths, environment, timeout_s):
        steps.append((paths, environment, timeout_s))
        with open(environment[fault_results.RESULTS_VARIABLE], "a", encoding="utf-8") as file:
            file.write('{"fault": "example", "rounds": 5, "violations": 0, "recovered_s": [1, 3],'
                       ' "p99_ms": [1, 2]}\n')

    parts = []
    for rounds, seed, soak in ((5, 7, 90), (None, None, None)):
        run = run_tests.Run(None, rounds, seed, soak_minutes=soak)
        run.configure = run.build = lambda *_: None
        run.with_servers = lambda: {"SERVER": "here"}
        run.pytest = pytest_step
        run.faults()
        parts.append(list(steps))
        steps.clear()
    files = sorted(glob.glob("tests/faults/*_test.py", root_dir=run_tests.ROOT))
    for part in parts:
        assert sorted(path for paths, _, _ in part for path in paths) == files
    for _, environment, limit in parts[0]:
        assert (environment["SERVER"], limit) == ("here", None)
        assert (environment[ROUNDS_VARIABLE], environment[SEED_VARIABLE]) == ("5", "7")
        assert environment[SOAK_VARIABLE] == "90"
    for _, short, limit in parts[1]:
        assert ROUNDS_VARIABLE not in short and SOAK_VARIABLE not in short
        assert limit > 0 and int(short[SEED_VARIABLE]) >= 0
    printed = capsys.readouterr().out
    assert "faults: seed 7" in printed and f"faults: seed {short[SEED_VARIABLE]}" in printed
    assert printed.count("example") == 2 * len(files)
    assert "2.00 s" in printed and "3.00 s" in printed
