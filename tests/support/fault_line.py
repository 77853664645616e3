"""The whole line under faults: topic, database, load, clients that come back, and its judges."""

import bisect
import contextlib
import secrets
import time

import psycopg2
from candle_checker import check_candles
from checkers import check_dead_letters, check_exit, check_positions, check_recovered, check_rows
from client_checker import ConnectionChecker, Positions
from connection_judges import ConnectionJudges
from database import Database, create_database, drop_database
from fault_clients import AWAY, PROMPT, FaultClients
from fixtures import spine_settings
from history import Violation
from journal_checker import JournalChecker
from kafka_client import RecordingProducer, create_topic, dead_letters
from line_resources import not_given_back, settled_resources
from market_load import MarketLoad
from oracle import stored_ends, stored_epochs, stored_numbers, stored_positions, stored_rows
from stream_keys import ALL_KINDS, CANDLES, INTERVALS, PRICE, is_event, key_in
from supervised import ServerError, wait_until
from tradepulse_process import TradePulseProcess
from truth import Truth

RECOVERY_LIMIT_S = 10.0
# Less than a client misses while it is away, so that the journal is asked too.
RING = 32
ALL_KEPT = {"journal.streams": ["price", "trade", "quote", "kline", "candle"],
            "candles.intervals": list(INTERVALS)}
# How long nothing may come of the rest of the log before it counts as lost.
PATIENCE_S = 45


class FaultLine(contextlib.ExitStack):
    """`server_url`: where the judges read, and where the database is made. `engine_url(database)`
    gives the URL that the engine gets: through a proxy, or with several hosts. `private`: the
    server is of this test alone, so that nothing has to be dropped at the end. `gaps`: the reasons
    for which the contracts call for a gap in this fault. `create`: makes a topic, as create_topic.
    `returning`: of each kind a client that comes back with its positions; `polite`: by a close.
    `mixed`: prices, trades, quotes and klines, all of them journalled, and candles of the trades,
    otherwise price ticks alone; of fewer symbols and at a lower rate, as each has six streams and a
    trade is two events. `kinds`: the streams that the log feeds; `streams`: those that clients have.
    """

    def __init__(self, kafka, server_url, *, seed, engine_url=lambda database: database.url,
                 private=False, partitions=4, clients=2, symbols=None, rate=None, settings=None,
                 prepare=lambda database: None, gaps=(), create=create_topic,
                 returning=(PROMPT, AWAY), polite=False, mixed=True):
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
            self.load = MarketLoad(self.producer, partitions, symbols or (12 if mixed else 24),
                                   rate or (220 if mixed else 300), seed, mixed)
            self.mixed = mixed
            self.kinds = ALL_KINDS if mixed else (PRICE,)
            self.streams = self.kinds + (CANDLES if mixed else ())
            self.truth = self._empty_truth(self.load.bad)
            self._added = 0
            settings = {**(ALL_KEPT if mixed else {}), **(settings or {})}
            decoder = "binance-stream" if mixed else "price-ticks"
            self.process = TradePulseProcess({
                **spine_settings(kafka, self.topic, Database(engine_url(self.database)), decoder),
                "symbols.ring": RING, **settings})
            if mixed:
                self.process.settings["topics"][0]["candles"] = {"source": "trade"}
            self.callback(self._end_process)
            self.clients = FaultClients(self.process.client_port, self.load.symbols, seed, polite,
                                        self.streams)
            self.callback(self.clients.close)
            self.callback(self.load.pause)
            self._positions = Positions()
            self.journal = JournalChecker(settings.get("journal.streams", ["price"]))
            self._judges = ConnectionJudges(self._checker_of)
            self.process.start()
            for _ in range(clients):
                self.join("client")
            for each in returning:
                self.clients.add(each.name, each)
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
        self.clients.add(f"{name} {self.clients.plain + 1}")

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
        for history in (each for each in self.clients.all() if each.ledger is None):
            frames = history.frames
            first, last = (bisect.bisect_left(frames, at, key=lambda frame: frame.received_at)
                           for at in (begin, end))
            for frame in frames[first:last]:
                found += [seconds for seconds in self._latency(frame)
                          if frame.received_at - seconds >= begin]
        return found

    def _latency(self, frame):
        message = frame.message
        if not is_event(message):
            return []
        data = message["data"]
        stamps = self.truth.streams[key_in(data)].stamps_ms
        if data["sequence"] > len(stamps):
            return []
        return [frame.received_at - stamps[data["sequence"] - 1] / 1000]

    def processes(self):
        """Those that are connected to the database."""
        return [self.process]

    def resources(self):
        """Of the process, when it has all that it ever opens."""
        return settled_resources(self)

    def not_given_back(self, before, timeout=10, **allowance):
        """I8, of the process now."""
        return not_given_back(self.process.pid, before, timeout, **allowance)

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
        stored |= stored_numbers(self.database)
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

    def _empty_truth(self, bad):
        return Truth(bad, candles=self.mixed)

    def _checker_of(self, history):
        return ConnectionChecker(history, self.truth, self._positions, self._gaps)

    def _watched(self):
        """Those who must get everything."""
        return [self.clients]

    def _everybody(self):
        return self._watched()

    def judge(self):
        """Stops the load, waits for its end everywhere, and compares. Violations."""
        self._learn_the_truth()
        found = []
        self._wait(self._is_stored, "I1", "the end of the log is not stored", found)
        self._wait(self._clients_have_all, "I3", "the end of the log did not reach all", found)
        self._wait(lambda: self.ready()[1].get("status") == "ready", "I7", "never ready", found)
        found += self._judges.violations(self._watched())
        found += self._check_rows()
        found += check_positions(self.truth, stored_positions(self.database))
        found += self.journal.judge(self.truth, self.database)
        if "candle" in self.process.settings.get("journal.streams", ()):
            found += check_candles(self.truth, self.database)
        found += self._check_ledgers()
        found += check_recovered(self.truth, *self.ready(),
                                 self.process.rest.get("/api/snapshots").json())
        return found

    def _check_rows(self):
        return check_rows(self.truth, stored_rows(self.database), stored_ends(self.database),
                          stored_epochs(self.database))

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
        return found + check_dead_letters(self.truth, dead_letters(self.kafka, self.topic))

    def _wait(self, condition, check, what, found):
        """For as long as anything moves: a busy machine is slow, what stands still is wrong."""
        def holds():
            try:
                return condition()
            except OSError:
                return False
        moved = None
        while (now := self._progress()) != moved:
            moved = now
            try:
                wait_until(holds, what, self.patience_s)
                return
            except ServerError as error:
                told = str(error)
        found.append(Violation(check, "the end", told))

    def _progress(self):
        received = sum(history.received for history in self.clients.all())
        try:
            return received, self.committed()
        except psycopg2.Error:
            return received, None

    def _is_stored(self):
        return stored_ends(self.database).items() >= self.truth.ends.items()

    def _check_ledgers(self):
        """I2, I3 of clients that come back: each event once, over all their connections."""
        return [each for ledger in self.clients.ledgers()
                for each in ledger.judge(self.truth, self.journal.reached)]

    def _clients_have_all(self):
        self._judges.read_on(self._everybody())
        return self._judges.have_all(self._watched())
