"""Pages of a large journal, at random positions: by the engine's store, and over REST."""

import contextlib
import http.client
import json
import os
import random
import subprocess
import time

import engine
from engine import fresh_database
from journal_load import Journal, load_server, price_units, volume, write
from kafka_client import create_topic
from measure import Spread, check

LIMIT = 100
TARGET_DATABASE_MS, TARGET_REST_MS = 10, 20
LIMIT_S = 200
TOPIC = "benchmark-missed"
# The journal; queries of a round, each way; those before them, in which a session meets each leaf
# for the first time.
SIZES = {"tiny": (Journal(TOPIC, 4, 20, 12, 50, True), 60, 10),
         "full": (Journal(TOPIC, 8, 300, 90, 371, True), 2_000, 500)}
# The journal's days are as old as it wants them to be.
SETTINGS = {"journal.retention.price": "forever"}


def share(times, of):
    """The smallest time that so many of all do not exceed."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * of))]


class Pages:
    """A client with one connection that stays open; every event that comes is compared."""

    def __init__(self, port, journal, seed):
        self._journal, self._random = journal, random.Random(seed)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.events = 0

    def page(self):
        """Milliseconds until all of an answer was here."""
        journal = self._journal
        symbol = self._random.randrange(journal.symbols)
        after = self._random.randrange(journal.each - LIMIT + 1)
        path = (f"/api/v1/events/missed?symbol={journal.name(symbol)}&fromSeq={after}"
                f"&limit={LIMIT}")
        began = time.perf_counter()
        self._connection.request("GET", path)
        response = self._connection.getresponse()
        body = response.read()
        took = (time.perf_counter() - began) * 1000
        check(response.status, 200, path)
        answer = json.loads(body)
        check([(each["seq"], each["epoch"], each["price"] * 10, each["volume"], each["timestamp"])
               for each in answer["data"]],
              [(seq, 1, price_units(symbol, seq) / 1e7, volume(symbol, seq), journal.base_ms + seq)
               for seq in range(after + 1, after + LIMIT + 1)], path)
        check((answer["seq"], answer["gaps"], answer["highest"]),
              (after + LIMIT, [], journal.each), path)
        self.events += LIMIT
        return took

    def close(self):
        self._connection.close()


def in_the_database(context, database, journal, queries, warm_up, seed):
    done = subprocess.run(
        [str(part) for part in (
            os.path.join(context.programs, "benchmark_journal_reader"), database.url,
            journal.symbols, journal.each, queries, LIMIT, journal.base_ms, seed, warm_up)],
        stdout=subprocess.PIPE, check=True, timeout=LIMIT_S)
    return json.loads(done.stdout)


def over_rest(context, database, journal, queries, warm_up, seed):
    """As benchmark_journal_reader: (first page of a process that has just become ready, those in
    which its sessions meet the leaves, the others), milliseconds."""
    with engine.serve(context.kafka, database, journal.topic, SETTINGS) as process, \
            contextlib.closing(Pages(process.client_port, journal, seed)) as client:
        first = client.page()
        cold = [client.page() for _ in range(warm_up)]
        times = [client.page() for _ in range(queries)]
        metrics = process.metrics()
        check(metrics["tradepulse_history_queries_total"], 1 + warm_up + queries, "questions")
        check(metrics["tradepulse_history_errors_total"], 0, "reads that failed")
    return first, cold, times


def run(context):
    journal, queries, warm_up = SIZES[context.size]
    create_topic(context.kafka, journal.topic, journal.partitions)
    create_topic(context.kafka, journal.topic + ".dead-letter")
    with load_server() as server, fresh_database(server.url, context.binary) as database:
        print(flush=True)
        write(server, database, journal)
        print(f"pages of {LIMIT} events behind random positions, {queries} each way and round, one "
              f"after the other; the server starts anew before each; before them a first page and "
              f"{warm_up} in which the session meets the leaves; milliseconds\n"
              "  round            first  cold p99    p50    p99    max", flush=True)
        rounds = []
        for number in range(1, context.rounds + 1):
            server.restart()  # nothing is in its own memory
            below = in_the_database(context, database, journal, queries, warm_up, number)
            server.restart()
            first, cold, times = over_rest(context, database, journal, queries, warm_up, number)
            found = {
                "database": (below["first_ms"], below["cold"]["p99"], below["times"]["p50"],
                             below["times"]["p99"], below["times"]["max"]),
                "REST": (first, share(cold, 0.99), share(times, 0.5), share(times, 0.99),
                         max(times))}
            rounds.append(found)
            for way, figures in found.items():
                print(f"  {number:3}  {way:10}" + "".join(f"  {each:6.2f}" for each in figures),
                      flush=True)
    for way, aim in (("database", TARGET_DATABASE_MS), ("REST", TARGET_REST_MS)):
        for place, text in enumerate(("first page", "cold sessions, p99", "p50", "p99")):
            print(f"missed page, {way}, {text}: "
                  f"{Spread(found[way][place] for found in rounds).show('{:.2f} ms')}" +
                  (f" (aim {aim} ms)" if text == "p99" else ""))
    print(f"checked: {context.rounds} x 2 x {1 + warm_up + queries} pages, every event of them by "
          "number, price, volume and time", flush=True)
