"""The line under faults of the log: epochs that end, a second member of the group."""

import contextlib

from checkers import check_dead_letters, check_exit, check_recovered, check_rows
from epochs import EpochChecker, EpochTruth
from fault_clients import FaultClients
from fault_line import FaultLine
from history import Violation
from kafka_client import read_topic
from oracle import stored_ends, stored_rows
from supervised import ServerError, wait_until
from tradepulse_process import TradePulseProcess

SLOW = """
CREATE TABLE pause (seconds float); INSERT INTO pause VALUES (0);
CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_sleep((SELECT seconds FROM pause)); RETURN NULL; END $$;
CREATE TRIGGER be_slow BEFORE INSERT ON price_snapshots
  FOR EACH STATEMENT EXECUTE FUNCTION be_slow();
"""


class Member:
    """One more process of the line's group and database, with clients of its own. Nobody waits
    for these clients: what they see is judged, not that they see it all."""

    def __init__(self, line, clients=2):
        settings = {name: value for name, value in line.process.settings.items()
                    if name not in ("client.port", "ops.port")}
        self.process = TradePulseProcess(settings)
        self.clients = FaultClients(self.process.client_port, line.load.symbols)
        for number in range(clients):
            self.clients.add(f"client of the second {number + 1}")

    def close(self):
        self.clients.close()
        if self.process.alive:
            self.process.kill()
        self.process.close()


class KafkaLine(FaultLine):
    """Judged with the epochs that a test says its partitions began (`truth.begin`).
    `poison`: values that are bad besides those of the load."""

    def __init__(self, kafka, server_url, campaign, poison=frozenset(), **options):
        self._can_be_slow = False
        super().__init__(kafka, server_url, seed=campaign.seed, **options)
        self.truth = EpochTruth(lambda value: value in poison or self.load.bad(value))
        self.others = []    # Members
        self._watched = [self.clients]
        self._letters = set()

    def second(self, **options):
        member = Member(self, **options)
        self.callback(member.close)
        self.others.append(member)
        return member

    def watch(self, clients):
        """More clients of the line's process, of symbols of their own, who must get them all."""
        self._watched.append(clients)

    def make_slow(self, seconds):
        if not self._can_be_slow:
            self.database.query(SLOW)
            self._can_be_slow = True
        self.database.query("UPDATE pause SET seconds = %s", seconds)

    def processes(self):
        return super().processes() + [member.process for member in self.others
                                      if member.process.alive]

    def learn(self):
        """Pauses the load; the truth then has all that is in the log."""
        self._learn_the_truth()

    def owners(self):
        """{partition: the name of its owner, or None}"""
        return dict(self.database.query("SELECT partition, owner FROM ingest_offsets"))

    def generations(self):
        return dict(self.database.query("SELECT partition, generation FROM ingest_offsets"))

    def judge(self):
        self._learn_the_truth()
        found = []
        self._wait(self._is_stored, "I1", "the end of the log is not stored", found)
        self._wait(self._clients_have_all, "I3", "the end of the log did not reach all", found)
        self._wait(lambda: self.ready()[1].get("status") == "ready", "I7", "never ready", found)
        found += self._client_violations
        self._client_violations = []
        for checker in self._open_ones():
            found += checker.at_the_end()
        found += check_rows(self.truth, stored_rows(self.database), stored_ends(self.database))
        found += [Violation("I1", symbol, "epoch", self.truth.epoch_of_symbol(symbol), epoch)
                  for symbol, epoch in self.database.query(
                      "SELECT symbol, epoch FROM price_snapshots WHERE epoch > 0")
                  if symbol in self.truth.streams
                  and epoch != self.truth.epoch_of_symbol(symbol)]
        return found + check_recovered(self.truth, *self.ready(),
                                       self.process.rest.get("/api/snapshots").json())

    def finish(self):
        self._learn_the_truth()
        found = []
        if self.process.alive:
            try:
                self.process.stop()
            except ServerError as error:
                found += check_exit(str(error))
        self.collect_letters()
        # What expired is not asked for: where it is there it was read in time.
        places = self._letters - self.truth.bad_places_before | (
            self._letters & self.truth.bad_places)
        return found + check_dead_letters(self.truth, places)

    def forget(self):
        """What was judged and nobody asks for again, of clients and of the producer. Requires: the
        load is paused, judge() has run, and no epoch begins from here on."""
        for checker in self._checkers.values():
            checker.forget()
        self.truth.forget_records()
        del self.producer.records[:self._added]
        self._added = 0

    def collect_letters(self):
        """What the dead-letter topic has now counts in the end, also when the topic is gone."""
        self._letters |= {
            (letter.headers["tradepulse-topic"], int(letter.headers["tradepulse-partition"]),
             int(letter.headers["tradepulse-offset"]))
            for letter in read_topic(self.kafka, self.topic + ".dead-letter")}

    def _latency(self, frame):
        data = frame.message.get("data", {})
        stream = self.truth.of(data.get("epoch", 1)).streams.get(data.get("symbol"))
        if frame.message["type"] != "price_update" or frame.message.get("snapshot"):
            return []
        if stream is None or data["sequence"] > len(stream.stamps_ms):
            return []
        return [frame.received_at - stream.stamps_ms[data["sequence"] - 1] / 1000]

    def _read_on(self):
        everybody = [*self._watched, *(member.clients for member in self.others)]
        for history in [each for clients in everybody for each in clients.all()]:
            if id(history) not in self._checkers:
                self._checkers[id(history)] = EpochChecker(history, self.truth, self._positions,
                                                           self._gaps)
            self._client_violations += self._checkers[id(history)].read_on()

    def _clients_have_all(self):
        self._read_on()
        open_ones = self._open_ones()
        return len(open_ones) == sum(clients.count for clients in self._watched) and not any(
            checker.behind() for checker in open_ones)

    def _open_ones(self):
        """Of the clients that must get everything."""
        own = {id(history) for clients in self._watched for history in clients.all()}
        return [checker for checker in self._checkers.values()
                if checker.history.open and id(checker.history) in own]


@contextlib.contextmanager
def frozen(process):
    process.freeze()
    try:
        yield
    finally:
        process.thaw()


def wait_for_owners(line, count, timeout=40):
    """Until the partitions have so many different owners, none is without one."""
    def holds():
        names = line.owners().values()
        return None not in names and len(set(names)) == count
    wait_until(holds, f"{count} owners of all partitions", timeout)
