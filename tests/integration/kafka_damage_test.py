"""A log with a damaged batch, and a broker that hangs."""

import os
import subprocess
import time

from line import START_OF_TIME_MS, Line, Load
from oracle import assert_rows_equal_the_log, stored_ends, wait_until_stored
from supervised import HERE, wait_until
from tradepulse_process import binary

T = START_OF_TIME_MS


def produce(line, symbol, count):
    """One batch of `count` records."""
    for number in range(count):
        line.producer.tick(symbol, str(number + 1), "1", T + number, partition=0)
    return line.producer.flush()


def flip(path, where):
    """Flips a bit of the last byte before `where`."""
    with open(path, "r+b") as file:
        data = file.read()
        at = data.index(where) - 1
        file.seek(at)
        file.write(bytes([data[at] ^ 1]))


def test_a_damaged_batch_is_neither_used_nor_skipped(restartable_kafka, postgres):
    server = restartable_kafka
    with Line(server.bootstrap, postgres, 1) as line:
        produce(line, "BEFORE", 20)
        wait_until_stored(line.database, line.producer.records)
        line.process.stop()
        produce(line, "DAMAGED", 20)
        produce(line, "BEHIND", 20)
        segment = server.segment(line.topic)
        server.stop()  # In order: a broker that recovers its log would cut the batch off.
        flip(segment, b'DAMAGED","price":7,')
        server.start()
        line.process.start()
        line.process.wait_for_log("CRC32C", 30)
        line.process.wait_for_log("event=kafka_read_fault", times=4)  # It tries again.
        assert stored_ends(line.database)[line.topic, 0] == 20
        assert [symbol for symbol, in line.database.query(
            "SELECT symbol FROM price_snapshots")] == ["BEFORE"]
        assert line.rest.get("/api/snapshots/BEFORE").json()["seq"] == 20
        assert line.rest.get("/api/snapshots/BEHIND").status == 404

        server.stop()
        flip(segment, b'DAMAGED","price":7,')
        server.start()
        assert_rows_equal_the_log(line.database, line.producer.records)
        assert line.database.query("SELECT DISTINCT epoch FROM price_snapshots") == [(1,)]


def test_an_operator_moves_a_partition_behind_a_damaged_batch(restartable_kafka, postgres):
    server = restartable_kafka
    with Line(server.bootstrap, postgres, 1) as line:
        produce(line, "BEFORE", 20)
        wait_until_stored(line.database, line.producer.records)
        line.process.stop()
        produce(line, "DAMAGED", 20)
        produce(line, "BEHIND", 20)
        segment = server.segment(line.topic)
        server.stop()
        flip(segment, b'DAMAGED","price":7,')
        server.start()
        line.process.start()
        line.process.wait_for_log("CRC32C", 30)
        subprocess.run([binary(), "offsets", "set", "--config", line.process.config, line.topic,
                        "0", "40", "--force"], check=True, timeout=60)
        # Without a restart: after a few failures the partition looks where it stands.
        wait_until(lambda: stored_ends(line.database)[line.topic, 0] == 60, "the end", 30)
        assert line.database.query("SELECT symbol, epoch, last_sequence FROM price_snapshots"
                                   " ORDER BY symbol") == [("BEFORE", 1, 20), ("BEHIND", 2, 20)]


def test_a_drain_beside_a_frozen_broker_ends_in_time_and_says_so(restartable_kafka, postgres):
    server = restartable_kafka
    settings = {"shutdown.deadline": "4s"}
    with Line(server.bootstrap, postgres, 2, settings) as line:
        with Load(line.producer) as load:
            wait_until(lambda: line.database.value("SELECT count(*) FROM price_snapshots"),
                       "a commit", 20)
            load.stop()
        server.freeze()
        try:
            began = time.monotonic()
            assert line.process.stop() == 0
            assert time.monotonic() - began < 4 + 2
        finally:
            server.thaw()
        said = line.process.log_text()
        assert "event=group_not_left" in said or "the end hangs" in said
        line.process.start()
        assert_rows_equal_the_log(line.database, line.producer.records)


def test_a_library_that_hangs_in_close_is_cut_off_by_the_watchdog(kafka, postgres, tmp_path):
    preloaded = tmp_path / "hanging_close.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", preloaded,
                    os.path.join(HERE, "hanging_close.c")], check=True, timeout=60)
    environment = {"LD_PRELOAD": str(preloaded), "ASAN_OPTIONS": "verify_asan_link_order=0"}
    settings = {"shutdown.deadline": "3s"}
    with Line(kafka, postgres, 1, settings, environment) as line:
        produce(line, "A", 20)
        wait_until_stored(line.database, line.producer.records)
        began = time.monotonic()
        assert line.process.stop() == 0  # Everything is stored, and only the close hangs.
        assert time.monotonic() - began < 3 + 2
        assert "the end hangs (" in line.process.log_text()
