"""The line under faults of the log: epochs that end, a second member of the group."""

import contextlib

from checkers import check_dead_letters, check_exit, check_rows
from epochs import EpochChecker, EpochTruth
from fault_clients import PROMPT, FaultClients
from fault_line import FaultLine
from history import Violation
from kafka_client import dead_letters
from oracle import stored_ends, stored_rows
from stream_keys import is_event, key_in, key_of
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
    for these clients: what they see is judged, not that they see it all. One client of the line
    comes to this process, too, and goes back to the line's own to be judged."""

    def __init__(self, line, clients=2):
        settings = {name: value for name, value in line.process.settings.items()
                    if name not in ("client.port", "ops.port")}
        self.process = TradePulseProcess(settings)
        self.clients = FaultClients(self.process.client_port, line.load.symbols,
                                    streams=line.streams)
        for number in range(clients):
            self.clients.add(f"client of the second {number + 1}")
        self.clients.add("returning to the second", PROMPT)
        line.clients.add("of both", PROMPT, also=self.process.client_port)

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
        self._poison = poison
        self.others, self._more = [], []  # Members; clients that are watched besides
        self._letters = set()
        super().__init__(kafka, server_url, seed=campaign.seed, **options)

    def second(self, **options):
        member = Member(self, **options)
        self.callback(member.close)
        self.others.append(member)
        return member

    def watch(self, clients):
        """More clients of the line's process, of symbols of their own, who must get them all."""
        self._more.append(clients)

    def make_slow(self, seconds):
        if not self._can_be_slow:
            self.database.query(SLOW)
            self._can_be_slow = True
        self.database.query("UPDATE pause SET seconds = %s", seconds)

    def processes(self):
        return super().processes() + [member.process for member in self.others
                                      if member.process.alive]

    def stored_epochs(self):
        """{key of a stream: its epoch}"""
        return {key_of(symbol, stream): epoch for symbol, stream, epoch in self.database.query(
            "SELECT symbol, 'price', epoch FROM price_snapshots WHERE epoch > 0"
            " UNION ALL SELECT symbol, stream, epoch FROM stream_positions"
            " WHERE stream <> 'price'")}

    def learn(self):
        """Pauses the load; the truth then has all that is in the log."""
        self._learn_the_truth()

    def owners(self):
        """{partition: the name of its owner, or None}"""
        return dict(self.database.query("SELECT partition, owner FROM ingest_offsets"))

    def generations(self):
        return dict(self.database.query("SELECT partition, generation FROM ingest_offsets"))

    def _empty_truth(self, bad):
        return EpochTruth(lambda value: value in self._poison or bad(value), candles=self.mixed)

    def _checker_of(self, history):
        return EpochChecker(history, self.truth, self._positions, self._gaps)

    def _watched(self):
        return [self.clients, *self._more]

    def _everybody(self):
        return self._watched() + [member.clients for member in self.others]

    def _check_rows(self):
        found = check_rows(self.truth, stored_rows(self.database), stored_ends(self.database))
        return found + [Violation("I1", key, "epoch", self.truth.epoch_of_symbol(key), epoch)
                        for key, epoch in self.stored_epochs().items()
                        if key in self.truth.streams and self.truth.due(key, epoch) is None]

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
        self._judges.forget()
        self.truth.forget_records()
        self.journal.forget()
        del self.producer.records[:self._added]
        self._added = 0

    def collect_letters(self):
        """What the dead-letter topic has now counts in the end, also when the topic is gone."""
        self._letters |= dead_letters(self.kafka, self.topic)

    def _latency(self, frame):
        message = frame.message
        if not is_event(message):
            return []
        data = message["data"]
        stream = self.truth.of(data["epoch"]).streams.get(key_in(data))
        if stream is None or data["sequence"] > len(stream.stamps_ms):
            return []
        return [frame.received_at - stream.stamps_ms[data["sequence"] - 1] / 1000]

    def _check_ledgers(self):
        # Of the others only what lies between what they saw: their partitions come and go.
        return super()._check_ledgers() + [
            each for member in self.others for ledger in member.clients.ledgers()
            for each in ledger.judge(self.truth, {})]


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
