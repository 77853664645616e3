"""Records that go away before or after they were read, as retention takes them."""

import pytest
from kafka_client import delete_records_before
from line import START_OF_TIME_MS, Line
from oracle import stored_ends, updates_by_symbol, wait_until_stored
from supervised import wait_until

T = START_OF_TIME_MS


def produce(line, first, last):
    """Prices first..last of A, one record each: the price of the record at offset o is o + 1."""
    for price in range(first, last + 1):
        line.producer.tick("A", str(price), "1", T + price)
    return line.producer.flush()


def row(line):
    return line.database.query("SELECT epoch, last_sequence, price FROM price_snapshots")


def journalled(line):
    """{epoch: events}, each numbered 1..N."""
    found = line.database.query("SELECT epoch, count(*), min(seq), max(seq) FROM journal_prices"
                                " GROUP BY epoch")
    assert all((first, last) == (1, count) for _, count, first, last in found), found
    return {epoch: count for epoch, count, _, _ in found}


def test_the_checked_record_alone_is_gone_and_numbers_go_on(kafka, postgres):
    with Line(kafka, postgres, 1) as line:
        produce(line, 1, 30)
        wait_until_stored(line.database, line.producer.records)
        line.process.stop()
        delete_records_before(kafka, line.topic, 30)  # 29 was applied last, 30 is next.
        produce(line, 31, 40)
        line.process.start()
        wait_until_stored(line.database, line.producer.records)
        assert row(line) == [(1, 40, 40)]
        assert "event=log_unverified" in line.process.log_text()
        assert line.process.metrics()["tradepulse_expired_records_total"] == 0
        assert line.ops.get("/ready").json()["status"] == "ready"


def test_records_that_expired_unread_are_counted_and_begin_an_epoch(kafka, postgres):
    with Line(kafka, postgres, 1) as line:
        produce(line, 1, 30)
        wait_until_stored(line.database, line.producer.records)
        line.process.stop()
        produce(line, 31, 50)
        delete_records_before(kafka, line.topic, 43)  # 30..42, thirteen, were never read.
        line.process.start()
        wait_until_stored(line.database, line.producer.records)
        assert row(line) == [(2, 7, 50)]
        (alarm,) = [text for text in line.process.log_text().splitlines()
                    if "event=records_expired_unread" in text]
        assert "records=13" in alarm and "log_start=43" in alarm and "next_offset=30" in alarm
        assert line.process.metrics()["tradepulse_expired_records_total"] == 13


@pytest.mark.parametrize("kept,sent", [(10, 60), (0, 60), (0, 36)],
                         ids=["some are left", "nothing is left", "the first were on their way"])
def test_records_that_expire_before_a_living_reader_gets_them(
        restartable_kafka, postgres, kept, sent):
    """It stands still meanwhile, as a process does on a machine that was suspended. The fetch that
    waits is answered with the records up to `sent`, if it was there already."""
    kafka = restartable_kafka.bootstrap
    with Line(kafka, postgres, 1) as line:
        produce(line, 1, 30)
        wait_until_stored(line.database, line.producer.records)
        client = line.process.websocket()
        client.subscribe("A")
        line.process.freeze()
        produce(line, 31, sent)
        produce(line, sent + 1, 60)
        delete_records_before(kafka, line.topic, 60 - kept)
        line.process.thaw()
        produce(line, 61, 62)
        wait_until(lambda: stored_ends(line.database)[line.topic, 0] == 62, "the end", 30)
        # What the broker had sent before it deleted may have been used, all of it or its beginning.
        used = journalled(line)[1]
        if row(line) == [(1, 62, 62)]:
            assert used == 62
            return
        assert row(line) == [(2, kept + 2, 62)] and journalled(line) == {1: used, 2: kept + 2}
        client.wait_for(lambda message: message.get("data", {}).get("epoch") == 2)
        shown = [update["sequence"] for update in updates_by_symbol(client.messages())["A"]
                 if update["epoch"] == 1]
        assert shown == list(range(31, used + 1))
        (gap,) = client.messages("gap")
        assert (gap["epoch"], gap["from"], gap["to"], gap["reason"]) == (
            1, used + 1, None, "new_epoch")
        assert line.process.metrics()["tradepulse_expired_records_total"] == 60 - kept - used
