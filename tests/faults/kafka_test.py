"""The broker restarted, away, frozen; the topic made anew, grown, shortened: under load."""

import contextlib
import json
import subprocess
import threading
import time

import pytest
from checkers import check_degraded
from confluent_kafka.admin import AdminClient, NewPartitions
from fault_clients import FaultClients
from history import Violation
from journal_checker import read_to
from kafka_client import RecordingProducer, create_topic, delete_records_before, delete_topic
from kafka_line import KafkaLine, frozen
from kafka_server import KafkaServer
from line import START_OF_TIME_MS
from oracle import stored_ends
from stream_keys import key_of
from supervised import ServerError, wait_until
from tradepulse_process import binary

PARTITIONS = 4


@pytest.fixture(name="server", scope="module")
def server_fixture():
    """A Kafka of these tests alone, which they break and mend."""
    with contextlib.closing(KafkaServer()) as server:
        yield server.start()


class BrokerLine(KafkaLine):
    """The engine lives through all of it, and has in the end what it had before."""

    def __init__(self, *arguments, **options):
        self._baseline, self.answers = None, []
        super().__init__(*arguments, **options)
        self.clients.floor = self.clients.highest

    def take_baseline(self, number):
        if number == 0:
            self._baseline = self.resources()
        self.answers = []

    def look(self):
        self.answers.append(self.ready())
        return self.answers[-1][1].get("status") == "degraded"

    def wait_until_told(self, *names, timeout=30):
        """Until /ready says degraded."""
        with contextlib.suppress(ServerError):  # The checker says what was there instead.
            wait_until(self.look, "degraded", timeout)
        return check_degraded(self.answers, names)

    def judge(self):
        found = super().judge()
        return found + (self.not_given_back(self._baseline) if self._baseline else [])


# --- the broker ---

@pytest.mark.parametrize("how", ["in_order", "killed"])
def test_broker_restart(server, postgres, campaign, how):
    with BrokerLine(server.bootstrap, postgres, campaign) as line:
        def fault(_):
            if how == "killed":
                server.kill()
            else:
                server.stop()
            server.start()
            began = time.monotonic()
            line.seconds_to_commit()
            line.wait_for_frames(300)
            return time.monotonic() - began
        campaign.run(line, fault, campaign.rounds(), before=line.take_baseline)


def test_broker_away(server, postgres, campaign):
    """For 10 s (60 s in a long campaign); what is known is answered, a client joins meanwhile."""
    with BrokerLine(server.bootstrap, postgres, campaign) as line:
        line.patience_s = 90

        def fault(_):
            server.kill()
            back_at = time.monotonic() + campaign.outage_s(10)
            found = line.wait_until_told("kafka")
            while time.monotonic() < back_at:
                assert line.process.rest.get("/api/snapshots/S000").status == 200
                line.look()
                time.sleep(0.2)
            server.start()
            return line.seconds_to_commit(90), found + check_degraded(line.answers, ["kafka"])
        campaign.run(line, fault, campaign.rounds(share=0.1), before=line.take_baseline)


def test_frozen_broker(server, postgres, campaign):
    """SIGSTOP for longer than the session: connections stay, and nobody answers."""
    with BrokerLine(server.bootstrap, postgres, campaign) as line:
        def fault(draw):
            with frozen(server):
                # The brokers are asked every five seconds, and have one to answer.
                found = line.wait_until_told("kafka", timeout=10)
                threading.Event().wait(draw.uniform(3, 8))
            return line.seconds_to_commit(90), found
        campaign.run(line, fault, campaign.rounds(share=0.5), before=line.take_baseline)


# --- the log ---

