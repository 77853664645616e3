"""The load client (load_client.cpp) as a child: a rate is set, reports are asked for."""

import contextlib
import dataclasses
import json
import os
import secrets
import subprocess
import time

import engine
from kafka_client import create_topic
from kafka_server import KafkaServer
from measure import Wrong, check
from supervised import wait_until

PARTITIONS = 1
# A finished load may have this long to come in.
LIMIT_S = 60


class Broker(KafkaServer):
    """With both compilers of the virtual machine, as Kafka is started elsewhere: that of the tests
    starts sooner and takes half as much again for each request. To be warmed up."""

    def _java(self, *arguments):
        return [each for each in super()._java(*arguments) if each != "-XX:TieredStopAtLevel=1"]


@contextlib.contextmanager
def warm_broker(context, seconds):
    """The context with a broker of its own that has worked for so long; 0: as it is."""
    if not seconds:
        yield context
        return
    with contextlib.closing(Broker()) as broker:
        broker.start()
        ours = dataclasses.replace(context, kafka=broker.bootstrap)
        print(f"warming up a broker for {seconds} s ...", flush=True)
        with under_load(ours, "warm-up", symbols=50, connections=10, each=1, linger_ms="1",
                        partitions=8) as (_, client, _):
            client.rate(10_000)
            time.sleep(seconds)
            client.finish()
        yield ours


class LoadClient:
    """Produces, receives and compares; every command is answered by one line."""

    def __init__(self, context, topic, port, *, symbols, connections, each, linger_ms,
                 partitions=PARTITIONS, floor=True):
        self.symbols, self.connections, self.each = symbols, connections, each
        self._child = subprocess.Popen(
            [str(part) for part in (
                os.path.join(context.programs, "benchmark_load_client"), context.kafka, topic,
                partitions, linger_ms, port, connections, each, symbols,
                int(time.time() * 1000) - 600_000, int(floor))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.pid = self._child.pid
        try:
            check(self._hear(), "ready", "the load client")
        except BaseException:
            self._child.kill()
            raise

    def _hear(self):
        line = self._child.stdout.readline()
        if not line:
            raise Wrong(f"the load client ended with {self._child.wait()}")
        return line.strip()

    def _ask(self, line):
        self._child.stdin.write(line + "\n")
        return self._hear()

    def rate(self, events_a_second):
        check(self._ask(f"rate {events_a_second}"), "rate", "the load client")

    def begin(self, events_a_second):
        """The same, and waits for the first event: a new topic has its leaders after a while."""
        self.rate(events_a_second)
        wait_until(lambda: self.report()["events"], "the first event", 30)

    def report(self):
        """Times since the last report, counts since the start."""
        return self._judged(json.loads(self._ask("report")))

    def finish(self, seconds=LIMIT_S):
        """Ends the load; after it everything that was produced has come, as it was produced."""
        found = self._judged(json.loads(self._ask(f"finish {seconds}")))
        check(found["missing"], 0, "events that connections did not get")
        check(found["bare_missing"], 0, "records that the bare consumer did not get")
        return found

    @staticmethod
    def _judged(found):
        if found["wrong"] or found["bare_wrong"]:
            raise Wrong(f"{found['wrong']} updates and {found['bare_wrong']} records wrong; "
                        f"first: {found['detail']}")
        return found

    def close(self):
        self._child.stdin.close()
        try:
            status = self._child.wait(30)
        except subprocess.TimeoutExpired:
            self._child.kill()
            raise
        finally:
            self._child.stdout.close()
        if status != 0:
            raise Wrong(f"the load client ended with {status}")


@contextlib.contextmanager
def under_load(context, name, settings=None, postgres=None, **load):
    """(process, client, watch): an engine with a database and a topic of its own, and who loads
    it. Nothing has been produced yet, and every connection is subscribed."""
    topic = f"benchmark-{name}-" + secrets.token_hex(4)
    create_topic(context.kafka, topic, load.get("partitions", PARTITIONS))
    create_topic(context.kafka, topic + ".dead-letter")
    with engine.fresh_database(postgres or context.postgres, context.binary) as database, \
            engine.watch(database) as watch, \
            engine.serve(context.kafka, database, topic, settings) as process:
        client = LoadClient(context, topic, process.client_port, **load)
        with contextlib.closing(client):
            yield process, client, watch


def check_end(process, client, watch):
    """Ends the load: all of it came, was numbered and was stored; the last report."""
    found = client.finish()
    produced = found["produced"]
    check(found["events"], sum(
        (produced + client.symbols - 1 - number % client.symbols) // client.symbols
        for number in range(client.connections * client.each)), "events that updates covered")
    metrics = engine.settled_metrics(process, produced)
    engine.check_counters(metrics, produced, "engine")
    (numbered,) = watch.row("SELECT coalesce(sum(last_sequence), 0) FROM price_snapshots")
    check(int(numbered), produced, "engine: sum of last_sequence")
    return found
