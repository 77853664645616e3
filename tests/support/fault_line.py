"""The whole line under faults: topic, database, load, clients that come back, and its judges."""

import bisect
import contextlib
import secrets
import time

from checkers import (check_dead_letters, check_exit, check_recovered, check_resources, check_rows,
                      resources_of)
from client_checker import ConnectionChecker, Positions
from database import Database, create_database, drop_database
from fault_clients import FaultClients
from fixtures import spine_settings
from history import Violation
from kafka_client import RecordingProducer, create_topic, read_topic
from market_load import MarketLoad
from oracle import stored_ends, stored_rows
from supervised import ServerError, wait_until
from tradepulse_process import TradePulseProcess
from truth import Truth

RECOVERY_LIMIT_S = 10.0
# Of one engine: two writers and the statistics.
SESSIONS_OF_ONE = 3
# Whether each session has said something. It says nothing before its client has all of it.
SESSIONS = ("SELECT query <> '' FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'")
# How long the rest of the log may take to come through before it counts as lost.
PATIENCE_S = 45


class FaultLine(contextlib.ExitStack):
    """`server_url`: where the judges read, and where the database is made. `engine_url(database)`
    gives the URL that the engine gets: through a proxy, or with several hosts. `private`: the
    server is of this test alone, so that nothing has to be dropped at the end. `gaps`: the reasons
    for which the contracts call for a gap in this fault. `create`: makes a topic, as create_topic.
    """

    def __init__(self, kafka, server_url, *, seed, engine_url=lambda database: database.url,
                 private=False, partitions=4, clients=2, symbols=24, rate=300, settings=None,
                 prepare=lambda database: None, gaps=(), create=create_topic):
        super().__init__()
        self._gaps, self.patience_s = gaps, PATIENCE_S
        self.kafka, self.topic = kafka, "faults-" + secrets.token_hex(6)
        try:
            create(kafka, self.topic, partitions)
            create(kafka, self.topic + ".dead-letter", 1)
            self.database = create_database(server_url)
            if not private:
                self.callback(drop_database, server_url, self.database)
            prepare(self.database)
            self.producer = RecordingProducer(kafka, self.topic)
            self.load = MarketLoad(self.producer, partitions, symbols, rate, seed)
            self.truth = Truth(self.load.bad)
            self._added = 0
            self.process = TradePulseProcess({
                **spine_settings(kafka, self.topic, Database(engine_url(self.database))),
                **(settings or {})})
            self.callback(self._end_process)
            self.clients = FaultClients(self.process.client_port, self.load.symbols)
            self.callback(self.clients.close)
            self.callback(self.load.pause)
            self._positions = Positions()
            self._checkers = {}
            self._client_violations = []
            self.process.start()
            for _ in range(clients):
                self.join("client")
            self.load.resume()
            self.wait_for_frames(100)
        except BaseException:
            self.close()
            raise

    def _end_process(self):
        # What the end was is judged in finish(); here nothing may be left.
        if self.process.alive:
            self.process.kill()
        self.process.close()

    def join(self, name):
        """One more client."""
        self.clients.add(f"{name} {self.clients.count + 1}")

    # --- what can be observed ---

    def committed(self):
        """Offsets that the database has, summed over the partitions."""
        return sum(offset or 0 for offset in stored_ends(self.database).values())

    def wait_for_commits(self, count, timeout=PATIENCE_S):
        before = self.committed()
        wait_until(lambda: self.committed() >= before + count, f"{count} more committed", timeout)

    def wait_for_frames(self, count, timeout=PATIENCE_S):
        """The engine goes on publishing: so many frames more."""
        before = self.clients.frames()
        wait_until(lambda: self.clients.frames() >= before + count, f"{count} frames", timeout)

    def latencies(self, begin, end):
        """Seconds from the producer's stamp to receipt, of what was produced and came between
        two time.time(). Requires: judge() has run since."""
        found = []
        for history in self.clients.all():
            frames = history.frames
            first, last = (bisect.bisect_left(frames, at, key=lambda frame: frame.received_at)
                           for at in (begin, end))
            for frame in frames[first:last]:
                found += [seconds for seconds in self._latency(frame)
                          if frame.received_at - seconds >= begin]
        return found

    def _latency(self, frame):
        message = frame.message
        if message["type"] != "price_update" or message.get("snapshot"):
            return []
        data = message["data"]
        stamps = self.truth.streams[data["symbol"]].stamps_ms
        if data["sequence"] > len(stamps):
            return []
        return [frame.received_at - stamps[data["sequence"] - 1] / 1000]

    def processes(self):
        """Those that are connected to the database."""
        return [self.process]

    def resources(self):
        """Of the process, when it has all that it ever opens: the sessions of its start have gone,
        those of its writers and of its statistics are there, and the clients are."""
        def holds():
            if len(self.clients.open_ones()) < self.clients.count:
                return False
            if not all(each.rest.get("/api/stats").json()["database"]["reachable"]
                       for each in self.processes()):
                return False
            spoke = [row[0] for row in self.database.query(SESSIONS)]
            return len(spoke) == SESSIONS_OF_ONE * len(self.processes()) and all(spoke)
        wait_until(holds, "the sessions of the engine", 30)
        return resources_of(self.process.pid)

    def not_given_back(self, before, timeout=10, **allowance):
        """I8, of the process now. A connection that has come back may still be on its way, what an
        answer took may be about to go."""
        deadline = time.monotonic() + timeout
        while found := check_resources(before, resources_of(self.process.pid), **allowance):
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        return found

    def ready(self):
        answer = self.process.ops.get("/ready")
        return answer.status, answer.json()

    # --- faults ---

    def kill_and_restart(self, before_restart=lambda: None, after_start=lambda: None,
                         limit_s=RECOVERY_LIMIT_S):
        """kill -9, a new start. Returns the seconds from the start to the first tick that nobody
        had seen before, and violations. `after_start` may return a later time.monotonic() that
        the seconds count from: of a second start, or of the end of what it held up."""
        self.process.kill()
        wait_until(lambda: not self.clients.open_ones(), "the end of all connections", 20)
        seen = self.clients.highest()
        before_restart()
        stored = {symbol: row[3] for symbol, row in stored_rows(self.database).items()}
        self.clients.floor = lambda: stored
        began = time.monotonic()
        self.process.start(wait=False)
        return self.first_new_tick(seen, after_start() or began, limit_s)

    def first_new_tick(self, seen, began, limit_s):
        def new_tick():
            highest = self.clients.highest()
            return any(sequence > seen.get(symbol, 0) for symbol, sequence in highest.items())
        try:
            wait_until(new_tick, "a tick that nobody had seen", 60, interval=0.01)
        except ServerError as error:
            return 60.0, [Violation("recovery", "first tick", str(error))]
        seconds = time.monotonic() - began
        late = [] if seconds <= limit_s else [
            Violation("recovery", "first tick again", "seconds", f"<= {limit_s}",
                      round(seconds, 2))]
        return seconds, late

    def seconds_to_commit(self, timeout=PATIENCE_S):
        """From now to the first commit."""
        began, before = time.monotonic(), self.committed()
        wait_until(lambda: self.committed() > before, "a commit", timeout)
        return time.monotonic() - began

    # --- judging ---

    def judge(self):
        """Stops the load, waits for its end everywhere, and compares. Violations."""
        self._learn_the_truth()
        found = []
        self._wait(self._is_stored, "I1", "the end of the log is not stored", found)
        self._wait(self._clients_have_all, "I3", "the end of the log did not reach all", found)
        self._wait(lambda: self.ready()[1].get("status") == "ready", "I7", "never ready", found)
        found += self._client_violations
        self._client_violations = []
        for checker in self._checkers.values():
            if checker.history.open:
                found += checker.at_the_end()
        epochs = [row[0] for row in self.database.query(
            "SELECT DISTINCT epoch FROM price_snapshots WHERE epoch > 0")]
        found += check_rows(self.truth, stored_rows(self.database), stored_ends(self.database),
                            epochs)
        found += check_recovered(self.truth, *self.ready(),
                                 self.process.rest.get("/api/snapshots").json())
        return found

    def _learn_the_truth(self):
        self.load.pause()
        records = self.producer.records
        self.truth.add(records[self._added:])
        self._added = len(records)

    def finish(self):
        """At the very end: the drain and the dead letters."""
        self._learn_the_truth()
        found = []
        if self.process.alive:
            try:
                self.process.stop()
            except ServerError as error:
                found += check_exit(str(error))
        letters = read_topic(self.kafka, self.topic + ".dead-letter")
        places = [(letter.headers["tradepulse-topic"], int(letter.headers["tradepulse-partition"]),
                   int(letter.headers["tradepulse-offset"])) for letter in letters]
        return found + check_dead_letters(self.truth, places)

    def _wait(self, condition, check, what, found):
        def holds():
            try:
                return condition()
            except OSError:
                return False
        try:
            wait_until(holds, what, self.patience_s)
        except ServerError as error:
            found.append(Violation(check, "the end", str(error)))

    def _is_stored(self):
        return stored_ends(self.database).items() >= self.truth.ends.items()

    def _read_on(self):
        for history in self.clients.all():
            if id(history) not in self._checkers:
                self._checkers[id(history)] = ConnectionChecker(history, self.truth,
                                                                self._positions, self._gaps)
            self._client_violations += self._checkers[id(history)].read_on()

    def _clients_have_all(self):
        self._read_on()
        open_ones = [checker for checker in self._checkers.values() if checker.history.open]
        return len(open_ones) == self.clients.count and not any(
            checker.behind() for checker in open_ones)
