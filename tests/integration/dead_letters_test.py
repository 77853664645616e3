"""What cannot be used goes to `<topic>.dead-letter`, once each and whole; the rest goes on."""

import json
import time

import pytest
from bad_records import BAD, HOUR_MS, T, tick
from confluent_kafka import Producer
from kafka_client import create_topic, read_topic
from line import Line
from oracle import assert_rows_equal_the_log, stored_ends, stored_rows, wait_until_stored
from supervised import wait_until

GOOD_PER_BAD = 99
# Just inside the same bounds.
GOOD = {
    "BOUND1": tick(timestamp=T + 1000 + HOUR_MS, symbol='"BOUND1"'),
    "BOUND2": tick(more=',"x":' + "[" * 31 + "]" * 31, symbol='"BOUND2"'),
    "BOUND3": tick(timestamp=946684800000, symbol='"BOUND3"'),
    "A" * 32: tick(symbol='"' + "A" * 32 + '"'),
    "BOUND4": tick("1.000000000000", symbol='"BOUND4"', more=',"volume":999999999999.99999999'),
}


class HeadedProducer:
    """Guarantees: after flush(), `sent` has (partition, offset) -> (key, value, reason)."""

    def __init__(self, bootstrap, topic, **settings):
        self.topic, self.sent = topic, {}
        self._producer = Producer({"bootstrap.servers": bootstrap, "acks": "all",
                                   "enable.idempotence": True, **settings})

    def send(self, value, partition, key=None, reason=None, headers=()):
        def delivered(error, message):
            assert error is None, error
            self.sent[message.partition(), message.offset()] = (key, value, reason)
        self._producer.produce(self.topic, value=value, key=key, partition=partition,
                               timestamp=T + 1000, headers=list(headers), on_delivery=delivered)
        self._producer.poll(0)

    def flush(self):
        assert self._producer.flush(60) == 0

    def bad(self):
        return {place: sent for place, sent in self.sent.items() if sent[2]}


def letters_of(line):
    """Distinct (partition, offset) -> letter; the topic is checked, too."""
    letters = {}
    for letter in read_topic(line.kafka, line.topic + ".dead-letter"):
        assert letter.headers["tradepulse-topic"] == line.topic
        place = int(letter.headers["tradepulse-partition"]), int(
            letter.headers["tradepulse-offset"])
        letters[place] = letter
    return letters


def assert_letters_are(line, sent):
    letters = letters_of(line)
    assert letters.keys() == sent.keys()
    for place, (key, value, reason) in sent.items():
        letter = letters[place]
        assert (letter.key, letter.value) == (key, value), reason
        assert letter.headers["tradepulse-reason"] == reason, letter
        assert letter.headers["tradepulse-detail"] and "tradepulse-truncated" not in letter.headers
        assert letter.headers["origin"] == reason


def wait_until_applied(line, sent):
    ends = {}
    for partition, offset in sent:
        ends[line.topic, partition] = max(ends.get((line.topic, partition), 0), offset + 1)
    wait_until(lambda: {place: stored_ends(line.database).get(place) for place in ends} == ends,
               f"next_offset = {ends}", 30)


def rejected(line):
    found = {}
    for name, value in line.process.metrics().items():
        if name.startswith("tradepulse_rejected_records_total") and value:
            found[name.split('"')[1]] = int(value)
    return found


def counted(reasons):
    return {reason: sum(each == reason for each in reasons) for reason in set(reasons)}


