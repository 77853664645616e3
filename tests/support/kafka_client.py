"""Topics, a producer that remembers what it produced, and reads of whole topics."""

import dataclasses
import json
import tempfile
import time

from confluent_kafka import (TIMESTAMP_CREATE_TIME, Consumer, KafkaException, Producer,
                             TopicPartition)
from confluent_kafka.admin import AdminClient, NewTopic

from kafka_server import run_tool
from supervised import wait_until


@dataclasses.dataclass(frozen=True)
class Record:
    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    timestamp_ms: int
    headers: dict = dataclasses.field(default_factory=dict)

    def json(self):
        return json.loads(self.value)


def create_topic(bootstrap, name, partitions=1, settings=None):
    """Guarantees: every partition has a leader when this returns."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    topic = NewTopic(name, num_partitions=partitions, replication_factor=1, config=settings or {})
    admin.create_topics([topic])[name].result(timeout=30)
    wait_until(lambda: _has_leaders(admin, name, partitions), f"leaders of {name}", 30)
    return name


def _has_leaders(admin, name, partitions):
    found = admin.list_topics(name, timeout=5).topics[name]
    return (found.error is None and len(found.partitions) == partitions
            and all(partition.leader >= 0 for partition in found.partitions.values()))


def delete_topic(bootstrap, name):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.delete_topics([name])[name].result(timeout=30)
    wait_until(lambda: name not in admin.list_topics(timeout=5).topics, f"end of {name}", 30)


def delete_records_before(bootstrap, topic, offset, partition=0):
    """What retention does: the log begins at `offset` when this returns."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as wanted:
        json.dump({"version": 1, "partitions": [
            {"topic": topic, "partition": partition, "offset": offset}]}, wanted)
        wanted.flush()
        # By Kafka's own tool: the Python client has no such call.
        run_tool("org.apache.kafka.tools.DeleteRecordsCommand", "--bootstrap-server", bootstrap,
                 "--offset-json-file", wanted.name)


def tick(symbol, price, volume=None, timestamp_ms=None):
    """A value of the topic price-ticks. Prices and volumes are texts: written as they are."""
    volume_member = "" if volume is None else f',"volume":{volume}'
    timestamp_ms = int(time.time() * 1000) if timestamp_ms is None else timestamp_ms
    return (f'{{"symbol":{json.dumps(symbol)},"price":{price}{volume_member},'
            f'"timestamp":{timestamp_ms}}}').encode()


class RecordingProducer:
    """Guarantees: after flush(), `records` has each produced record with its offset, and every
    one of them is in the log (acks=all, idempotent: once)."""

    def __init__(self, bootstrap, topic, **settings):
        self.topic = topic
        self.records = []
        self.errors = []
        # One request at a time: with several a batch that comes again after a broker's end can
        # overtake the one before it, which is fatal to an idempotent producer ("rewound sequence
        # number").
        self._producer = Producer({"bootstrap.servers": bootstrap, "acks": "all",
                                   "enable.idempotence": True, "linger.ms": 1, "log_level": 0,
                                   "max.in.flight.requests.per.connection": 1, **settings})

    def produce(self, value, key=None, partition=-1, timestamp_ms=0):
        if isinstance(value, str):
            value = value.encode()
        stamp_ms = int(time.time() * 1000)

        def delivered(error, message):
            self._delivered(error, message, stamp_ms)
        while True:
            try:
                self._producer.produce(self.topic, value=value, key=key, partition=partition,
                                       timestamp=timestamp_ms, on_delivery=delivered)
                break
            except BufferError:
                self._producer.poll(0.1)
        self._producer.poll(0)

    def tick(self, symbol, price, volume=None, timestamp_ms=None, partition=-1):
        self.produce(tick(symbol, price, volume, timestamp_ms), key=symbol, partition=partition)

    def _delivered(self, error, message, stamp_ms):
        if error is not None:
            self.errors.append(error)
            return
        # A mock cluster has one time of its own for all records.
        kind, time_ms = message.timestamp()
        self.records.append(Record(message.topic(), message.partition(), message.offset(),
                                   message.key(), message.value(),
                                   time_ms if kind == TIMESTAMP_CREATE_TIME else stamp_ms))

    def flush(self, timeout=60):
        left = self._producer.flush(timeout)
        if left or self.errors:
            raise RuntimeError(f"{left} records not delivered in {timeout} s; {self.errors[:3]}")
        return self.records


def read_topic(bootstrap, topic, timeout=30):
    """All records that the topic has now, by partition and offset."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "read-topic",
                         "enable.auto.commit": False, "auto.offset.reset": "error"})
    try:
        partitions = consumer.list_topics(topic, timeout=timeout).topics[topic].partitions
        ends, starts = {}, []
        for number in partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, number),
                                                       timeout=timeout)
            if high > low:
                ends[number] = high
                starts.append(TopicPartition(topic, number, low))
        consumer.assign(starts)
        records = []
        deadline = time.monotonic() + timeout
        while any(consumer_position < end for consumer_position, end in _progress(consumer, topic,
                                                                                  ends)):
            message = consumer.poll(0.5)
            if message is None:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{topic} could not be read to its end in {timeout} s")
                continue
            if message.error():
                raise KafkaException(message.error())
            headers = {name: value.decode() for name, value in message.headers() or []}
            records.append(Record(message.topic(), message.partition(), message.offset(),
                                  message.key(), message.value(), message.timestamp()[1], headers))
        return sorted(records, key=lambda record: (record.partition, record.offset))
    finally:
        consumer.close()


def dead_letters(kafka, topic):
    """{(topic, partition, offset)} as their headers say."""
    return {(letter.headers["tradepulse-topic"], int(letter.headers["tradepulse-partition"]),
             int(letter.headers["tradepulse-offset"]))
            for letter in read_topic(kafka, topic + ".dead-letter")}


def read_unreported(bootstrap, topic, records, starts, timeout=30):
    """What the topic has from `starts` on, {partition: offset}, and none of `records` is: copies of
    some of them, as a cluster keeps them that does not know a batch that comes again. Fails where
    one is no copy. `starts` is moved to the end."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "read-unreported",
                         "enable.auto.commit": False, "auto.offset.reset": "error"})
    try:
        by_value = {record.value: record for record in records}
        found = []
        for partition, start in starts.items():
            known = {record.offset for record in records if record.partition == partition}
            end = consumer.get_watermark_offsets(TopicPartition(topic, partition),
                                                 timeout=timeout)[1]
            for offset in sorted(set(range(start, end)) - known):
                value = _value_at(consumer, topic, partition, offset, timeout)
                if value not in by_value:
                    raise RuntimeError(f"{topic}/{partition} offset {offset}: {value} was never "
                                       "produced")
                found.append(dataclasses.replace(by_value[value], offset=offset))
            starts[partition] = end
        return found
    finally:
        consumer.close()


def _value_at(consumer, topic, partition, offset, timeout):
    consumer.assign([TopicPartition(topic, partition, offset)])
    message = consumer.poll(timeout)
    if message is None or message.error():
        raise RuntimeError(f"{topic}/{partition} offset {offset} could not be read: {message}")
    return message.value()


def _progress(consumer, topic, ends):
    positions = consumer.position([TopicPartition(topic, number) for number in ends])
    return [(position.offset, ends[position.partition]) for position in positions]
