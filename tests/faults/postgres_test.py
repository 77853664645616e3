"""PostgreSQL restarted, away, frozen, slow, full, read-only, replaced: ticks flow on, and in the
end the rows are what the log says."""

import contextlib
import os
import signal
import time
import urllib.parse

import psycopg2
import pytest
from checkers import check_degraded, check_log, check_resources, resources_of
from database import Database
from fault_line import FaultLine
from held_commit import PATIENT_ENGINE, HeldCommit
from history import Violation
from postgres_proxy import ANSWER, IN_TRANSACTION, REQUEST, PostgresProxy
from postgres_server import PostgresServer
from postgres_variants import FullDiskServer, ReplicaServer, restart_immediately
from supervised import ServerError, wait_until

WATCHDOG_S = 5.0  # postgres.watchdog
# What a commit needs after a cut: the watchdog, a connection attempt, a claim, a flush.
FREED_LIMIT_S = WATCHDOG_S + 5.0
# postgres.idle_in_transaction_session_timeout, and what a busy machine adds.
IDLE_LIMIT_S = 5.0 + 3.0


@pytest.fixture(name="server", scope="module")
def server_fixture():
    """A PostgreSQL of these tests alone, which they break and mend."""
    with contextlib.closing(PostgresServer()) as server:
        yield server.start()


class PostgresLine(FaultLine):
    """The engine lives through all of it: no join position may go back, resources come back."""

    def __init__(self, kafka, server_url, campaign, **options):
        self._baseline = None
        self._began = time.monotonic()
        self.answers = []
        super().__init__(kafka, server_url, seed=campaign.seed, **options)
        self.clients.floor = self.clients.highest
        # Two writers and the statistics, and no session of its start any more: then the engine has
        # all that it ever opens.
        wait_until(lambda: self.process.rest.get("/api/stats").json()["database"]["reachable"]
                   and len(self.database.query(SESSIONS)) == 3, "three sessions", 30)

    def join(self, name):
        super().join(name)
        if self._baseline:
            self._baseline["open_files"] += 1

    def take_baseline(self, number):
        if number == 0:
            self._baseline = resources_of(self.process.pid)
        self.answers = []

    def look(self):
        """GET /ready, remembered. True where it says degraded."""
        self.answers.append(self.ready())
        return self.answers[-1][1].get("status") == "degraded"

    def wait_until_told(self, *names, timeout=20):
        """Until /ready says degraded: at most the time that a call to the database may take."""
        with contextlib.suppress(ServerError):  # The checker says what was there instead.
            wait_until(self.look, "degraded", timeout)
        return check_degraded(self.answers, ["postgres", *names])

    def finish(self):
        found = super().finish()
        # The engine's own bound: 20 lines of an event in 10 s.
        windows = 2 + int((time.monotonic() - self._began) / 10)
        return found + check_log(self.process.log_text().splitlines(), windows, 20)

    def judge(self):
        found = super().judge()
        before = self._baseline
        if before is None:
            return found
        # A connection that has just come back may still be on its way.
        with contextlib.suppress(ServerError):
            wait_until(lambda: not check_resources(before, resources_of(self.process.pid)),
                       "the baseline", 10)
        return found + check_resources(before, resources_of(self.process.pid))


@contextlib.contextmanager
def proxied(kafka, server, campaign, **options):
    """The engine gets to the server through a proxy, the judges directly."""
    with contextlib.closing(PostgresProxy("127.0.0.1", server.port)) as proxy:
        with PostgresLine(kafka, server.url, campaign, engine_url=proxy.url_for,
                          **options) as line:
            yield line, proxy


def broken(line, campaign, fault, rounds):
    """Runs a fault of the form fault(random) -> violations; the seconds are from its end to the
    first commit."""
    def timed(draw):
        found = fault(draw)
        return line.seconds_to_commit(), found
    campaign.run(line, timed, rounds, before=line.take_baseline)


def terminate(database, condition="true"):
    """Ends the engine's sessions; how many."""
    return database.value(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname ="
        f" current_database() AND pid <> pg_backend_pid() AND {condition}")


# --- restarts and absence ---

