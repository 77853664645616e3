"""Commits of which nobody knows whether they happened."""

import pytest
from held_commit import PATIENT_ENGINE, HeldCommit
from postgres_line import PostgresLine, broken, proxied, terminate
from postgres_proxy import ANSWER, EVENTS, REQUEST
from supervised import wait_until


@pytest.mark.parametrize("point", [REQUEST, EVENTS, ANSWER])
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
