"""Faults of all kinds, one after the other and in any order, for as long as is wanted."""

import contextlib
import threading
import time

import pytest
from checkers import check_resources, resources_of
from kafka_line import KafkaLine, frozen, wait_for_owners
from kafka_server import KafkaServer
from postgres_server import PostgresServer
from supervised import ServerError, wait_until

SECONDS = 30  # of one round
# What allocators and the disturbance itself keep, and 5 MB in ten minutes.
ALLOWED_BYTES, ALLOWED_PER_S = 32 << 20, (5 << 20) / 600


@pytest.fixture(name="log", scope="module")
def log_fixture():
    with contextlib.closing(KafkaServer()) as server:
        yield server.start()


@pytest.fixture(name="store", scope="module")
def store_fixture():
    with contextlib.closing(PostgresServer()) as server:
        yield server.start()


class Soak:
    """The faults. Each begins and ends within seconds and leaves everything mended."""

    def __init__(self, line, log, store):
        self._line, self._log, self._store = line, log, store
        self._member = line.second(clients=1)

    def everything(self):
        return [self.broker_restart, self.broker_freeze, self.store_restart, self.store_freeze,
                self.store_crash, self.sessions_end, self.slow, self.freeze, self.long_freeze,
                self.member, self.client_comes, self.poison]

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

    def poison(self, draw):
        self._line.load.pause()
        for _ in range(draw.randrange(100, 3000)):
            self._line.load.tick()
        self._line.load.resume()


def pause(seconds):
    """The time itself is the fault; nothing is waited for."""
    threading.Event().wait(seconds)


def test_soak(log, store, campaign):
    """A round is 30 s of it. The engine lives through all of it: memory, open files and threads
    stay what they were, in a long campaign what the first round left."""
    with KafkaLine(log.bootstrap, store.url, campaign, gaps=("moved",)) as line:
        line.patience_s = 90
        line.make_slow(0)
        soak = Soak(line, log, store)
        baseline, told, grown = {}, [], []

        def before(number):
            if number < 2:
                baseline.update(line.resources(), at=time.monotonic())

        def fault(draw):
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                each = draw.choice(soak.everything())
                told.append(each.__name__)
                each(draw)
                line.load.resume()
                pause(draw.uniform(0, 2))
            wait_for_owners(line, 1)
            seconds = line.seconds_to_commit(90)
            line.wait_for_frames(300)
            found = resources(line, baseline)
            grown.append(resources_of(line.process.pid)["memory_bytes"])
            return seconds, found
        try:
            campaign.run(line, fault, campaign.rounds(), before=before)
        finally:
            print("faults:", " ".join(told))
            print("memory: from", baseline.get("memory_bytes"), "to", grown)


def resources(line, baseline):
    allowed = ALLOWED_BYTES + ALLOWED_PER_S * (time.monotonic() - baseline["at"])

    def found():
        before = {name: value for name, value in baseline.items() if name != "at"}
        return check_resources(before, resources_of(line.process.pid), int(allowed))
    with contextlib.suppress(ServerError):  # Connections may still be on their way.
        wait_until(lambda: not found(), "the baseline", 15)
    return found()