@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_database_restart(kafka, server, campaign, how):
    with PostgresLine(kafka, server.url, campaign) as line:
        def fault(_):
            if how == "fast":
                server.stop()
                server.start()
            else:
                restart_immediately(server)
            return []
        broken(line, campaign, fault, campaign.rounds())


def test_database_down(kafka, server, campaign):
    with PostgresLine(kafka, server.url, campaign) as line:
        def fault(_):
            server.kill()
            up_again = time.monotonic() + (60 if campaign.long else 8)
            found = line.wait_until_told()
            line.join("late")
            while time.monotonic() < up_again:
                line.wait_for_frames(100)
                line.look()
            server.start()
            return found
        broken(line, campaign, fault, campaign.rounds(share=0.1))


def test_start_without_a_database(kafka, server, campaign):
    """The engine is killed, and the database right after its new start: it waits, says so, and
    reads on when the database is back."""
    with FaultLine(kafka, server.url, seed=campaign.seed) as line:
        def answer(path):
            try:
                return line.process.ops.get(path).status
            except OSError:
                return None

        def fault(_):
            def without():
                server.kill()
                wait_until(lambda: answer("/health") == 200, "/health", 30)
                told = wait_until(lambda: answer("/ready"), "/ready", 30)
                server.start()
                # Its rows may have been read already; then it is ready, and only claims wait.
                assert told in (200, 503)
                return time.monotonic()
            return line.kill_and_restart(after_start=without)
        campaign.run(line, fault, campaign.rounds())


# --- frozen ---

SESSIONS = ("SELECT pid, state FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'")


@contextlib.contextmanager
def stopped(pids):
    """SIGSTOP for these processes of a server that the test has started."""
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def idle_sessions_stopped(database):
    """All sessions of the engine frozen while none is within a statement, so that none holds a
    lock. A try that meets one within a statement is undone."""
    def all_idle():
        held = contextlib.ExitStack()
        held.enter_context(stopped([pid for pid, _ in database.query(SESSIONS)]))
        if all(state == "idle" for _, state in database.query(SESSIONS)):
            return held
        held.close()
        return None
    with wait_until(all_idle, "sessions that are idle", 30):
        yield


def test_frozen_backends(kafka, server, campaign):
    """Others can connect: the engine cuts its frozen connections and commits by new ones."""
    with PostgresLine(kafka, server.url, campaign) as line:
        def fault(_):
            with idle_sessions_stopped(line.database):
                seconds = line.seconds_to_commit()
                line.wait_for_frames(200)
            late = [] if seconds <= FREED_LIMIT_S else [
                Violation("watchdog", "the first commit", "seconds", f"<= {FREED_LIMIT_S}",
                          round(seconds, 2))]
            return seconds, late
        campaign.run(line, fault, campaign.rounds(), before=line.take_baseline)


def test_frozen_server(kafka, server, campaign):
    """Everything of it: connections stay open, new ones are not answered."""
    with PostgresLine(kafka, server.url, campaign) as line:
        def fault(_):
            server.freeze()
            try:
                found = line.wait_until_told()
                line.wait_for_frames(500)
            finally:
                server.thaw()
            return found
        broken(line, campaign, fault, campaign.rounds())


def test_frozen_postmaster(kafka, server, campaign):
    """Sessions work on, but the first one that is lost cannot be replaced."""
    with PostgresLine(kafka, server.url, campaign) as line:
        def fault(_):
            judge = psycopg2.connect(line.database.url)
            with contextlib.closing(judge), stopped([server.pid]):
                line.wait_for_frames(100)
                with judge, judge.cursor() as cursor:
                    cursor.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
                        " current_database() AND pid <> pg_backend_pid()")
                found = line.wait_until_told()
                line.wait_for_frames(500)
            return found
        broken(line, campaign, fault, campaign.rounds())


# --- slow, locked ---

