"""Another PostgreSQL takes over, also one that lacks what the first one knew."""

import contextlib
import urllib.parse

import pytest
from database import Database
from history import Violation
from postgres_line import PostgresLine, broken, terminate
from postgres_server import PostgresServer
from postgres_variants import ReplicaServer
from supervised import wait_until


def generations(database):
    return [row[0] for row in database.query(
        "SELECT generation FROM ingest_offsets ORDER BY topic, partition")]


@pytest.mark.parametrize("replica_is", [
    "current", "behind", "behind_a_claim"])
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
