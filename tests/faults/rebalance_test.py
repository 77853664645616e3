"""A second member of the group that comes, goes, dies, stands still: no number twice, no row of an
older owner, and clients of both know of everything that they did not get."""

import threading
import time

import pytest
from history import Violation
from kafka_line import KafkaLine, frozen, wait_for_owners
from supervised import wait_until

SESSION_S = 6.0  # kafka.session_timeout
EVERY_S = 3.0  # the second member comes or goes


# Commits that were refused because another claim came after theirs; and calls in whose midst
# PostgreSQL had ended the session of a process that stood still.
REFUSED = ("tradepulse_refused_commits_total",)
NOT_WRITTEN = REFUSED + ("tradepulse_database_errors_total",)


def count_of(process, names):
    return sum(value for name, value in process.metrics().items() if name.startswith(names))


@pytest.mark.parametrize("ending", ["leaves", "dies"])
def test_rebalance_storm(kafka, postgres, campaign, ending):
    """Under load, with a slow database; a round is 20 s of it (2 min in a long campaign)."""
    with KafkaLine(kafka, postgres, campaign, gaps=("moved",)) as line:
        member = line.second()

        def fault(draw):
            line.make_slow(draw.uniform(0.05, 0.3))
            try:
                end = time.monotonic() + (120 if campaign.long else 20)
                while time.monotonic() < end:
                    member.process.start(wait=False)
                    # The time itself is the fault; nothing is waited for.
                    threading.Event().wait(EVERY_S + draw.uniform(-1, 1))
                    if ending == "leaves":
                        member.process.stop()
                    else:
                        member.process.kill()
                    threading.Event().wait(EVERY_S)
            finally:
                line.make_slow(0)
            began = time.monotonic()
            wait_for_owners(line, 1)
            line.wait_for_commits(100)
            return time.monotonic() - began
        campaign.run(line, fault, campaign.rounds(share=0.1))


# A commit of rows alone is one message: who is frozen comes back with the next one, which is refused,
# unless its own watchdog finds that the call took too long. With events it is several messages, and
# PostgreSQL may end the session between two of them.
@pytest.mark.parametrize("settings, gaps, names", [
    ({"journal.streams": [], "postgres.watchdog": "1m"}, ("moved", "expired"), REFUSED),
    ({}, ("moved",), NOT_WRITTEN)
], ids=["rows_alone", "journal"])
@pytest.mark.parametrize("who", ["first", "second"])
def test_frozen_member(kafka, postgres, campaign, who, settings, gaps, names):
    """For longer than its session, with batches in flight: its partitions go to the other one,
    and when it comes back nothing that it still has is written."""
    with KafkaLine(kafka, postgres, campaign, settings=settings, gaps=gaps) as line:
        member, counted = line.second(), []

        def fault(draw):
            member.process.start()
            wait_for_owners(line, 2)
            wait_until(lambda: member.clients.frames() > 100, "ticks of the second", 20)
            process = line.process if who == "first" else member.process
            other = member.process if who == "first" else line.process
            line.make_slow(draw.uniform(0.3, 1.0))
            line.wait_for_commits(100)
            before, claims = count_of(process, names), line.generations()
            with frozen(process):
                wait_for_owners(line, 1)
                began = time.monotonic()
                line.wait_for_commits(300)
                line.make_slow(0)
                assert other.alive
            found = [] if line.generations() != claims else [
                Violation("claims", "ingest_offsets", "no generation was raised")]
            wait_for_owners(line, 2)
            counted.append(count_of(process, names) - before)
            member.process.stop()
            wait_for_owners(line, 1)
            return time.monotonic() - began, found
        campaign.run(line, fault, campaign.rounds(short=2, share=0.5))
        # Which round has any is a race: it may learn first that its partitions are gone.
        assert sum(counted) > 0, f"nothing was in its hands, or it was not counted: {counted}"


def test_a_lone_member_that_loses_its_partitions_and_gets_them_back(kafka, postgres, campaign):
    """Frozen for longer than its session while nobody else is there: its memory may be ahead of
    the database, and the same records get the same numbers again."""
    with KafkaLine(kafka, postgres, campaign) as line:
        line.clients.floor = line.clients.highest

        def fault(draw):
            line.make_slow(draw.uniform(0.2, 1.0))
            line.wait_for_commits(100)
            with frozen(line.process):
                threading.Event().wait(SESSION_S + draw.uniform(1, 4))
            line.make_slow(0)
            seconds = line.seconds_to_commit()
            line.wait_for_frames(300)
            return seconds
        campaign.run(line, fault, campaign.rounds())
