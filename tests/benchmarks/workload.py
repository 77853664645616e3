"""Records of the topic price-ticks that are the same on every run, and what they add up to."""

import dataclasses
import hashlib
import time

from confluent_kafka import Producer, TopicPartition
from confluent_kafka import Consumer

from kafka_client import create_topic
from measure import check

MASK = 2**64 - 1


def ends_of(bootstrap, topic, partitions):
    """{partition: offset behind its last record}"""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "benchmark-ends"})
    try:
        return {number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=30)[1]
                for number in range(partitions)}
    finally:
        consumer.close()


@dataclasses.dataclass
class Load:
    """A filled topic. Sums wrap at 2^64, as those of benchmark_ingest_floor do."""
    topic: str
    partitions: int
    symbols: int
    records: int
    bytes_of_record: int
    ends: dict
    price_units: int
    volume_units: int
    times: int
    last_price_units: int    # of the last record of each symbol, summed
    last_times: int
    checksum: str
    first_time: int          # of the first record's event, ms
    step_us: int             # from an event to the next one

    def time_of(self, index):
        return self.first_time + index * self.step_us // 1000


def fill(bootstrap, topic, *, records, symbols, partitions, first_time=None, step_us=100,
         make=True, rate=0):
    """Symbols take turns; all records of one are in one partition; 83 bytes a value. `rate` records
    a second, open loop; 0: as fast as it goes."""
    if make:
        create_topic(bootstrap, topic, partitions)
        create_topic(bootstrap, topic + ".dead-letter", 1)
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True,
                         "linger.ms": 1 if rate else 20, "batch.size": 1_000_000,
                         "log_level": 0, "queue.buffering.max.messages": 500_000})
    began = time.perf_counter()
    names = [f"SYM{number:05d}" for number in range(symbols)]
    if first_time is None:
        first_time = int(time.time()) * 1000 - 600_000
    # Sums of what does not depend on the clock: the same on every run of the same size.
    price_sum = volume_sum = 0
    last = {}
    size = 0
    for index in range(records):
        symbol = index % symbols
        # Five digits and four decimals; two and four.
        price = 100_000_000 + index * 7919 % 800_000_000
        volume = 100_000 + index * 31 % 900_000
        moment = first_time + index * step_us // 1000
        value = (f'{{"symbol":"{names[symbol]}","price":{price // 10_000}.{price % 10_000:04d},'
                 f'"volume":{volume // 10_000}.{volume % 10_000:04d},"timestamp":{moment}}}')
        while True:
            try:
                producer.produce(topic, value, names[symbol], symbol % partitions)
                break
            except BufferError:
                producer.poll(0.05)
        if index % 1000 == 0:
            producer.poll(0)
        if rate and index % 20 == 0:
            time.sleep(max(0.0, began + index / rate - time.perf_counter()))
        price_sum += price
        volume_sum += volume
        size += len(value)
        if index >= records - symbols:
            last[symbol] = (price * 10_000, moment)
    check(producer.flush(60), 0, "records that Kafka did not take")
    ends = ends_of(bootstrap, topic, partitions)
    check(sum(ends.values()), records, f"records in {topic}")
    times = sum(first_time + index * step_us // 1000 for index in range(records))
    return Load(topic, partitions, symbols, records, size // records, ends,
                price_sum * 10_000 & MASK, volume_sum * 10_000 & MASK, times & MASK,
                sum(price for price, _ in last.values()), sum(moment for _, moment in last.values()),
                hashlib.sha256(f"{records} {symbols} {price_sum} {volume_sum}".encode())
                .hexdigest()[:16], first_time, step_us)


def check_rows(watch, load, what):
    """The rows are those of the last record of each symbol, and every record has its number."""
    count, numbered, prices, times, epochs = watch.row(
        "SELECT count(*), sum(last_sequence), sum(price) * 100000000, sum(timestamp),"
        " count(*) FILTER (WHERE epoch <> 1 OR state <> 0) FROM price_snapshots")
    check(count, min(load.symbols, load.records), f"{what}: rows in price_snapshots")
    check(numbered, load.records, f"{what}: sum of last_sequence")
    check(int(prices), load.last_price_units, f"{what}: sum of prices")
    check(int(times), load.last_times, f"{what}: sum of timestamps")
    check(epochs, 0, f"{what}: streams of another epoch or state")
