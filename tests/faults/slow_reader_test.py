"""A client that stops reading while others go on: of prices and quotes it gets less, of all else each
event, also by coming back; of open candles what is true when it reads again."""

import collections
import json
import time

import pytest
from clients_line import closings, samples
from fault_clients import SLOW, note_position
from fault_line import FaultLine
from history import Violation
from stream_keys import VIEW, key_in
from supervised import wait_until

# More than the buffers of the kernel (4 MB) and the queue.
BURST = 16_000
PATIENT = {"limits.outbound_queue": "64KiB", "client.write_timeout": "5m",
           "heartbeat.timeout": "5m"}


def of_the_slow_one(line):
    return [each for each in line.clients.all() if each.name.startswith(SLOW.name + "/")]


def views(history):
    """How many of each stream."""
    return collections.Counter(key_in(frame.message["data"]) for frame in list(history.frames)
                               if f'"{VIEW}"' in frame.text)


def refused(line):
    return sum(samples(line.process, "tradepulse_web_refused_pushes_total").values())


def overtake(line, other):
    """Returns when the other has been shown one candle twice more: whose queue is full all the
    while gets one of the two at most."""
    before = views(other)

    def is_shown_twice():
        line.load.tick(line.load.symbols[0])
        line.load.pause()
        return max((views(other) - before).values(), default=0) > 1
    wait_until(is_shown_twice, "two more views of a candle", 60)


def burst(line):
    """Returns when the others have all of it."""
    line.load.pause()
    for _ in range(BURST):
        line.load.tick()
    line._learn_the_truth()
    ends = {key: len(stream.events) for key, stream in line.truth.streams.items()}
    plain = [each for each in line.clients.all() if each.ledger is None]
    wait_until(lambda: all(each.highest.items() >= ends.items() for each in plain),
               "the others have all", 120)


def wrong_reasons(line, held):
    """Violations: 4503 names a position that the client has reached."""
    if held.close_code != 4503:
        return
    reached = {}
    for each in of_the_slow_one(line):
        for frame in list(each.frames):
            note_position(reached, frame.message)
        if each is held:
            break
    reason = json.loads(held.close_reason)
    due = reached[key_in(reason)]
    if (reason["epoch"], reason["seq"]) != due:
        yield Violation("I3", held.name, "closed with another position than it has reached", due,
                        reason)


@pytest.mark.parametrize("bytes_, codes", [("64MiB", {}), ("256KiB", {"4503": 1})],
                         ids=["reads_on", "is_sent_away"])
def test_slow_reader(kafka, postgres, campaign, bytes_, codes):
    """With room for all that may not be merged it reads on; otherwise it is closed with 4503, once,
    and comes back with its positions."""
    settings = {**PATIENT, "limits.lossless_bytes": bytes_}
    with FaultLine(kafka, postgres, seed=campaign.seed, settings=settings, clients=1,
                   returning=(SLOW,)) as line:
        def fault(_):
            before, full, other = closings(line.process), refused(line), line.clients.all()[0]
            line.clients.hold_up(SLOW.name)
            burst(line)
            wait_until(lambda: refused(line) > full, "a full queue", 60)
            overtake(line, other)
            (held,), began = [each for each in of_the_slow_one(line) if each.open], time.monotonic()
            line.clients.let_go(SLOW.name)
            found, seconds = line.judge(), time.monotonic() - began
            found += wrong_reasons(line, held)
            told = closings(line.process) - before
            if told != codes or bool(codes) == held.open:
                found.append(Violation("close", held.name, "ended otherwise", codes,
                                       (told, held.close_code, held.close_reason)))
            sent, others = views(held).total(), views(other).total()
            if not sent < others:
                found.append(Violation("I9", held.name, "views that were overtaken are sent",
                                       f"< {others}", sent))
            return seconds, found
        campaign.run(line, fault, campaign.rounds(share=0.3))