def test_slow_database(kafka, server, campaign):
    """Statements take a while; then longer than postgres.statement_timeout allows."""
    with PostgresLine(kafka, server.url, campaign) as line:
        line.database.query(
            "CREATE TABLE pause (seconds float); INSERT INTO pause VALUES (0);"
            "CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " PERFORM pg_sleep((SELECT seconds FROM pause)); RETURN NULL; END $$;"
            "CREATE TRIGGER be_slow BEFORE INSERT ON price_snapshots"
            " FOR EACH STATEMENT EXECUTE FUNCTION be_slow()")

        def fault(draw):
            line.database.query("UPDATE pause SET seconds = %s", draw.uniform(0.2, 1.5))
            line.wait_for_commits(100)
            line.database.query("UPDATE pause SET seconds = 60")
            try:
                found = line.wait_until_told()
                line.wait_for_frames(300)
            finally:
                line.database.query("UPDATE pause SET seconds = 0")
            return found
        broken(line, campaign, fault, campaign.rounds())


def test_slow_network_to_the_database(kafka, server, campaign):
    """Each answer takes a fifth of a second more, and no more than 40 KB a second get through."""
    with proxied(kafka, server, campaign) as (line, proxy):
        def fault(_):
            proxy.delay_s, proxy.bytes_per_s = 0.1, 40_000
            try:
                line.wait_for_commits(500)
                line.wait_for_frames(500)
            finally:
                proxy.delay_s, proxy.bytes_per_s = 0, None
            return []
        broken(line, campaign, fault, campaign.rounds())


@pytest.mark.parametrize("what", ["LOCK TABLE price_snapshots",
                                  "SELECT FROM ingest_offsets FOR UPDATE"],
                         ids=["table", "rows"])
def test_locks_of_a_frozen_client(kafka, server, campaign, what):
    """Somebody holds locks in a transaction and stands still."""
    with PostgresLine(kafka, server.url, campaign) as line:
        def fault(_):
            holder = psycopg2.connect(line.database.url)
            with contextlib.closing(holder), holder.cursor() as cursor:
                cursor.execute(what)
                found = line.wait_until_told()
                line.wait_for_frames(300)
            return found
        broken(line, campaign, fault, campaign.rounds())


@contextlib.contextmanager
def one_partition_locked(line, draw):
    """Somebody has the row of one partition, and the others go on being stored, also the one that
    shares its writer. Yields when they did so twice over; violations."""
    def ends():
        return [row[0] for row in line.database.query(
            "SELECT next_offset FROM ingest_offsets ORDER BY partition")]

    locked = draw.randrange(4)
    holder = psycopg2.connect(line.database.url)
    with contextlib.closing(holder), holder.cursor() as cursor:
        cursor.execute("SELECT next_offset FROM ingest_offsets WHERE partition = %s FOR UPDATE",
                       [locked])
        stands = cursor.fetchone()[0]
        for _ in range(2):
            before = ends()
            wait_until(lambda before=before: all(now > then for number, (now, then) in enumerate(
                zip(ends(), before)) if number != locked), "commits of the others", 30)
        yield [] if ends()[locked] == stands else [Violation("harness", "the lock", "did not hold")]


def test_lock_of_one_partition(kafka, server, campaign):
    with PostgresLine(kafka, server.url, campaign) as line:
        def fault(draw):
            with one_partition_locked(line, draw) as found:
                return found
        broken(line, campaign, fault, campaign.rounds())


@pytest.mark.xfail(strict=True, reason=(
    "/ready says ready while one partition cannot be stored: all writers and partitions share the "
    "health entry `postgres`, and a commit of any other one clears it"))
def test_lock_of_one_partition_is_told(kafka, server, campaign):
    with PostgresLine(kafka, server.url, campaign) as line:
        def fault(draw):
            with one_partition_locked(line, draw) as found:
                # By now its commit has failed at least once; it stands all the time that follows.
                answers = []
                wait_until(lambda: answers.append(line.ready()[1]["status"]) or len(answers) == 20,
                           "20 answers", 30, interval=0.1)
                if "ready" in answers:
                    found.append(Violation("I7", "/ready", "of 20 answers while nothing of a "
                                           "partition is stored", "20 degraded",
                                           f"{answers.count('ready')} ready"))
                return found
        broken(line, campaign, fault, campaign.rounds())