def test_each_bad_kind_alone_at_the_head_of_a_partition(kafka, postgres):
    with Line(kafka, postgres, len(BAD)) as line:
        producer = HeadedProducer(kafka, line.topic)
        for partition, (name, (value, reason)) in enumerate(BAD.items()):
            producer.send(value, partition, name.encode(), reason, [("origin", reason)])
            for number in range(3):
                producer.send(tick(str(number), T + number, f'"G{partition}"'), partition)
        producer.flush()
        wait_until_applied(line, producer.sent)
        assert len(producer.bad()) == len(BAD)
        assert_letters_are(line, producer.bad())
        assert stored_rows(line.database) == {
            f"G{partition}": (2, None, T + 2, 3, 3) for partition in range(len(BAD))}
        assert rejected(line) == counted([reason for _, reason in BAD.values()])
        assert line.ops.get("/ready").json()["status"] == "ready"


def test_one_bad_in_a_hundred_costs_no_good_one(kafka, postgres):
    with Line(kafka, postgres, 2) as line:
        producer = HeadedProducer(kafka, line.topic)
        good = dict.fromkeys(("EVEN", "ODD"), 0)
        for value, reason in BAD.values():
            for partition, symbol in enumerate(good):
                for _ in range(GOOD_PER_BAD):
                    good[symbol] += 1
                    producer.send(tick(str(good[symbol]), T, f'"{symbol}"'), partition)
                producer.send(value, partition, None, reason, [("origin", reason)])
        producer.flush()
        wait_until_applied(line, producer.sent)
        assert len(producer.bad()) == 2 * len(BAD)
        assert_letters_are(line, producer.bad())
        count = GOOD_PER_BAD * len(BAD)
        assert stored_rows(line.database) == {
            symbol: (count, None, T, count, count) for symbol in good}
        assert rejected(line) == counted([reason for _, reason in BAD.values()] * 2)
        samples = line.process.metrics()
        assert samples["tradepulse_dead_letters_total"] == 2 * len(BAD)


def test_what_lies_just_inside_the_bounds_is_good(kafka, postgres):
    with Line(kafka, postgres, 1) as line:
        producer = HeadedProducer(kafka, line.topic)
        for value in GOOD.values():
            producer.send(value, 0)
        longest = tick(symbol='"LONGEST"', more=',"x":""')
        producer.send(longest[:-2] + b"x" * (65536 - len(longest)) + b'"}', 0)
        producer.flush()
        wait_until_applied(line, producer.sent)
        assert stored_rows(line.database).keys() == {*GOOD, "LONGEST"}
        assert letters_of(line) == {} and rejected(line) == {}


def test_tombstones_are_counted_and_are_no_error(kafka, postgres):
    with Line(kafka, postgres, 1) as line:
        for number in range(7):
            line.producer.produce(None, key="GONE")
            line.producer.tick("HERE", str(number), None, T + number)
        line.producer.produce(None, key="GONE")
        wait_until_stored(line.database, line.producer.flush())
        assert letters_of(line) == {} and rejected(line) == {}
        assert stored_rows(line.database) == {"HERE": (6, None, T + 6, 7, 7)}
        samples = line.process.metrics()
        name = f'tradepulse_kafka_records_total{{topic="{line.topic}",result="tombstone"}}'
        assert samples[name] == 8
        assert line.rest.get("/api/snapshots/GONE").status == 404


def test_a_letter_too_large_for_its_topic_is_cut_and_says_so(kafka, postgres):
    with Line(kafka, postgres, 1, start=False) as line:
        big = line.topic + "-big"
        create_topic(kafka, big, 1, {"max.message.bytes": "3000000"})
        create_topic(kafka, big + ".dead-letter", 1)
        line.topic = big
        line.process.settings["topics"] = [{"name": big, "decoder": "price-ticks"}]
        line.process.start()
        producer = HeadedProducer(kafka, big, **{"message.max.bytes": 3000000})
        value = tick(more=',"x":"' + "0123456789" * 200_000 + '"')
        producer.send(value, 0, b"key", "too_large", [("origin", "here")])
        producer.send(tick("5", T, '"AFTER"'), 0)
        producer.flush()
        wait_until_applied(line, producer.sent)
        letter = letters_of(line)[0, 0]
        assert (letter.key, letter.value) == (b"key", value[:65536])
        assert letter.headers["tradepulse-truncated"] == str(len(value))
        assert letter.headers["tradepulse-reason"] == "too_large"
        assert letter.headers["origin"] == "here"
        assert stored_rows(line.database) == {"AFTER": (5, None, T, 1, 1)}


