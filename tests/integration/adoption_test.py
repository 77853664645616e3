"""`tradepulse migrate` on a database that other programs have filled."""

import os
import subprocess

import psycopg2
import pytest
from supervised import wait_until
from tradepulse_process import REPOSITORY, binary, configuration_text

DUMPS = os.path.join(REPOSITORY, "tests", "integration", "dumps")


@pytest.fixture(name="migrate")
def migrate_fixture(database, tmp_path):
    """Runs it; the lines that it said beside those of the migrations."""
    path = tmp_path / "my.conf"
    path.write_text(configuration_text({"postgres.url": database.url, "kafka.brokers": "none:9"}))

    def run(*words, status=0):
        done = subprocess.run([binary(), "migrate", "--config", str(path), *words], text=True,
                              capture_output=True, timeout=120, check=False)
        assert done.returncode == status, (done.stdout, done.stderr)
        return [line for line in (done.stderr if status else done.stdout).splitlines()
                if not line.startswith("applied ")]
    return run


@pytest.fixture(name="restore")
def restore_fixture(database):
    def run(name):
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f",
                        os.path.join(DUMPS, name), database.url], check=True,
                       stdout=subprocess.DEVNULL, timeout=60)
    return run


def test_the_core_service_goes_on_beside_what_was_adopted(database, migrate, restore):
    restore("core_service.sql")
    assert migrate() == [
        "replaced get_next_sequence(): it goes on from the same row; what it was is in "
        "adopted_names.definition",
        "adopted market_klines: 2 rows kept, 1 values rounded to 8 decimals, 1 rows that cannot be "
        "stored are in market_klines_rejected; its key is (time, symbol), so it takes klines of 1m "
        "alone and others wait in market_klines_waiting: drop the unique index market_klines_pkey "
        "once no other program needs it, then migrate again",
        "adopted sequence_tracker: 1 rows kept; dropped the constraint single_row CHECK "
        "((id = 1)), which lets in one row"]
    # As it has always written.
    for close in (1.5, 61000.6):
        database.query(
            "INSERT INTO market_klines (time, symbol, open, high, low, close, volume, sequence) "
            "VALUES ('2024-08-08 14:33:00+00', 'BTCUSDT', 1, 1, 1, %s, 1, get_next_sequence()) "
            "ON CONFLICT (time, symbol) DO UPDATE SET close = EXCLUDED.close, "
            "sequence = EXCLUDED.sequence", close)
    rows = database.query("SELECT close::text, sequence, interval, epoch FROM market_klines "
                          "ORDER BY time")
    assert rows == [("61000.30000000", 4708, "1m", None), ("61000.50000000", 4711, "1m", None),
                    ("61000.60000000", 4713, "1m", None)]
    # And what its operators ask: 4709 could not be stored, 4710 and 4712 are not the last of a kline.
    assert database.query("SELECT symbol, max(sequence) - min(sequence) + 1 - count(*) "
                          "FROM market_klines GROUP BY symbol") == [("BTCUSDT", 3)]
    assert database.query(
        "SELECT previous + 1, sequence - 1 FROM (SELECT sequence, LAG(sequence) OVER (PARTITION BY "
        "symbol ORDER BY sequence) AS previous FROM market_klines WHERE sequence IS NOT NULL) s "
        "WHERE sequence > previous + 1") == [(4709, 4710), (4712, 4712)]
    assert migrate() == ["nothing to apply"]


def test_a_function_is_kept_where_nobody_knows_what_it_counts(database, migrate):
    database.query("CREATE SEQUENCE numbers START 5001")
    database.query("CREATE FUNCTION get_next_sequence() RETURNS BIGINT LANGUAGE sql AS "
                   "$$ SELECT nextval('numbers') $$")
    kept = ["kept get_next_sequence(): there was no table sequence_tracker, so it counts something "
            "else. It stays as it is; to have TradePulse's, set last_sequence of the row of "
            "sequence_tracker that has neither symbol nor stream to what was given last, DROP "
            "FUNCTION get_next_sequence(), and migrate again"]
    assert migrate() == kept
    assert database.value("SELECT get_next_sequence()") == 5001
    assert migrate() == ["nothing to apply"] + kept
    database.query("UPDATE sequence_tracker SET last_sequence = 5001")
    database.query("DROP FUNCTION get_next_sequence()")
    assert migrate() == ["nothing to apply"]
    assert database.value("SELECT get_next_sequence()") == 5002


