"""Klines of upstream in market_klines, and what operators ask there; by psql, as they do."""

import json

import pytest
from kline_line import Klines, kline

GAPS_PER_SYMBOL = """
SELECT symbol, MAX(sequence) - MIN(sequence) + 1 - COUNT(*) AS gap_count
FROM market_klines WHERE sequence IS NOT NULL GROUP BY symbol ORDER BY symbol;"""
EACH_GAP = """
SELECT symbol, previous + 1 AS gap_start, sequence - 1 AS gap_end
FROM (SELECT symbol, sequence,
             LAG(sequence) OVER (PARTITION BY symbol ORDER BY sequence) AS previous
      FROM market_klines WHERE sequence IS NOT NULL) numbered
WHERE sequence > previous + 1 ORDER BY symbol, gap_start;"""
WITH_AND_WITHOUT = """
SELECT symbol, COUNT(*), COUNT(sequence), MIN(sequence), MAX(sequence)
FROM market_klines GROUP BY symbol ORDER BY symbol;"""


def test_the_gap_sql_shows_what_upstreams_numbers_give(kafka, postgres):
    with Klines(kafka, postgres, {"klines.missed_numbers": "source"}) as line:
        line.produce(
            kline("BTCUSDT", 0, "10", sequence=41), kline("BTCUSDT", 1, "11", sequence=42),
            # 43 and 44 never came; a kline that is written three times has its last number.
            kline("BTCUSDT", 2, "12", closed=False, sequence=45),
            kline("BTCUSDT", 2, "13", closed=False, sequence=46),
            kline("BTCUSDT", 2, "14", sequence=47), kline("BTCUSDT", 3, "15", sequence=50),
            kline("BTCUSDT", 4, "16", closed=False, sequence=51),
            kline("ETHUSDT", 0, "20", sequence=7), kline("ETHUSDT", 1, "21", sequence=8),
            kline("OLD", 0, "30"))
        line.wait_until_stored()
        assert line.psql(GAPS_PER_SYMBOL) == ["BTCUSDT|6", "ETHUSDT|0"]
        assert line.psql(EACH_GAP) == ["BTCUSDT|43|46", "BTCUSDT|48|49"]
        assert line.psql(WITH_AND_WITHOUT) == ["BTCUSDT|5|4|41|50", "ETHUSDT|2|2|7|8", "OLD|1|0||"]
        assert line.psql("SELECT interval, open, high, low, close, volume, closed, last_sequence "
                         "FROM market_klines WHERE symbol = 'BTCUSDT' ORDER BY time DESC LIMIT 2") \
            == ["1m|1.50000000|99.00000000|0.50000000|16.00000000|12.50000000|f|51",
                "1m|1.50000000|99.00000000|0.50000000|15.00000000|12.50000000|t|50"]
        assert line.psql("SELECT count(*) FROM klines") == ["8"]
        assert line.psql("SELECT symbol, gap_count FROM stream_gaps ORDER BY symbol") == [
            "BTCUSDT|0", "ETHUSDT|0", "OLD|0"]


def test_numbers_are_the_engines_own_where_clients_count_by_them(kafka, postgres):
    with Klines(kafka, postgres, {"postgres.sequence_tracker": True}) as line:
        line.produce(*(kline("BTCUSDT", minute, "10", sequence=100 + 10 * minute)
                       for minute in range(4)))
        line.wait_until_stored()
        assert line.psql(GAPS_PER_SYMBOL) == ["BTCUSDT|0"]
        assert line.psql(WITH_AND_WITHOUT) == ["BTCUSDT|4|4|1|4"]
        assert line.psql("SELECT symbol, stream, last_sequence, epoch FROM sequence_tracker "
                         "WHERE symbol IS NOT NULL") == ["BTCUSDT|kline_1m|4|1"]


def test_a_tracker_that_gives_ids_by_itself_takes_new_streams(kafka, postgres):
    with Klines(kafka, postgres, {"postgres.sequence_tracker": True}, start=False) as line:
        line.psql("CREATE TABLE sequence_tracker (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY "
                  "KEY, last_sequence BIGINT NOT NULL)")
        line.psql("INSERT INTO sequence_tracker (last_sequence) VALUES (41)")
        line.process.start()
        line.produce(kline("BTCUSDT", 0, "10"), kline("BTCUSDT", 1, "11"))
        line.wait_until_stored()
        assert line.psql("SELECT symbol, stream, last_sequence, epoch FROM sequence_tracker "
                         "ORDER BY id") == ["||41|", "BTCUSDT|kline_1m|2|1"]
        assert line.psql("SELECT get_next_sequence()") == ["42"]


@pytest.mark.parametrize("killed", [False, True])
def test_who_has_written_before_is_gone_on_from(kafka, postgres, killed):
    with Klines(kafka, postgres, {"klines.missed_numbers": "source"}, start=False) as line:
        line.restore("core_service.sql")
        line.process.start()
        line.produce(kline("BTCUSDT", 0, "10", sequence=4712),
                     kline("BTCUSDT", 1, "11", sequence=4713))
        line.wait_until_stored()
        if killed:
            line.process.kill()
            line.process.start()
        line.produce(kline("BTCUSDT", 2, "12", sequence=4716))
        line.wait_until_stored()
        # 4709 could not be adopted, 4710 was not the last of its kline.
        assert line.psql(EACH_GAP) == ["BTCUSDT|4709|4710", "BTCUSDT|4714|4715"]
        assert line.psql("SELECT count(*), count(epoch) FROM market_klines") == ["5|3"]


def test_an_interval_that_their_key_keeps_out_waits_with_an_alarm(kafka, postgres):
    with Klines(kafka, postgres, {"klines.missed_numbers": "source"}, start=False) as line:
        line.restore("core_service.sql")
        line.process.start()
        line.produce(kline("BTCUSDT", 0, "10", sequence=4712))
        line.wait_until_stored()
        assert line.ops.get("/ready").json()["status"] == "ready"
        line.produce(kline("BTCUSDT", 0, "9", sequence=4713, interval="5m"))
        line.wait_until_stored()
        remedy = "ALTER TABLE market_klines DROP CONSTRAINT market_klines_pkey"
        ready = line.ops.get("/ready").json()
        assert ready["status"] == "degraded"
        assert remedy in json.dumps(ready)
        assert line.psql("SELECT interval, close FROM market_klines_waiting") == ["5m|9.00000000"]
        assert "tradepulse_waiting_klines_total 1" in line.ops.get("/metrics").body.decode()
        assert "event=klines_wait" in line.process.log_text()
        line.psql(remedy)
        line.process.stop()  # it looks again once a minute, and on each new connection
        line.process.start()
        line.produce(kline("BTCUSDT", 1, "11", sequence=4714))
        line.wait_until_stored()
        assert line.psql("SELECT interval, sequence FROM market_klines WHERE epoch IS NOT NULL "
                         "ORDER BY sequence") == ["1m|4712", "5m|4713", "1m|4714"]
        assert line.ops.get("/ready").json()["status"] == "ready"
