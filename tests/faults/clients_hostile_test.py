"""Clients that flood and that break the protocol: closed by the documented code, counted once,
and a hundred good ones beside them lose nothing."""

import contextlib
import time

import pytest
from clients_line import LATE_S, ClientsLine, check_ends, closings, samples
from history import Violation
from offender import (BINARY, CLOSE, CONTINUATION, PING, TEXT, Offender, drive, frame, joined, text,
                      upgrade_request)

OFFENDERS = 10
# What the server waits for the peer's close frame, and for its FIN.
CLOSE_S = 2.0
# Rates beyond which it is a flood: 1,000 frames a second, limits.messages_per_second.
FLOOD_S = 10.0
MANY = 500


def closed(line, act, code):
    """What act(offenders) does with clients that have joined ends by `code`. Seconds, violations"""
    with contextlib.ExitStack() as closing:
        before = closings(line.process)
        offenders = joined(line.process.client_port, OFFENDERS, ["NOBODY"])
        for offender in offenders:
            closing.callback(offender.close)
        began = time.monotonic()
        act(offenders)
        _, found = line.counted(before, {code: OFFENDERS}, CLOSE_S + LATE_S)
        seconds = time.monotonic() - began
        drive(offenders, CLOSE_S + LATE_S)
        return seconds, found + check_ends(offenders, (code, "reset"))


FLOODS = {
    "pings": (frame(PING, b"x") * MANY, 1008),
    # The first one opens the message; what it says again later is none in the middle of a message.
    "empty_continuations": (frame(CONTINUATION, final=False) * MANY, 1008),
    "subscriptions": (text({"type": "subscribe", "symbols": [f"S{n:03d}" for n in range(24)]}) * 50,
                      4429),
    "unsubscriptions": (text({"type": "unsubscribe", "symbols": ["NOBODY"]}) * 50, 4429),
}


@pytest.mark.parametrize("what", FLOODS)
def test_clients_flood_of(kafka, postgres, campaign, what):
    flood, code = FLOODS[what]
    with ClientsLine(kafka, postgres, campaign) as line:
        def pour(offenders):
            if what == "empty_continuations":
                for offender in offenders:
                    offender.pour(frame(TEXT, final=False))
            drive(offenders, FLOOD_S, pour=flood)

        def fault(_):
            with line.costs():
                return closed(line, pour, code)
        campaign.run(line, fault, campaign.rounds(), before=line.quiet)


SIZE = 64 * 1024 + 1
WRONG_FRAMES = {
    "longer than limits.message_bytes": (frame(TEXT, b" " * SIZE), 1009),
    "longer in two pieces": (frame(TEXT, b" " * (SIZE - 9), final=False)
                             + frame(CONTINUATION, b" " * 9), 1009),
    "of 2^63 - 1 bytes": (frame(TEXT, length=2**63 - 1), 1009),
    "of 2^63 bytes": (frame(TEXT, length=2**63), 1009),
    "of 2^64 - 1 bytes": (frame(TEXT, length=2**64 - 1), 1009),
    "of 5 bytes, their number in 8": (frame(TEXT, b"12345", length=5), 1008),
    "invalid UTF-8": (frame(TEXT, b'{"type":"\xff\xfe"}'), 1007),
    "UTF-8 cut off": (frame(TEXT, b'{"type":"\xe2\x82'), 1007),
    "a surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "reserved bit 1": (frame(TEXT, b"{}", reserved=4), 1008),
    "reserved bit 2": (frame(TEXT, b"{}", reserved=2), 1008),
    "reserved bit 3": (frame(TEXT, b"{}", reserved=1), 1008),
    "unmasked": (frame(TEXT, b'{"type":"list"}', masked=False), 1008),
    "opcode 3": (frame(3, b"x"), 1008),
    "opcode 15": (frame(15, b"x"), 1008),
    "a ping in pieces": (frame(PING, b"x", final=False), 1008),
    "a ping of 126 bytes": (frame(PING, b"x" * 126), 1008),
    "a continuation of nothing": (frame(CONTINUATION, b"x"), 1008),
    "a message within a message": (frame(TEXT, b"{", final=False) + frame(TEXT, b"}"), 1008),
    "a close of one byte": (frame(CLOSE, b"\x03"), 1008),
    "a close that nobody may send": (frame(CLOSE, (1006).to_bytes(2, "big")), 1008),
    "a close with invalid UTF-8": (frame(CLOSE, b"\x03\xe8\xff"), 1008),
    "binary": (frame(BINARY, b"\x00\x01"), 1003),
}


