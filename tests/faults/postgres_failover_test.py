"""Another PostgreSQL takes over, also one that lacks what the first one knew."""

import contextlib
import urllib.parse

import pytest
from database import Database
from history import Violation
from oracle import stored_ends
from postgres_line import PostgresLine, broken, terminate
from postgres_proxy import EVENTS, REQUEST, PostgresProxy
from postgres_server import PostgresServer
from postgres_variants import ReplicaServer
from supervised import wait_until


def generations(database):
    return [row[0] for row in database.query(
        "SELECT generation FROM ingest_offsets ORDER BY topic, partition")]


@contextlib.contextmanager
def replicated(kafka, campaign, primary_port=lambda primary: primary.port, **options):
    """(line, primary, replica): the engine knows both addresses and wants the one that writes."""
    with contextlib.ExitStack() as stack:
        primary = stack.enter_context(contextlib.closing(PostgresServer())).start()
        replica = stack.enter_context(contextlib.closing(ReplicaServer(primary))).start()

        def both(database):
            url = urllib.parse.urlsplit(database.url)
            hosts = f"127.0.0.1:{primary_port(primary)},127.0.0.1:{replica.port}"
            who = url.netloc.rpartition("@")[0]
            return url._replace(netloc=f"{who}@{hosts}",
                                query="target_session_attrs=read-write").geturl()

        line = stack.enter_context(PostgresLine(kafka, primary.url, campaign, private=True,
                                                engine_url=both, **options))
        line.patience_s = 15
        yield line, primary, replica


def of(server, database):
    """The same database, as another server has it."""
    return Database(server.database_url(database.parts["name"]))


@pytest.mark.parametrize("replica_is", [
    "current", "behind", "behind_a_claim"])
def test_failover(kafka, campaign, replica_is):
    """The replica of a killed primary takes over. Where it lacks commits, the engine claims again,
    reads that part of the log again, and gives each record the number that it had. Where it lacks
    a claim too, the engine is granted a generation that it has had before."""
    for number in range(campaign.rounds(share=0.1)):
        with replicated(kafka, campaign) as (line, primary, replica):
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
                line.database = of(replica, line.database)
                known = generations(line.database)
                if replica_is != "current" and line.committed() >= lost:
                    found.append(Violation("harness", "replica", "was not behind", f"< {lost}",
                                           line.committed()))
                replica.promote()
                line.join("joins while it is read again")
                wait_until(lambda: all(now > before for now, before in zip(
                    generations(line.database), known)), "a claim of each partition", 30)
                return found + [
                    Violation("claim", f"partition {partition}", "a generation is granted again",
                              f"> {before}", now)
                    for partition, (before, now) in enumerate(
                        zip(granted, generations(line.database))) if now <= before]
            broken(line, campaign, fault, 1, first=number)


# The rows of a COPY that a server gets after its statement_timeout are refused; with a longer one
# they and the COMMIT behind them are what it does when it comes back. Without a journal what has
# left the ring is gone. Of prices alone, whose commit is one message behind the point where it is held.
@pytest.mark.parametrize("point, options", [
    (EVENTS, {"settings": {"postgres.options": "-c statement_timeout=60s"}, "mixed": False}),
    (REQUEST, {"settings": {"journal.streams": []}, "gaps": ("expired",), "mixed": False})
], ids=["journal", "rows_alone"])
def test_failover_from_a_frozen_primary(kafka, campaign, point, options):
    """The primary stands still with commits on their way, the replica takes over, the primary comes
    back and does what it was told: nobody counts it, and the engine stays where it is. Who reads
    the journal may still be connected to it, and takes no answer from it until it is ended, as one
    that was replaced has to be."""
    with contextlib.ExitStack() as stack:
        proxies = []

        def proxied(primary):
            proxies.append(PostgresProxy("127.0.0.1", primary.port))
            stack.callback(proxies[-1].close)
            return proxies[-1].port

        def committed(database):
            return sum(offset or 0 for offset in stored_ends(database).values())

        for number in range(campaign.rounds(share=0.1)):
            with replicated(kafka, campaign, proxied, **options) as (line, primary, replica):
                def fault(_, line=line, primary=primary, replica=replica):
                    hold = proxies[-1].hold(point)
                    hold.wait()
                    old, new = line.database, of(replica, line.database)
                    stood = wait_until(lambda: committed(new) == committed(old) and committed(old),
                                       "a replica that is current", 20)
                    primary.freeze()
                    try:
                        hold.release()  # To the frozen one, which reads it when it comes back.
                        replica.promote()
                        line.database = new
                        line.wait_for_commits(300)
                    finally:
                        primary.thaw()
                    wait_until(lambda: committed(old) > stood, "the old primary's late commit", 20)
                    if point == EVENTS:
                        line.wait_for_commits(300)
                        primary.kill()
                        proxies[-1].close()  # Nobody listens where it was.
                    line.wait_for_commits(300)
                    return []
                broken(line, campaign, fault, 1, first=number)
