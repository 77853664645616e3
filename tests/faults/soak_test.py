"""Faults of all kinds, one after the other and in any order, for as long as is wanted."""

import contextlib
import sys
import threading
import time

import pytest
from checkers import check_growth, resources_of
from kafka_line import KafkaLine, frozen, wait_for_owners
from kafka_server import KafkaServer
from postgres_server import PostgresServer

SECONDS = 30  # of one round
QUIET_SAMPLES = 8  # one in half a second, between rounds


@pytest.fixture(name="log", scope="module")
def log_fixture():
    with contextlib.closing(KafkaServer()) as server:
        yield server.start()


@pytest.fixture(name="store", scope="module")
def store_fixture():
    with contextlib.closing(PostgresServer()) as server:
        yield server.start()


class Soak:
    """The faults. Each begins and ends within seconds and leaves everything mended; it may return
    violations. `kills`: whether the engine's own death is among them."""

    def __init__(self, line, log, store):
        self.kills = self.last = False
        self._line, self._log, self._store = line, log, store
        self._member = line.second(clients=1)

    def everything(self):
        return [self.broker_restart, self.broker_freeze, self.store_restart, self.store_freeze,
                self.store_crash, self.sessions_end, self.slow, self.freeze, self.long_freeze,
                self.member, self.client_comes, self.poison, *([self.kill] * self.kills)]

    def broker_restart(self, draw):
        (self._log.kill if draw.random() < 0.5 else self._log.stop)()
        self._log.start()

    def broker_freeze(self, draw):
        with frozen(self._log):
            pause(draw.uniform(1, 8))

    def store_restart(self, _):
        self._store.stop()
        self._store.start()

    def store_crash(self, draw):
        self._store.kill()
        pause(draw.uniform(0, 3))
        self._store.start()

    def store_freeze(self, draw):
        with frozen(self._store):
            pause(draw.uniform(1, 8))

    def sessions_end(self, _):
        self._line.database.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
            " current_database() AND pid <> pg_backend_pid()")

    def slow(self, draw):
        self._line.make_slow(draw.uniform(0.1, 1))
        pause(draw.uniform(1, 4))
        self._line.make_slow(0)

    def freeze(self, draw):
        with frozen(self._line.process):
            pause(draw.uniform(0.5, 4))

    def long_freeze(self, draw):
        """Longer than the session: its partitions are taken away."""
        with frozen(self._line.process):
            pause(draw.uniform(7, 9))

    def member(self, draw):
        self._member.process.start()
        pause(draw.uniform(0, 5))
        (self._member.process.stop if draw.random() < 0.5 else self._member.process.kill)()

    def client_comes(self, draw):
        for _ in range(3):
            with contextlib.closing(self._line.process.websocket()) as client:
                client.subscribe(*self._line.load.symbols)
                pause(draw.uniform(0, 1))

    def kill(self, draw):
        """kill -9 of a line that is mended, at any moment of its work."""
        wait_for_owners(self._line, 1)
        self._line.seconds_to_commit(90)
        pause(draw.uniform(0, 1))
        _, found = self._line.kill_and_restart()
        self._line.clients.floor = dict  # What follows may move partitions.
        return found

    def poison(self, draw):
        self._line.load.pause()
        for _ in range(draw.randrange(100, 3000)):
            self._line.load.tick()
        self._line.load.resume()


def pause(seconds):
    """The time itself is the fault; nothing is waited for."""
    threading.Event().wait(seconds)


class Life:
    """One process of the line from its start: what it opened, and its memory when all was quiet."""

    def __init__(self, line):
        self._line = line
        self.pid = line.process.pid
        self.baseline = line.resources()
        self.samples = []  # (seconds, bytes)

    def sample(self):
        """The least of a while: what was given back goes to the machine within 5 s."""
        least = resources_of(self.pid)["memory_bytes"]
        for _ in range(QUIET_SAMPLES):
            pause(0.5)
            least = min(least, resources_of(self.pid)["memory_bytes"])
        self.samples.append((time.monotonic(), least))

    def violations(self):
        """Of files and threads; memory is judged at the end."""
        return self._line.not_given_back(self.baseline, 15, memory_bytes=sys.maxsize)


def test_soak(log, store, campaign):
    """A round is 30 s of it. In the first tenth the engine is killed now and then; what was started
    last lives through all the rest: open files and threads stay what they were, memory grows by no
    more than check_growth allows. At the very end it is killed once more."""
    rounds = int(campaign.soak_minutes * 60 / SECONDS) if campaign.soak_minutes else 1
    with KafkaLine(log.bootstrap, store.url, campaign, gaps=("moved",),
                   rate=None if rounds <= 60 else 100) as line:
        line.patience_s = 90
        line.make_slow(0)
        soak = Soak(line, log, store)
        lives, told = [], []

        def before(number):
            if number:
                line.learn()
                line.forget()
            if not lives or lives[-1].pid != line.process.pid:
                lives.append(Life(line))
            lives[-1].sample()
            line.load.resume()
            soak.kills, soak.last = number < rounds // 10, number == rounds - 1

        def fault(draw):
            end, found = time.monotonic() + SECONDS * (1 if rounds > 1 else 0.6), []
            while time.monotonic() < end:
                each = draw.choice(soak.everything())
                told.append(each.__name__)
                found += each(draw) or []
                line.load.resume()
                pause(draw.uniform(0, 2))
            wait_for_owners(line, 1)
            seconds = line.seconds_to_commit(90)
            line.wait_for_frames(300)
            if lives[-1].pid == line.process.pid:
                found += lives[-1].violations()
            if soak.last:
                found += check_growth(lives[-1].samples) if len(lives[-1].samples) > 7 else []
                told.append("kill")
                found += soak.kill(draw)
            return seconds, found
        try:
            campaign.run(line, fault, rounds, before=before)
        finally:
            print("faults:", " ".join(told))
            for life in lives:
                print("memory, MB:", *(f"{size / 2**20:.1f}" for _, size in life.samples))
