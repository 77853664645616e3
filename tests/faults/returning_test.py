"""Clients that come back with their positions where what they ask for is hard to get, or is gone.

In all other tests two of them run beside the fault; here they are the subject.
"""

import json

import pytest
from fault_clients import AWAY, note_position
from fault_line import FaultLine
from history import Violation
from postgres_line import PostgresLine, broken
from stream_keys import key_in
from supervised import wait_until

TOKEN = {"Authorization": "Bearer token"}


def connections(line, name=AWAY.name):
    return [each for each in line.clients.all() if each.name.startswith(name + "/")]


def send_away(line, ticks):
    """The client leaves and misses so many ticks, of which all are stored. Its positions."""
    line.clients.settle()
    wait_until(lambda: len(line.clients.open_ones()) == line.clients.count, "all clients", 20)
    line.clients.send_away(AWAY.name)
    wait_until(lambda: connections(line)[-1].left, "that it goes", 20)
    wait_until(lambda: not connections(line)[-1].open, "its end", 20)
    line.load.pause()
    for _ in range(ticks):
        line.load.tick()
    line._learn_the_truth()
    wait_until(line._is_stored, "all of it stored", 45)
    return reached_by(line)


def reached_by(line):
    """The positions of the client as its messages tell them."""
    reached = {}
    for each in connections(line):
        reached = positions_after(each, reached)
    return reached


def positions_after(history, before):
    reached = dict(before)
    for frame in list(history.frames):
        note_position(reached, frame.message)
    return reached


def test_clients_come_back_while_the_database_is_away(kafka, server, campaign):
    """What they miss is in the journal alone: they wait, which is told; after recovery.timeout they
    are sent away with the position that was reached, again and again; in the end they have all."""
    settings = {"recovery.timeout": "1s", "admin.token": "token", "symbols.ring": 8}
    with PostgresLine(kafka, server.url, campaign, settings=settings) as line:
        def actors(kind):
            return line.process.ops.get(f"/admin/actors?kind={kind}", TOKEN).json()["actors"]

        def waiting():
            return (line.process.metrics()["tradepulse_recovering_subscriptions"]
                    and any(each["queue_depth"] for each in actors("fan_out"))
                    and any(each["state"] == "waiting for the database"
                            for each in actors("history_reader")))

        def refused():
            return [each for each in connections(line) if each.close_code == 1013]

        def fault(draw):
            send_away(line, draw.randrange(2000, 4000))
            before = len(refused())
            server.kill()
            line.load.resume()
            found = line.wait_until_told()
            line.clients.call_back(AWAY.name)
            wait_until(waiting, "one that waits and is seen", 20)
            wait_until(lambda: len(refused()) >= before + 2, "two refusals", 60)
            server.start()
            for each in refused()[before:]:
                reason = json.loads(each.close_reason)
                told = reason["epoch"], reason["seq"]
                reached = positions_after(each, each.asked).get(key_in(reason))
                if told != reached or reason["retry_after_ms"] < 1:
                    found.append(Violation("I3", each.name, "closed with another position than it "
                                           "has reached", reached, reason))
            return found
        broken(line, campaign, fault, campaign.rounds(share=0.3))


def test_clients_come_back_to_a_process_without_a_ring(kafka, postgres, campaign):
    """All of it comes from the journal and from what waits for its commit: after a kill, too."""
    with FaultLine(kafka, postgres, seed=campaign.seed, settings={"symbols.ring": 0}) as line:
        def fault(draw):
            send_away(line, draw.randrange(2000, 4000))
            line.load.resume()
            line.clients.call_back(AWAY.name)
            line.clients.wander()
            line.wait_for_frames(600)
            seconds = line.kill_and_restart()
            line.wait_for_frames(600)
            return seconds
        campaign.run(line, fault, campaign.rounds(share=0.3))


RING = 16


@pytest.mark.parametrize("killed", [False, True], ids=["living", "killed"])
def test_without_a_journal_a_gap_is_what_the_ring_has_not(kafka, postgres, campaign, killed):
    """Exactly that, announced by one gap; of a process that began anew, all. `lost` says how many
    where nothing can be lost besides: what a ring has may leave it before it is written."""
    settings = {"journal.streams": [], "symbols.ring": RING}
    with FaultLine(kafka, postgres, seed=campaign.seed, settings=settings, gaps=("expired",),
                   mixed=False) as line:
        def fault(draw):
            asked = send_away(line, draw.randrange(500, 2000))
            before = len(connections(line))  # It may have come back from elsewhere to be sent away.
            if killed:
                line.process.kill()
                line.process.start()
            line.clients.call_back(AWAY.name)
            wait_until(line._clients_have_all, "all of it", 30)
            (back,) = connections(line)[before:]
            return 0, list(wrong_gaps(line, back, asked))

        def wrong_gaps(line, back, asked):
            messages = [frame.message for frame in back.frames]
            lost = {key_in(each): each["lost"] for message in messages
                    if message["type"] == "subscribed" for each in message["positions"]}
            gaps = {}
            for message in messages:
                if message["type"] == "gap":
                    gaps.setdefault(key_in(message), []).append((message["from"], message["to"]))
            for symbol, stream in line.truth.streams.items():
                begin, end = asked[symbol][1] + 1, len(stream.events) - (0 if killed else RING)
                expected = [(begin, end)] if begin <= end else []
                count = max(0, end - begin + 1) if killed else None
                if (gaps.get(symbol, []), lost[symbol]) != (expected, count):
                    yield Violation("I3", symbol, "gaps and `lost`", (expected, count),
                                    (gaps.get(symbol, []), lost[symbol]))
        campaign.run(line, fault, campaign.rounds(share=0.3))