def test_claim_that_stands_still_in_its_transaction(kafka, server, campaign):
    """The row of a partition is locked, and the one who locked it says nothing more: the server
    ends that session after postgres.idle_in_transaction_session_timeout."""
    silent = ("SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
              " AND state = 'idle in transaction'")
    with proxied(kafka, server, campaign) as (line, proxy):
        def fault(_):
            hold = proxy.hold(IN_TRANSACTION)
            try:
                terminate(line.database)
                hold.wait()
                first = set(wait_until(lambda: line.database.query(silent), "a silent one", 20))
                began = time.monotonic()
                line.wait_for_frames(200)
                # The next ones of the engine are held in their turn.
                wait_until(lambda: not first & set(line.database.query(silent)),
                           "the end of the lock", 60)
                seconds = time.monotonic() - began
            finally:
                hold.drop()
            found = [] if seconds <= IDLE_LIMIT_S else [
                Violation("watchdog", "the lock of a silent session", "seconds",
                          f"<= {IDLE_LIMIT_S}", round(seconds, 2))]
            return line.seconds_to_commit(), found
        campaign.run(line, fault, campaign.rounds(), before=line.take_baseline)


# --- full, read-only ---

def test_disk_full(kafka, campaign):
    reason = FullDiskServer.reason_to_skip()
    if reason:
        pytest.skip(reason)
    with contextlib.closing(FullDiskServer()) as server:
        server.start()

        def prepare(database):
            name = database.parts["name"]
            Database(server.url).query(f'ALTER DATABASE "{name}" SET default_tablespace = small')
        with PostgresLine(kafka, server.url, campaign, private=True, prepare=prepare) as line:
            def fault(_):
                server.fill()
                line.load.grow(400)  # The table has to grow for them.
                found = line.wait_until_told("53100")
                line.wait_for_frames(300)
                server.empty()
                return found
            broken(line, campaign, fault, campaign.rounds())


def test_read_only_database(kafka, server, campaign):
    with PostgresLine(kafka, server.url, campaign) as line:
        # Not itself read-only: somebody has to end it.
        admin = Database(server.url + "?options=-c%20default_transaction_read_only%3Doff")

        def fault(_):
            admin.query("ALTER SYSTEM SET default_transaction_read_only = on")
            admin.query("SELECT pg_reload_conf()")
            try:
                found = line.wait_until_told()
                line.wait_for_frames(300)
            finally:
                admin.query("ALTER SYSTEM RESET default_transaction_read_only")
                admin.query("SELECT pg_reload_conf()")
            return found
        broken(line, campaign, fault, campaign.rounds())


# --- failover ---

def generations(database):
    return [row[0] for row in database.query(
        "SELECT generation FROM ingest_offsets ORDER BY topic, partition")]


GENERATION_AGAIN = pytest.mark.xfail(strict=True, reason=(
    "a generation is granted twice where the replica lacks a claim: range_store_postgres::claim "
    "raises the stored one by 1, the partition and the writer take what is left of the claim before "
    "for their own; records get other numbers and nothing is committed any more"))


@pytest.mark.parametrize("replica_is", [
    "current", "behind", pytest.param("behind_a_claim", marks=GENERATION_AGAIN)])
def test_failover(kafka, campaign, replica_is):
    """The replica of a killed primary takes over. Where it lacks commits, the engine claims again,
    reads that part of the log again, and gives each record the number that it had. Where it lacks
    a claim too, the engine is granted a generation that it has had before."""
    rounds = campaign.rounds(share=0.1)
    for _ in range(rounds):
        with contextlib.ExitStack() as stack:
            primary = stack.enter_context(contextlib.closing(PostgresServer())).start()
            replica = stack.enter_context(contextlib.closing(ReplicaServer(primary))).start()

            def both(database, primary=primary, replica=replica):
                url = urllib.parse.urlsplit(database.url)
                hosts = f"127.0.0.1:{primary.port},127.0.0.1:{replica.port}"
                who = url.netloc.rpartition("@")[0]
                return url._replace(netloc=f"{who}@{hosts}",
                                    query="target_session_attrs=read-write").geturl()

            line = stack.enter_context(PostgresLine(kafka, primary.url, campaign, private=True,
                                                    engine_url=both))
            line.patience_s = 15

            def fault(draw, line=line, primary=primary, replica=replica):
                if replica_is != "current":
                    replica.stop_following()
                if replica_is == "behind_a_claim":
                    before = generations(line.database)
                    terminate(line.database)
                    wait_until(lambda: all(now > then for now, then in zip(
                        generations(line.database), before)), "a claim of each partition", 30)
                if replica_is != "current":
                    line.wait_for_commits(draw.randrange(200, 2000))
                lost, granted = line.committed(), generations(line.database)
                primary.kill()
                found = line.wait_until_told()
                line.join("joins while there is none")
                line.database = Database(replica.database_url(line.database.parts["name"]))
                replicated = generations(line.database)
                if replica_is != "current" and line.committed() >= lost:
                    found.append(Violation("harness", "replica", "was not behind", f"< {lost}",
                                           line.committed()))
                replica.promote()
                line.join("joins while it is read again")
                wait_until(lambda: all(now > before for now, before in zip(
                    generations(line.database), replicated)), "a claim of each partition", 30)
                return found + [
                    Violation("claim", f"partition {number}", "a generation is granted again",
                              f"> {before}", now)
                    for number, (before, now) in enumerate(
                        zip(granted, generations(line.database))) if now <= before]
            broken(line, campaign, fault, 1)


