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
from fault_clients import AWAY, PROMPT
from fault_line import FaultLine
from history import Violation
from journal_checker import table_of
from postgres_proxy import IN_TRANSACTION, PostgresProxy
from side_by_side import side_by_side
from stream_keys import EVENTS, key_in, key_of
from supervised import wait_until


COLUMNS = {"price": "price", "trade": "size", "quote": "ask", "kline_1m": "volume",
           "candle_1s": "trades"}


def tamper_with_the_journal(line, kind, column):
    """One row that was changed, one that is missing, one that comes again."""
    query, key = line.database.query, key_of("S003", kind)
    table = table_of(key).name
    where = ("WHERE seq = 7 AND stream_id = (SELECT stream_id FROM journal_streams"
             f" WHERE symbol = 'S003' AND stream = '{kind}')")

    def found():
        # The table of candles has the newest event of each, which this one may be.
        return [each for each in line.judge() if not each.where.startswith("candle ")]
    query(f"UPDATE {table} SET {column} = {column} + 1 {where}")
    assert [(each.check, each.where, each.what) for each in found()] == [
        ("I1", f"journal {key}/1", "the event 7 is not what the log has")]
    query(f"UPDATE {table} SET {column} = {column} - 1 {where}")
    query(f"CREATE TABLE kept AS SELECT * FROM {table} {where}")
    query(f"DELETE FROM {table} {where}")
    assert [(each.check, each.what) for each in found()] == [
        ("I1", "the event 7 is missing"), ("I2", "numbers")]
    ((leaf,),) = query(f"SELECT DISTINCT tableoid::regclass::text FROM {table} LIMIT 1")
    query(f"INSERT INTO {table} SELECT * FROM kept")
    query(f"DROP INDEX {leaf}_position")
    query(f"INSERT INTO {table} SELECT * FROM kept")
    assert [(each.check, each.what) for each in found()] == [
        ("I2", "the event 7 comes twice"), ("I2", "numbers")]
    query(f"DELETE FROM {leaf} {where}")
    query(f"INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept")


def tamper_with_the_candles(line):
    """One that was changed, one that is missing, one of a number that is not its newest event's."""
    query, where = line.database.query, "WHERE symbol = 'S003' AND interval = '1s' AND time = %s"
    ((time, ms),) = query("SELECT time, (extract(epoch FROM time) * 1000)::bigint FROM candles"
                          " WHERE symbol = 'S003' AND interval = '1s' ORDER BY time LIMIT 1")
    place = f"candle {('S003', '1s', ms)}"
    for change, back, what in (("volume = volume + 1", "volume = volume - 1", ["values"]),
                               ("sequence = sequence + 1", "sequence = sequence - 1",
                                ["its newest event"])):
        query(f"UPDATE candles SET {change} {where}", time)
        assert [(each.check, each.where, each.what) for each in line.judge()] == [
            ("I1", place, each) for each in what]
        query(f"UPDATE candles SET {back} {where}", time)
    query(f"CREATE TABLE kept AS SELECT * FROM candles {where}", time)
    query(f"DELETE FROM candles {where}", time)
    assert [(each.check, each.where, each.what) for each in line.judge()] == [
        ("I1", place, "its newest event"), ("I1", place, "values")]
    query("INSERT INTO candles SELECT * FROM kept; DROP TABLE kept")


def test_a_run_that_is_tampered_with_is_found(kafka, postgres):
    with FaultLine(kafka, postgres, seed=1) as line:
        wait_until(lambda: all(line.clients.highest().get(key_of("S003", kind), 0) > 8
                               for kind in COLUMNS), "events of each kind", 60)
        assert line.judge() == []
        query = line.database.query

        query("UPDATE price_snapshots SET price = price + 1 WHERE symbol = 'S003'")
        assert [(each.check, each.where, each.what) for each in line.judge()] == [
            ("I1", "S003", "price")]
        query("UPDATE price_snapshots SET price = price - 1, epoch = 2 WHERE symbol = 'S003'")
        assert [each.what for each in line.judge()] == ["an epoch that nothing called for"]
        query("UPDATE price_snapshots SET epoch = 1 WHERE symbol = 'S003'")
        assert line.judge() == []

        of_trades = "WHERE symbol = 'S003' AND stream = 'trade'"
        query(f"UPDATE stream_positions SET newest_time = newest_time + 1 {of_trades}")
        assert [(each.check, each.where, each.what) for each in line.judge()] == [
            ("I1", "S003 trade", "(last_sequence, newest_time, newest_source)")]
        query(f"UPDATE stream_positions SET newest_time = newest_time - 1 {of_trades}")

        for kind, column in COLUMNS.items():
            tamper_with_the_journal(line, kind, column)
        tamper_with_the_candles(line)
        assert line.judge() == []

        # A frame that a client did not get, and one that it got twice.
        line.load.resume()
        line.wait_for_frames(300)
        line._learn_the_truth()
        ends = {symbol: len(stream.events) for symbol, stream in line.truth.streams.items()}
        first, second = (each for each in line.clients.all() if each.ledger is None)
        wait_until(lambda: first.highest == second.highest == ends, "all of it", 20)
        for client, again in ((first, False), (second, True)):
            at = max(number for number, frame in enumerate(client.frames)
                     if frame.message["type"] in EVENTS)
            client.frames[at:at + 1] = [client.frames[at]] * (2 if again else 0)
        line.patience_s = 2
        found = {(each.check, each.where.split("/")[0], each.what) for each in line.judge()}
        assert found >= {("I3", "client 1", "the end of the stream did not come"),
                         ("I2", "client 2", "a position comes again")}, found
        assert all(check in ("I2", "I3", "I4") for check, _, _ in found), found


def came_back(line, name):
    """Connections of a client that has left with updates and come back for others."""
    found = [each for each in line.clients.all() if each.name.startswith(name + "/")]
    return found if len(found) > 1 and found[0].received > 50 and found[1].received > 50 else None


def test_a_client_that_comes_back_and_is_tampered_with_is_found(kafka, postgres):
    """Frames of connections that have ended: one that got lost, one that came again."""
    with FaultLine(kafka, postgres, seed=3) as line:
        for name in (PROMPT.name, AWAY.name):
            wait_until(lambda name=name: came_back(line, name), f"a return of {name}", 60)
        line.load.pause()
        lost, twice = (came_back(line, name)[0].frames for name in (PROMPT.name, AWAY.name))
        for frames in (lost, twice):
            while frames[-1].message["type"] not in EVENTS:
                frames.pop()
        gone = lost.pop().message["data"]
        again = twice[-1].message["data"]
        twice.append(twice[-1])
        found = [(each.check, each.where, each.what, each.found) for each in line.judge()]
        assert found[-1] == (
            "I3", f"{PROMPT.name} {key_in(gone)}",
            "events of epoch 1 never came, and no gap took them", (gone["sequence"],) * 2)
        key = key_in(again)
        assert ("I2", f"{AWAY.name} {key}", "events of epoch 1 come twice",
                (again["sequence"],) * 2) in found
        assert {each[:2] for each in found} == {
            found[-1][:2], ("I2", f"{AWAY.name} {key}"), ("I2", f"{AWAY.name}/1 {key}"),
            ("I4", f"{AWAY.name}/1 {key}")}


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
            clients=types.SimpleNamespace(wander=lambda: None),
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