class EpochLine(BrokerLine):
    """Epochs end: their sequences cannot be compared, so clients have no floor."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.clients.floor = dict

    def renew(self, draw, ticks=0):
        """The topic is deleted while records are on their way, and made anew with so many."""
        for _ in range(draw.randrange(1000, 4000)):
            self.load.tick()  # A burst, so that the reader is behind.
        self.learn()
        delete_topic(self.kafka, self.topic)
        create_topic(self.kafka, self.topic, PARTITIONS)
        for partition in range(PARTITIONS):
            self.truth.begin((self.topic, partition))
        self.producer = RecordingProducer(self.kafka, self.topic)  # It knows nothing of the old.
        self.load.write_to(self.producer)
        self._added = 0
        for _ in range(ticks):
            self.load.tick()
        self.load.resume()

    def symbols_of(self, partition):
        return self.load.symbols[partition::PARTITIONS]

    def keys_of(self, partition):
        return [key_of(symbol, kind) for symbol in self.symbols_of(partition)
                for kind in self.kinds]

    def epochs_of(self, partition):
        """None for a stream that has no row yet."""
        stored = self.stored_epochs()
        return {stored.get(key) for key in self.keys_of(partition)}

    def newest_epoch_of(self, partition):
        return max(epoch for epoch in self.epochs_of(partition) if epoch is not None)

    def wait_for_epochs(self, timeout=60):
        """Until every stream has a row of the epoch that is due; seconds."""
        began, ending = time.monotonic(), self.truth.ending()

        def holds(number):
            place, there = (self.topic, number), self.epochs_of(number)
            if place in ending:
                return None not in there and min(there) > ending[place] and len(there) == 1
            return there == {self.truth.epoch_of(place)}
        wait_until(lambda: all(holds(number) for number in range(PARTITIONS)),
                   "the new epoch of all streams", timeout)
        seconds = time.monotonic() - began
        for place, epoch in ending.items():
            self.truth.read_to(place, read_to(self.database, place, epoch))
        return seconds


@pytest.mark.parametrize("length", ["shorter", "longer"])
def test_topic_made_anew_begins_an_epoch(server, postgres, campaign, length):
    settings = {"kafka.on_replaced_log": "new_epoch"}
    with EpochLine(server.bootstrap, postgres, campaign, settings=settings,
                   gaps=("new_epoch",)) as line:
        def fault(draw):
            line.renew(draw, ticks=0 if length == "shorter" else 2 * line.load.produced)
            return line.wait_for_epochs()
        campaign.run(line, fault, campaign.rounds(share=0.5))


def test_topic_made_anew_stops_until_the_operator_speaks(server, postgres, campaign):
    with EpochLine(server.bootstrap, postgres, campaign, gaps=("new_epoch",)) as line:
        def fault(draw):
            line.renew(draw, ticks=draw.choice([0, 20000]))
            told = set()

            def all_told():
                reasons = json.dumps(line.ready()[1].get("reasons", {}))
                told.update(number for number in range(PARTITIONS)
                            if f"offsets set {line.topic} {number}" in reasons)
                return len(told) == PARTITIONS
            wait_until(all_told, "an alarm of each partition", 60)
            found = [Violation("I1", str(number), "a record of the new log was used")
                     for number in range(PARTITIONS)
                     if line.newest_epoch_of(number) > line.truth.epoch_of((line.topic, number))]
            for number in range(PARTITIONS):
                subprocess.run([binary(), "offsets", "set", "--config", line.process.config,
                                line.topic, str(number), "earliest"], check=True, timeout=60,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            return line.wait_for_epochs(), found
        campaign.run(line, fault, campaign.rounds(share=0.3))


def test_records_that_expire_before_a_frozen_reader(server, postgres, campaign):
    """The offset that it would go on from is out of range when it comes back."""
    ended = []
    with EpochLine(server.bootstrap, postgres, campaign, gaps=("new_epoch",)) as line:
        def fault(draw):
            partition = draw.randrange(PARTITIONS)
            place = line.topic, partition
            with frozen(line.process):
                line.load.pause()
                for _ in range(draw.randrange(4000, 8000)):
                    line.load.tick()
                line.learn()
                end = line.truth.ends[place]
                start = end - draw.choice([0, 1, 100])
                delete_records_before(server.bootstrap, line.topic, start, partition)
                line.load.resume()
            began = time.monotonic()
            wait_until(lambda: (stored_ends(line.database)[place] or 0) > end, "reading on", 60)
            seconds = time.monotonic() - began
            # What the broker had sent before may have been used: then nothing is missing.
            if line.newest_epoch_of(partition) > line.truth.epoch_of(place):
                ended.append(place)
                line.learn()
                line.truth.begin(place, start)
                line.load.resume()
                line.wait_for_epochs()
            return seconds
        campaign.run(line, fault, campaign.rounds(short=2))
        assert ended, "no round had records that expired unread"


def test_partitions_added_under_load(server, postgres, campaign):
    """Each time two more; their symbols were subscribed before anybody had seen them."""
    with BrokerLine(server.bootstrap, postgres, campaign, mixed=False) as line:
        admin = AdminClient({"bootstrap.servers": server.bootstrap})
        count = PARTITIONS

        def fault(draw):
            nonlocal count
            count += 2
            names = {f"P{count - 1 - number % 2}-{number}": count - 1 - number % 2
                     for number in range(6)}
            watching = FaultClients(line.process.client_port, list(names))
            line.callback(watching.close)
            watching.add("client of the new partitions")
            line.watch(watching)
            wait_until(lambda: watching.frames(), "subscribed", 20)
            admin.create_partitions([NewPartitions(line.topic, count)])[line.topic].result(30)
            wait_until(lambda: len(admin.list_topics(line.topic).topics[line.topic].partitions)
                       == count, "the partitions", 20)
            more = RecordingProducer(server.bootstrap, line.topic)
            for number in range(600):
                symbol = draw.choice(list(names))
                more.tick(symbol, f"{number + 1}.{draw.randrange(1, 10**6)}", "1",
                          START_OF_TIME_MS + number, partition=names[symbol])
            line.truth.add(more.flush())
            began = time.monotonic()
            wait_until(lambda: all(stored_ends(line.database).get(place) == end
                                   for place, end in line.truth.ends.items()
                                   if place[1] >= count - 2), "the new partitions", 30)
            return time.monotonic() - began
        campaign.run(line, fault, campaign.rounds(short=2, share=0.2))
