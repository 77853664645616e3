"""Bytes on disk of each kind of row that the engine writes, with its index."""

import calendar
import secrets
import time

from confluent_kafka import Producer

import engine
from kafka_client import create_topic
from measure import check
from workload import ends_of

PARTITIONS = 8
TARGET_BYTES = 150
LIMIT_S = 300
FIRST_TIME = calendar.timegm((2026, 3, 1, 22, 30, 0)) * 1000
STEP_MS = 1_000  # from an event of a symbol to its next one
# (symbols, trades of each of them, trades a second: 0 is all that is there already)
SIZES = {"tiny": [(20, 100, 0)],
         "full": [(300, 5_000, 0), (300, 5_000, 20_000), (300, 1_000, 10_000)]}
SETTINGS = {"journal.streams": ["price", "trade", "candle"]}


def produce(bootstrap, topic, symbols, each, rate):
    """Each is a price and a trade; prices and sizes as they are usual."""
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True,
                         "linger.ms": 2 if rate else 20, "log_level": 0,
                         "queue.buffering.max.messages": 500_000})
    due = time.perf_counter()
    for index in range(symbols * each):
        symbol, number = index % symbols, index // symbols
        price = 100_000_000 + index * 7919 % 800_000_000
        size = 100_000 + index * 31 % 900_000
        value = (f'{{"symbol":"SYM{symbol:05d}","price":{price // 10_000}.{price % 10_000:04d},'
                 f'"size":{size // 10_000}.{size % 10_000:04d},'
                 f'"timestamp":{FIRST_TIME + number * STEP_MS + symbol},'
                 f'"side":"{"sell" if index % 3 else "buy"}","trade_id":{4_000_000_000 + index}}}')
        while True:
            try:
                producer.produce(topic, value, f"SYM{symbol:05d}", symbol % PARTITIONS)
                break
            except BufferError:
                producer.poll(0.05)
        if index % 100 == 0:
            producer.poll(0)
            if rate:
                due += 100 / rate
                time.sleep(max(0.0, due - time.perf_counter()))
    check(producer.flush(60), 0, "records that Kafka did not take")
    return ends_of(bootstrap, topic, PARTITIONS)


def sizes(watch, table):
    """(rows, bytes of the table, bytes of its indexes), of all leaves where it has some. TOAST and
    the maps of free space are in neither: a row of ours has none, and they are the table's."""
    found = watch.row(
        "SELECT coalesce(sum(pg_relation_size(oid)), 0), coalesce(sum(pg_indexes_size(oid)), 0)"
        " FROM pg_class WHERE oid = %s::regclass OR oid IN"
        " (SELECT inhrelid FROM pg_inherits WHERE inhparent = %s::regclass)", table, table)
    return (watch.row(f"SELECT count(*) FROM {table}")[0], *map(int, found))


def one_load(context, symbols, each, rate):
    topic = "benchmark-sizes-" + secrets.token_hex(4)
    create_topic(context.kafka, topic, PARTITIONS)
    create_topic(context.kafka, topic + ".dead-letter")
    topics = [{"name": topic, "decoder": "stock-trades", "candles": {"source": "trade"}}]
    ends = None if rate else produce(context.kafka, topic, symbols, each, rate)
    with engine.fresh_database(context.postgres, context.binary) as database, \
            engine.watch(database) as watch, \
            engine.serve(context.kafka, database, topic, {**SETTINGS, "topics": topics}) as process:
        if rate:
            ends = produce(context.kafka, topic, symbols, each, rate)
        watch.wait_for_offsets(topic, ends, LIMIT_S)
        commits = engine.settled_metrics(process, symbols * each)[
            "tradepulse_database_commits_total"]
        print(f"\n{symbols} symbols, {each} trades of each, a second apart, "
              f"{f'at {rate:,} a second' if rate else 'read at once'}: {commits:.0f} commits\n"
              "                        rows   bytes a row  with its index", flush=True)
        for table, due in (("journal_prices", symbols * each), ("journal_trades", symbols * each),
                           ("journal_candles", None), ("candles", None),
                           ("candle_states", symbols)):
            rows, heap, indexes = sizes(watch, table)
            if due is None:  # those that the engine says it has closed
                due = process.metrics()["tradepulse_candle_events_total"]
            check(rows, due, f"rows of {table}")
            aim = f"  (aim {TARGET_BYTES})" if table in ("journal_prices", "journal_trades") else ""
            print(f"  {table:18} {rows:9,}  {heap / rows:11.1f}  {(heap + indexes) / rows:14.1f}"
                  f"{aim}", flush=True)
        kept, total = watch.row("SELECT count(*), coalesce(sum(trades), 0) FROM candles"
                                " WHERE interval = '1m'")
        closed = symbols * (each * STEP_MS // 60_000)
        check((kept, int(total)), (closed, closed * 60_000 // STEP_MS),
              "candles of a minute, trades in them")


def run(context):
    for symbols, each, rate in SIZES[context.size]:
        one_load(context, symbols, each, rate)
    print("checked: every record is a price and a trade of the journal, every minute that is over "
          "a candle with all its trades", flush=True)