# --- the outcome of a commit is unknown ---

@pytest.mark.parametrize("point", [REQUEST, ANSWER])
def test_outcome_unknown_by_a_cut(kafka, server, campaign, point):
    with proxied(kafka, server, campaign) as (line, proxy):
        def fault(_):
            hold = proxy.hold(point)
            hold.wait()
            hold.drop()
            return []
        cuts = 10 if campaign.long else 5

        def several(draw):
            found = []
            for _ in range(cuts - 1):
                found += fault(draw)
                line.wait_for_commits(1)
            return found + fault(draw)
        broken(line, campaign, several, campaign.rounds())


@pytest.mark.parametrize("ends_by", ["commit", "rollback"])
def test_outcome_unknown_of_a_commit_that_goes_on(kafka, server, campaign, ends_by):
    """The connection is cut within the statement, the server works on and knows nothing of it; the
    new claim waits behind it."""
    with proxied(kafka, server, campaign, settings=PATIENT_ENGINE) as (line, proxy):
        commit = HeldCommit(line.database)

        def fault(_):
            with commit.held():
                proxy.cut()
                commit.wait_for_a_claim_behind_it()
                line.wait_for_frames(50)
                if ends_by == "rollback":
                    commit.roll_back()
            return []
        broken(line, campaign, fault, campaign.rounds())


def test_outcome_unknown_by_termination(kafka, server, campaign):
    """pg_terminate_backend at any moment, mostly within statements."""
    with PostgresLine(kafka, server.url, campaign) as line:
        def fault(draw):
            ended = 0
            wanted = draw.randrange(5, 15)
            while ended < wanted:
                ended += wait_until(lambda: terminate(line.database, draw.choice(
                    ["state = 'active'", "true"])), "a session to end", 20, interval=0.01)
            return []
        broken(line, campaign, fault, campaign.rounds())


def test_answers_cut_in_the_middle(kafka, server, campaign):
    """Each connection ends after so many bytes of the server's: within its start, a claim, a
    commit's answer."""
    with proxied(kafka, server, campaign) as (line, proxy):
        def fault(draw):
            for _ in range(5):
                proxy.cut_after_bytes = draw.randrange(1, 6000)
                opened = proxy.opened
                proxy.cut()
                wait_until(lambda before=opened: proxy.opened >= before + 2, "two attempts", 30)
            line.wait_for_frames(50)
            proxy.cut_after_bytes = None
            proxy.cut()
            return []
        broken(line, campaign, fault, campaign.rounds())


def test_half_open_connections_to_the_database(kafka, server, campaign):
    """A network that forgets connections: nobody is told, new ones work."""
    with proxied(kafka, server, campaign) as (line, proxy):
        def fault(_):
            proxy.half_open()
            before = proxy.commits
            began = time.monotonic()
            wait_until(lambda: proxy.commits > before, "a commit by a new connection", 60)
            seconds = time.monotonic() - began
            late = [] if seconds <= FREED_LIMIT_S else [
                Violation("watchdog", "the first commit", "seconds", f"<= {FREED_LIMIT_S}",
                          round(seconds, 2))]
            return seconds, late
        campaign.run(line, fault, campaign.rounds(), before=line.take_baseline)