def test_clients_with_frames_against_the_protocol(kafka, postgres, campaign):
    """Each kind by itself, so that the count is exactly its own."""
    with ClientsLine(kafka, postgres, campaign) as line:
        def fault(draw):
            longest, found = 0, []
            with line.costs():
                for name, (wrong, code) in draw.sample(list(WRONG_FRAMES.items()),
                                                       len(WRONG_FRAMES)):
                    def send(offenders, wrong=wrong):
                        for offender in offenders:
                            offender.pour(wrong)
                        drive(offenders, 2, until=lambda offender: not offender.unsent(),
                              finish=True)
                    seconds, more = closed(line, send, code)
                    longest = max(longest, seconds)
                    found += [Violation(each.check, f"{name}: {each.where}", each.what,
                                        each.expected, each.found) for each in more]
            return longest, found
        campaign.run(line, fault, campaign.rounds(), before=line.quiet)


GET = b"GET /api/stats HTTP/1.1\r\n"
WRONG_REQUESTS = {
    "two Hosts": (GET + b"Host: a\r\nHost: b\r\n\r\n", 400),
    "the same Host twice": (GET + b"Host: a\r\nHost: a\r\n\r\n", 400),
    "no Host": (GET + b"\r\n", 400),
    "Content-Length and Transfer-Encoding": (
        b"POST /api/snapshots/query HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", 400),
    "two Content-Lengths": (
        b"POST /api/snapshots/query HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
        b"Content-Length: 3\r\n\r\n{}", 400),
    "a space before the colon": (GET + b"Host : a\r\n\r\n", 400),
    "a bare line feed": (b"GET /api/stats HTTP/1.1\nHost: a\n\n", 400),
    "a path of 64 KB": (b"GET /" + b"a" * 65536 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "headers without end": (GET + b"Host: a\r\n" + b"X: " + b"a" * 100 + b"\r\n"
                            + (b"X-More: " + b"b" * 100 + b"\r\n") * 700, 431),
    "one header without end": (GET + b"Host: a\r\nX: " + b"a" * 65536, 431),
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 tls\r\n\r\n", 400),
    "an upgrade without a key": (
        b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\n\r\n", 400),
    "an upgrade elsewhere": (upgrade_request("/elsewhere"), 404),
}
ANSWERS = "tradepulse_http_requests_total"


def test_clients_with_requests_against_the_rules(kafka, postgres, campaign):
    """Answered once, counted once, and the connection ends: what comes behind is no request."""
    with ClientsLine(kafka, postgres, campaign) as line:
        def answers():
            return samples(line.process, ANSWERS)

        def fault(draw):
            found = []
            with line.costs():
                for name, (wrong, status) in draw.sample(list(WRONG_REQUESTS.items()),
                                                         len(WRONG_REQUESTS)):
                    with contextlib.ExitStack() as closing:
                        before = answers()
                        offenders = [Offender(line.process.client_port) for _ in range(OFFENDERS)]
                        for offender in offenders:
                            closing.callback(offender.close)
                            offender.pour(wrong)
                        drive(offenders, CLOSE_S + LATE_S, finish=True)
                        new = {key: count for key, count in (answers() - before).items()
                               if 'route="refused"' in key or 'route="upgrade"' in key}
                        told = [offender.status for offender in offenders]
                        if told != [status] * OFFENDERS:
                            found.append(Violation("http", name, "status", status, told))
                        if (list(new.values()) != [OFFENDERS]
                                or f'status="{status}"' not in next(iter(new))):
                            found.append(Violation("http", name, ANSWERS,
                                                   {status: OFFENDERS}, new))
                        found += [Violation("http", name, each.what, each.expected, each.found)
                                  for each in check_ends(offenders, ("end", "reset"))]
            return 0.0, found
        campaign.run(line, fault, campaign.rounds(), before=line.quiet)
