"""librdkafka's mock cluster in a process of its own: brokers that fail as they are told."""

import os
import subprocess

from supervised import HERE, ServerError

# Requests that it can answer with an error (metadata are not among them).
PRODUCE, FETCH, LIST_OFFSETS, OFFSET_COMMIT = 0, 1, 2, 8
FIND_COORDINATOR, JOIN_GROUP, HEARTBEAT, SYNC_GROUP = 10, 11, 12, 14


def compile_mock_kafka(folder):
    """The program's path. A test builds it by itself, as it needs nothing of the engine."""
    program = os.path.join(folder, "mock_kafka")
    done = subprocess.run(
        ["c++", "-std=c++20", "-O1", "-Wall", "-Wextra", "-Werror", "-o", program,
         os.path.join(HERE, "mock_kafka.cpp"), "-lrdkafka"], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise ServerError(f"mock_kafka.cpp: {done.stdout}")
    return program


class MockKafka:
    """Guarantees: it ends when the test does, and nothing of it is kept.

    Brokers are numbered from 1. It holds 5 MB a partition, the newest. A topic has to be made by
    create_topic(): there is no admin API.
    """

    def __init__(self, program, brokers):
        self.brokers = range(1, brokers + 1)
        self._process = subprocess.Popen([program, str(brokers)], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True, bufsize=1)
        self.bootstrap = self._process.stdout.readline().strip()

    def _say(self, *words):
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        answer, _, value = self._process.stdout.readline().strip().partition(" ")
        if answer != "ok":
            raise ServerError(f"mock_kafka: {words}: {answer} {value}")
        return value

    def create_topic(self, _, name, partitions=1):
        self._say("topic", name, partitions)

    def set_leader(self, topic, partition, broker):
        self._say("leader", topic, partition, broker)

    def set_down(self, broker):
        self._say("down", broker)

    def set_up(self, broker):
        self._say("up", broker)

    def set_rtt(self, broker, milliseconds):
        self._say("rtt", broker, milliseconds)

    def set_coordinator(self, group, broker):
        self._say("coordinator", group, broker)

    def push(self, api, error, count=1, brokers=None):
        """The next so many answers of each of these brokers (of all) to `api` are `error`."""
        for broker in brokers or self.brokers:
            self._say("error", broker, api, error, count)

    def left(self, api):
        """How many of them were not given yet, by all brokers."""
        return sum(int(self._say("left", broker, api)) for broker in self.brokers)

    def close(self):
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
