"""Brokers that answer with errors, move their partitions, come and go, take their time: by
librdkafka's mock cluster, because no real one can be made to do so at will."""

import contextlib
import threading
import time

import pytest
from kafka_client import RecordingProducer, read_unreported
from kafka_line import KafkaLine, wait_for_owners
from mock_kafka import (FETCH, FIND_COORDINATOR, HEARTBEAT, JOIN_GROUP, LIST_OFFSETS,
                        OFFSET_COMMIT, PRODUCE, SYNC_GROUP, MockKafka, compile_mock_kafka)
from supervised import wait_until

PARTITIONS = 4
# The brokers: of the group, of the ticks, of the dead letters.
COORDINATOR, OF_TICKS, OF_LETTERS = [1], [1, 2, 3], [4]
# The first heartbeat soon. The session has to be longer than the 3 s for which the mock cluster
# waits for other members at each join.
SESSION = {"kafka.session_timeout": "6s", "kafka.heartbeat_interval": "300ms"}
DISCONNECT = "_TRANSPORT"
# What a reader gets where a partition's leader changes, is behind, or is not well.
OF_A_FETCH = ["NOT_LEADER_FOR_PARTITION", "UNKNOWN_LEADER_EPOCH", "FENCED_LEADER_EPOCH",
              "LEADER_NOT_AVAILABLE", "REPLICA_NOT_AVAILABLE", "KAFKA_STORAGE_ERROR",
              "UNKNOWN_TOPIC_OR_PART", "OFFSET_OUT_OF_RANGE", "REQUEST_TIMED_OUT", "UNKNOWN",
              DISCONNECT]
# What ends a membership, or only a connection to the group's coordinator.
OF_A_HEARTBEAT = ["ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "REBALANCE_IN_PROGRESS",
                  "NOT_COORDINATOR", "COORDINATOR_NOT_AVAILABLE", "COORDINATOR_LOAD_IN_PROGRESS",
                  DISCONNECT]
# What a member gets on its way back: where it looks for its coordinator, and where it joins.
OF_A_SEARCH = ["COORDINATOR_NOT_AVAILABLE", "COORDINATOR_LOAD_IN_PROGRESS", DISCONNECT]
OF_A_JOIN = ["COORDINATOR_LOAD_IN_PROGRESS", "UNKNOWN_MEMBER_ID", "REBALANCE_IN_PROGRESS",
             DISCONNECT]
OF_A_SYNC = ["ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "REBALANCE_IN_PROGRESS", "NOT_COORDINATOR",
             DISCONNECT]
# Of offsets for lag tools, of the checks of a log, of dead letters.
OF_OTHERS = [(OFFSET_COMMIT, "ILLEGAL_GENERATION"), (OFFSET_COMMIT, "UNKNOWN_MEMBER_ID"),
             (OFFSET_COMMIT, "COORDINATOR_LOAD_IN_PROGRESS"), (OFFSET_COMMIT, "NOT_COORDINATOR"),
             (OFFSET_COMMIT, DISCONNECT), (LIST_OFFSETS, "NOT_LEADER_FOR_PARTITION"),
             (LIST_OFFSETS, DISCONNECT), (PRODUCE, "NOT_LEADER_FOR_PARTITION"),
             (PRODUCE, "NOT_ENOUGH_REPLICAS"), (PRODUCE, "REQUEST_TIMED_OUT"),
             (PRODUCE, DISCONNECT)]
WHO_GIVES = {FETCH: OF_TICKS, LIST_OFFSETS: OF_TICKS, PRODUCE: OF_LETTERS,
             HEARTBEAT: COORDINATOR, JOIN_GROUP: COORDINATOR, SYNC_GROUP: COORDINATOR,
             OFFSET_COMMIT: COORDINATOR}


@pytest.fixture(name="program", scope="module")
def program_fixture(tmp_path_factory):
    return compile_mock_kafka(str(tmp_path_factory.mktemp("mock-kafka")))