def missing_dead_letter_topic(kafka, line, **settings):
    topic = line.topic + "-lone"
    create_topic(kafka, topic, 2)
    line.topic = topic
    line.process.settings.update({"topics": [{"name": topic, "decoder": "price-ticks"}],
                                  "kafka.dead_letter.timeout": "1s", **settings})
    line.process.start()
    producer = HeadedProducer(kafka, topic)
    for number in range(3):
        producer.send(tick(str(number), T + number, '"WAITS"'), 0)
        producer.send(tick(str(number), T + number, '"GOES"'), 1)
        if number == 0:
            producer.send(b"bad", 0, None, "bad_json", [("origin", "bad_json")])
    producer.flush()
    return producer


def test_a_partition_whose_letter_cannot_be_written_waits_alone(kafka, postgres):
    with Line(kafka, postgres, 1, start=False) as line:
        producer = missing_dead_letter_topic(kafka, line)
        wait_until(lambda: stored_ends(line.database).get((line.topic, 1)) == 3, "partition 1", 20)
        wait_until(lambda: line.ops.get("/ready").json()["status"] == "degraded",
                   "an alarm", 30)
        assert line.ops.get("/ready").status == 200
        assert (stored_ends(line.database)[line.topic, 0] or 0) <= 1
        line.producer.topic = line.topic  # It still takes what comes, elsewhere.
        line.producer.tick("GOES", "9", None, T + 9, partition=1)
        line.producer.flush()
        wait_until(lambda: stored_ends(line.database)[line.topic, 1] == 4, "partition 1 again", 20)
        create_topic(kafka, line.topic + ".dead-letter", 1)
        wait_until_applied(line, {(0, 3): None})
        assert_letters_are(line, producer.bad())
        assert stored_rows(line.database) == {"WAITS": (2, None, T + 2, 3, 3),
                                              "GOES": (9, None, T + 9, 4, 4)}
        wait_until(lambda: line.ops.get("/ready").json()["status"] == "ready", "the end of the"
                   " alarm", 20)


def test_on_failure_count_gives_the_letter_up(kafka, postgres):
    with Line(kafka, postgres, 1, start=False) as line:
        producer = missing_dead_letter_topic(kafka, line, **{
            "kafka.dead_letter.on_failure": "count"})
        wait_until_applied(line, producer.sent)
        assert rejected(line) == {"bad_json": 1}
        assert stored_rows(line.database)["WAITS"] == (2, None, T + 2, 3, 3)


@pytest.mark.parametrize("decoder,value,reason", [
    ("market-price", {"type": "market_price", "market": "A", "price": -1, "timestamp": T},
     "negative"),
    ("market-price", {"market": "A", "price": 1, "timestamp": T}, "missing_member"),
    ("binance-stream", {"data": {"e": "trade"}}, "missing_member"),
    ("binance-stream", {"stream": "a@trade", "data": {"e": "trade", "s": "A", "t": 1, "p": "x",
                                                      "q": "1", "T": T}}, "bad_number")])
def test_other_decoders_refuse_as_well(kafka, postgres, decoder, value, reason):
    with Line(kafka, postgres, 1, start=False) as line:
        line.process.settings["topics"] = [{"name": line.topic, "decoder": decoder}]
        line.process.start()
        line.producer.produce(json.dumps(value))
        wait_until_stored(line.database, line.producer.flush())
        (letter,) = letters_of(line).values()
        assert letter.headers["tradepulse-reason"] == reason
        assert letter.value == json.dumps(value).encode()
        assert abs(letter.timestamp_ms - time.time() * 1000) < HOUR_MS
