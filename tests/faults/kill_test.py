"""kill -9 at named points of a commit and at random ones: nothing lost, nothing numbered anew."""

import contextlib
import threading
import time
import urllib.parse

import pytest
from fault_line import RECOVERY_LIMIT_S, FaultLine
from held_commit import PATIENT_ENGINE, HeldCommit
from postgres_proxy import ANSWER, ANSWERED, EVENTS, REQUEST, PostgresProxy


@contextlib.contextmanager
def proxied(kafka, postgres, campaign):
    """A line whose engine reaches PostgreSQL through a proxy; the judges go there directly."""
    server = urllib.parse.urlsplit(postgres)
    proxy = PostgresProxy(server.hostname, server.port)
    # The proxy ends first: what it holds would keep the engine's end waiting.
    with FaultLine(kafka, postgres, seed=campaign.seed,
                   engine_url=proxy.url_for) as line, contextlib.closing(proxy):
        yield line, proxy


def kill_at(point, kafka, postgres, campaign):
    with proxied(kafka, postgres, campaign) as (line, proxy):
        def fault(_):
            hold = proxy.hold(point)
            hold.wait()
            return line.kill_and_restart(before_restart=hold.drop)
        campaign.run(line, fault, campaign.rounds())


def test_kill_before_the_commit_reaches_the_server(kafka, postgres, campaign):
    kill_at(REQUEST, kafka, postgres, campaign)


def test_kill_between_the_rows_and_the_events_of_a_commit(kafka, postgres, campaign):
    kill_at(EVENTS, kafka, postgres, campaign)


def test_kill_after_the_commit_before_its_answer_is_known(kafka, postgres, campaign):
    kill_at(ANSWER, kafka, postgres, campaign)


def test_kill_after_the_answer_of_the_commit(kafka, postgres, campaign):
    kill_at(ANSWERED, kafka, postgres, campaign)


def test_kill_after_publish_before_any_commit(kafka, postgres, campaign):
    with proxied(kafka, postgres, campaign) as (line, proxy):
        def fault(draw):
            hold = proxy.hold(REQUEST)
            hold.wait()
            line.wait_for_frames(draw.randrange(1, 800))
            return line.kill_and_restart(before_restart=hold.drop)
        campaign.run(line, fault, campaign.rounds())


@pytest.mark.parametrize("how", ["commits_later", "rolls_back", "blocks_the_claim"])
def test_kill_inside_the_commit(kafka, postgres, campaign, how):
    # A start reads the rows, a claim reads them again: what was committed between the two is news
    # to those who have joined meanwhile.
    gaps = () if how == "rolls_back" else ("moved",)
    with FaultLine(kafka, postgres, seed=campaign.seed, settings=PATIENT_ENGINE,
                   gaps=gaps) as line:
        commit = HeldCommit(line.database)

        def fault(_):
            with contextlib.ExitStack() as held:
                held.enter_context(commit.held())

                def roll_back():
                    commit.roll_back()
                    held.close()

                def claim_waits():
                    commit.wait_for_a_claim_behind_it()
                    held.close()
                    return time.monotonic()

                actions = {"commits_later": {"before_restart": held.close},
                           "rolls_back": {"before_restart": roll_back},
                           "blocks_the_claim": {"after_start": claim_waits}}
                return line.kill_and_restart(**actions[how])
        campaign.run(line, fault, campaign.rounds(share=0.4))


def test_kill_at_random_moments(kafka, postgres, campaign):
    with FaultLine(kafka, postgres, seed=campaign.seed) as line:
        def fault(draw):
            # The moment itself is the random choice; nothing is waited for.
            threading.Event().wait(draw.uniform(0, 2))
            return line.kill_and_restart()
        campaign.run(line, fault, campaign.rounds(short=2, share=4))


def test_kill_again_while_it_starts(kafka, postgres, campaign):
    """One that dies while it joins its group is waited for by the group for another
    kafka.session_timeout (6 s), which begins when that of the one before ends."""
    with FaultLine(kafka, postgres, seed=campaign.seed) as line:
        def fault(draw):
            def again():
                threading.Event().wait(draw.uniform(0, 2))
                line.process.kill()
                line.process.start(wait=False)
                return time.monotonic()
            return line.kill_and_restart(after_start=again, limit_s=RECOVERY_LIMIT_S + 6)
        campaign.run(line, fault, campaign.rounds())


def test_kill_of_a_static_member(kafka, postgres, campaign):
    """With kafka.group_instance_id the group gives back at once what the dead one had."""
    settings = {"kafka.group_instance_id": f"static-{campaign.seed}"}
    with FaultLine(kafka, postgres, seed=campaign.seed, settings=settings) as line:
        def fault(draw):
            threading.Event().wait(draw.uniform(0, 2))
            return line.kill_and_restart()
        campaign.run(line, fault, campaign.rounds())
