"""From the start of the process until it is ready and holds its partitions, beside a large journal."""

import os
import secrets
import time

from confluent_kafka import Producer

import engine
from engine import fresh_database
from journal_load import Journal, load_server, write
from kafka_client import create_topic
from measure import Spread, check
from supervised import wait_until
from workload import ends_of

TARGET_S = 5
PARTITIONS = 8
INTERVALS = 6
LIMIT_S = 120
SIZES = {"tiny": Journal("benchmark-restart", PARTITIONS, 100, 3, 20, False),
         "full": Journal("benchmark-restart", PARTITIONS, 10_000, 10, 500, False)}
LATER = 2  # events of each symbol that the engine itself has read


def open_candles(bootstrap, journal):
    """Events of each symbol within one second of this minute: all of its candles stay open."""
    now = int(time.time()) // 60 * 60_000
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True,
                         "linger.ms": 20, "log_level": 0, "queue.buffering.max.messages": 200_000})
    for number in range(LATER):
        for symbol in range(journal.symbols):
            name = journal.name(symbol)
            producer.produce(journal.topic, f'{{"symbol":"{name}","price":{100 + number}.5,'
                             f'"volume":2,"timestamp":{now + number}}}', name,
                             symbol % journal.partitions)
        producer.poll(0)
    check(producer.flush(60), 0, "records that Kafka did not take")
    return ends_of(bootstrap, journal.topic, journal.partitions)


def since_start(pid):
    """Seconds since the kernel made that process, to 10 ms."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        ticks = int(file.read().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def one_start(process, journal):
    """Seconds until /ready is 200, until every partition is claimed, and CPU until then."""
    process.start(wait=False)
    found = {}

    def is_ready():
        try:
            return process.ops.get("/ready").status == 200
        except OSError:
            return False

    wait_until(is_ready, "GET /ready = 200", LIMIT_S, 0.005)
    found["ready"] = since_start(process.pid)

    def all_claimed():
        return process.metrics()["tradepulse_partition_claims_total"] == journal.partitions

    wait_until(all_claimed, "a claim of every partition", LIMIT_S, 0.005)
    found["claimed"] = since_start(process.pid)
    found["cpu"] = engine.cpu(process)
    return found


def check_restored(process, watch, journal, what):
    """Every symbol is there with its newest event, and its candles are open."""
    check(watch.row("SELECT count(*), sum(last_sequence) FROM price_snapshots"),
          (journal.symbols, journal.symbols * (journal.each + LATER)), f"{what}: symbols, numbers")
    check(watch.row("SELECT count(*) FROM candle_states")[0], journal.symbols,
          f"{what}: states of candles")
    check(watch.row("SELECT count(*) FROM candles")[0], 0, f"{what}: closed candles")
    check(watch.row("SELECT count(*) FROM ingest_offsets WHERE owner IS NOT NULL")[0],
          journal.partitions, f"{what}: partitions with an owner")
    for symbol in (0, journal.symbols // 2, journal.symbols - 1):
        answer = process.rest.get(f"/api/snapshots/{journal.name(symbol)}").json()
        check(float(answer["price"]), 99.5 + LATER, f"{what}: price of {journal.name(symbol)}")


def run(context):
    journal = SIZES[context.size]
    for name, count in ((journal.topic, journal.partitions), (journal.topic + ".dead-letter", 1)):
        create_topic(context.kafka, name, count)
    settings = {"journal.retention.price": "forever", "topics": [
        {"name": journal.topic, "decoder": "price-ticks", "candles": {"source": "price"}}],
        "kafka.group_id": "benchmark-restart-" + secrets.token_hex(6)}
    with load_server() as server, fresh_database(server.url, context.binary) as database:
        print(flush=True)
        write(server, database, journal)
        with engine.watch(database) as watch, \
                engine.serve(context.kafka, database, journal.topic, settings) as process:
            ends = open_candles(context.kafka, journal)
            watch.wait_for_offsets(journal.topic, ends, LIMIT_S)
            engine.settled_metrics(process, LATER * journal.symbols)
            check_restored(process, watch, journal, "before")
            (states,) = watch.row("SELECT avg(octet_length(state)) FROM candle_states")
            print(f"{journal.symbols} symbols, {INTERVALS} open candles of each (a state of "
                  f"{states:.0f} bytes), {journal.partitions} partitions\n"
                  "seconds from the start of the process: ready, every partition claimed; its CPU "
                  "until then", flush=True)
            rounds = []
            for number in range(1, context.rounds + 1):
                process.stop()
                found = one_start(process, journal)
                check_restored(process, watch, journal, f"start {number}")
                rounds.append(found)
                print(f"  {number:3}  {found['ready']:6.2f} {found['claimed']:6.2f}   "
                      f"{found['cpu']:5.2f}", flush=True)
    print(f"ready: {Spread(each['ready'] for each in rounds).show('{:.2f} s')}\n"
          f"ready and claimed: "
          f"{Spread(max(each['ready'], each['claimed']) for each in rounds).show('{:.2f} s')} "
          f"(aim {TARGET_S} s)\n"
          f"CPU: {Spread(each['cpu'] for each in rounds).show('{:.2f} s')}\n"
          f"checked: {context.rounds} starts, symbols, numbers, states, owners", flush=True)