class MockLine(KafkaLine):
    """The engine at a mock cluster. It lives through all of it: no join position may go back."""

    def __init__(self, cluster, server_url, campaign):
        self.cluster = cluster
        self._judged = {partition: 0 for partition in range(PARTITIONS)}  # the next offset
        super().__init__(cluster.bootstrap, server_url, campaign, settings=SESSION, mixed=False,
                         partitions=PARTITIONS, create=self._create)
        self.clients.floor = self.clients.highest

    def _create(self, bootstrap, name, partitions):
        self.cluster.create_topic(bootstrap, name, partitions)
        brokers = OF_LETTERS if name.endswith(".dead-letter") else OF_TICKS
        for partition in range(partitions):
            self.cluster.set_leader(name, partition, brokers[partition % len(brokers)])
        self.cluster.set_coordinator("group-" + name, COORDINATOR[0])

    def _learn_the_truth(self):
        """A batch whose answer was lost comes again; the mock cluster keeps both copies, and tells
        the producer of the second alone."""
        self.load.pause()
        self.producer.records += read_unreported(
            self.kafka, self.topic, self.producer.records[self._added:], self._judged)
        super()._learn_the_truth()

    def takes(self, api, error, count=1):
        """Until all of these errors were given, and the line goes on."""
        self.cluster.push(api, error, count, WHO_GIVES[api])
        wait_until(lambda: not self.cluster.left(api), f"{error} in answer to request {api}", 30,
                   interval=0.02)
        wait_for_owners(self, 1)
        self.wait_for_commits(50)

    def recovers(self):
        """Seconds to a new commit of all that is there."""
        began = time.monotonic()
        wait_for_owners(self, 1)
        self.wait_for_commits(100)
        return time.monotonic() - began


@contextlib.contextmanager
def mocked(program, postgres, campaign):
    with contextlib.closing(MockKafka(program, brokers=4)) as cluster:
        with MockLine(cluster, postgres, campaign) as line:
            yield line, cluster


def test_a_copy_that_only_the_log_knows_is_found(program):
    """The batch is in the log, its answer is lost with the connection, and it comes again."""
    with contextlib.closing(MockKafka(program, brokers=1)) as cluster:
        cluster.create_topic(cluster.bootstrap, "ticks")
        producer, found = RecordingProducer(cluster.bootstrap, "ticks"), []
        cluster.set_rtt(1, 500)

        def a_copy_is_made():
            producer.produce(f"record {len(producer.records)}", partition=0)
            threading.Event().wait(0.1)  # It may arrive; its answer may not.
            cluster.set_down(1)
            cluster.set_up(1)
            producer.flush()
            found.extend(read_unreported(cluster.bootstrap, "ticks", producer.records, starts))
            return found
        starts = {0: 0}
        wait_until(a_copy_is_made, "a copy", 60)
        (copy,) = found
        (told,) = (each for each in producer.records if each.value == copy.value)
        assert (copy.offset, starts) == (told.offset - 1, {0: told.offset + 1})
        starts = {0: copy.offset}
        producer.records.remove(told)
        with pytest.raises(RuntimeError, match="never produced"):
            read_unreported(cluster.bootstrap, "ticks", producer.records, starts)


def test_errors_of_fetches(program, postgres, campaign):
    """Each kind by itself, several in a row of each broker."""
    with mocked(program, postgres, campaign) as (line, _):
        def fault(draw):
            for error in draw.sample(OF_A_FETCH, len(OF_A_FETCH)):
                line.takes(FETCH, error, draw.randrange(1, 6))
            return line.recovers()
        campaign.run(line, fault, campaign.rounds())


def test_errors_of_heartbeats(program, postgres, campaign):
    """The membership is lost, or its coordinator; the partitions come back to the same process."""
    with mocked(program, postgres, campaign) as (line, _):
        def fault(draw):
            for error in draw.sample(OF_A_HEARTBEAT, len(OF_A_HEARTBEAT)):
                line.takes(HEARTBEAT, error)
            return line.recovers()
        campaign.run(line, fault, campaign.rounds())