def test_the_named_row_of_several_is_counted_on(database, migrate):
    database.query("CREATE TABLE sequence_tracker (id INTEGER PRIMARY KEY, name TEXT, "
                   "last_sequence BIGINT NOT NULL)")
    database.query("INSERT INTO sequence_tracker VALUES (1, 'orders', 7), (2, 'klines', 900)")
    database.query("CREATE FUNCTION get_next_sequence() RETURNS BIGINT LANGUAGE sql AS $$ UPDATE "
                   "sequence_tracker SET last_sequence = last_sequence + 1 WHERE name = 'klines' "
                   "RETURNING last_sequence $$")
    assert migrate()[0].startswith("kept get_next_sequence(): 2 rows of sequence_tracker have "
                                   "neither symbol nor stream")
    assert database.value("SELECT get_next_sequence()") == 901


def test_what_the_pipeline_has_is_kept_and_said_each_time(database, migrate, restore):
    restore("stock_pipeline.sql")
    kept = [f"kept {name}: TradePulse has a view of this name, and something stands there. It stays "
            f"as it is with its rows and writers; adopt.replace = [\"{name}\"] renames it to "
            f"{name}_before_tradepulse and puts a view of both in its place"
            for name in ("stock_bars_staging", "stock_trades_realtime")]
    # No type of a column that the view uses has to change.
    assert migrate() == [
        "adopted klines: 2 rows kept, 0 values rounded to 8 decimals, 0 rows that cannot be stored; "
        "TradePulse writes market_klines, not this table"] + kept
    assert migrate() == ["nothing to apply"] + kept
    assert database.query("SELECT close::text FROM last_close") == [("150.50000000",)]


def test_tables_make_room_where_the_operator_names_them(database, migrate, restore):
    restore("stock_pipeline.sql")
    migrate()
    choice = "adopt.replace=[klines, stock_trades_realtime, stock_bars_staging]"
    said = [f"replaced {name}: what stood there is {where}{name}_before_tradepulse now, and a view "
            "of both has the name; INSERT into it is refused"
            for name, where in (("klines", ""), ("stock_bars_staging", "market_data_oltp."),
                                ("stock_trades_realtime", "market_data_oltp."))]
    assert migrate("--set", choice) == ["nothing to apply"] + said
    assert migrate("--set", choice) == ["nothing to apply"]
    assert database.query("SELECT symbol, price::text, size::int "
                          "FROM market_data_oltp.stock_trades_realtime") == [("AAPL", "150.2500", 100)]
    assert database.value("SELECT count(*) FROM klines") == 2
    assert database.query("SELECT close::text FROM last_close") == [("150.50000000",)]


def test_a_migration_that_is_killed_lets_go_of_the_tables(database, migrate, restore, tmp_path):
    restore("core_service.sql")
    backends = ("SELECT wait_event_type FROM pg_stat_activity WHERE datname = current_database() "
                "AND wait_event_type = 'Lock'")
    reader = psycopg2.connect(database.url)
    reader.cursor().execute("SELECT count(*) FROM market_klines")  # its transaction stays open
    with subprocess.Popen([binary(), "migrate", "--config", str(tmp_path / "my.conf")],
                          stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: database.query(backends), "the table that somebody reads", 60)
        process.kill()
    wait_until(lambda: not database.query(backends), "its session to end", 45)  # lock_timeout: 60 s
    reader.close()
    assert database.query("SELECT DISTINCT pg_typeof(open)::text FROM market_klines") == [
        ("double precision",)]
    assert any(line.startswith("adopted market_klines: 2 rows") for line in migrate())


def test_an_unknown_name_is_refused_before_anything_is_done(database, migrate):
    said = migrate("--set", "adopt.replace=[market_kline]", status=78)
    assert "market_klines" in " ".join(said)
    assert database.query("SELECT 1 FROM pg_class WHERE relname = 'tradepulse_migrations'") == []