def test_errors_while_it_joins_again(program, postgres, campaign):
    """A membership that is lost, and errors on all the way back."""
    with mocked(program, postgres, campaign) as (line, cluster):
        def fault(draw):
            for error in draw.sample(OF_A_SYNC, len(OF_A_SYNC) if campaign.long else 2):
                # Any of the brokers may be asked.
                searches = cluster.left(FIND_COORDINATOR) + len(cluster.brokers)
                cluster.push(FIND_COORDINATOR, draw.choice(OF_A_SEARCH))
                # The first one has it search.
                for each in ["NOT_COORDINATOR", *draw.sample(OF_A_JOIN, 2)]:
                    cluster.push(JOIN_GROUP, each, brokers=COORDINATOR)
                cluster.push(SYNC_GROUP, error, brokers=COORDINATOR)
                lost = draw.choice(["ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID"])
                line.takes(HEARTBEAT, lost)
                wait_until(lambda: not cluster.left(JOIN_GROUP) + cluster.left(SYNC_GROUP)
                           and cluster.left(FIND_COORDINATOR) < searches,
                           f"{error} to be given", 30)
                line.recovers()
            return line.recovers()
        campaign.run(line, fault, campaign.rounds())


def test_errors_of_other_requests(program, postgres, campaign):
    with mocked(program, postgres, campaign) as (line, _):
        def fault(draw):
            for api, error in draw.sample(OF_OTHERS, len(OF_OTHERS)):
                line.takes(api, error)
            return line.recovers()
        campaign.run(line, fault, campaign.rounds())


def test_leaders_that_move(program, postgres, campaign):
    """Partitions go from broker to broker, faster than metadata are asked for."""
    with mocked(program, postgres, campaign) as (line, cluster):
        def fault(draw):
            for _ in range(20):
                cluster.set_leader(line.topic, draw.randrange(PARTITIONS),
                                   draw.choice(cluster.brokers))
                # The pace is the fault; nothing is waited for.
                threading.Event().wait(draw.uniform(0, 0.3))
            return line.recovers()
        campaign.run(line, fault, campaign.rounds())


def test_brokers_down_and_up(program, postgres, campaign):
    """One after the other, also the one that speaks for the group; its partitions wait for it."""
    with mocked(program, postgres, campaign) as (line, cluster):
        def fault(draw):
            for broker in draw.sample(list(cluster.brokers), len(cluster.brokers)):
                cluster.set_down(broker)
                threading.Event().wait(draw.uniform(0.2, 3))
                cluster.set_up(broker)
                line.recovers()
            return line.recovers()
        campaign.run(line, fault, campaign.rounds())


def test_coordinators_that_move(program, postgres, campaign):
    with mocked(program, postgres, campaign) as (line, cluster):
        def fault(draw):
            for _ in range(3):
                for broker in draw.sample(list(cluster.brokers), len(cluster.brokers)):
                    cluster.set_coordinator("group-" + line.topic, broker)
                    threading.Event().wait(draw.uniform(0, 1))
            cluster.set_coordinator("group-" + line.topic, COORDINATOR[0])
            return line.recovers()
        campaign.run(line, fault, campaign.rounds())


def test_slow_brokers(program, postgres, campaign):
    """Each answer of a broker takes a while, of each another."""
    with mocked(program, postgres, campaign) as (line, cluster):
        def fault(draw):
            for broker in cluster.brokers:
                cluster.set_rtt(broker, draw.randrange(50, 800))
            line.wait_for_frames(600)
            line.wait_for_commits(300)
            for broker in cluster.brokers:
                cluster.set_rtt(broker, 0)
            return line.recovers()
        campaign.run(line, fault, campaign.rounds())
