"""One client that stops reading: nobody else notices, and it gets merged updates, no hole."""

import base64
import collections
import decimal
import json
import os
import re
import socket
import time

from line import START_OF_TIME_MS, Line
from oracle import (as_event, assert_no_hole, assert_rows_equal_the_log, events_of,
                    updates_by_symbol)
from supervised import wait_until

T = START_OF_TIME_MS
SYMBOLS = [f"SLOW{number}" for number in range(10)]
GOOD = 20
# Only the slow one asks for this: what it sends fills all buffers of the kernel first (4 MB).
FLOOD = "F" * 32
FLOOD_TICKS = 25_000


class StalledClient:
    """A WebSocket client by hand: it reads only when it is told, into a small buffer."""

    def __init__(self, port):
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.settimeout(30)
        self._socket.connect(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall((f"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: "
                              f"Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}"
                              "\r\n\r\n").encode())
        self._bytes = b""
        while b"\r\n\r\n" not in self._bytes:
            self._bytes += self._socket.recv(4096)
        head, _, self._bytes = self._bytes.partition(b"\r\n\r\n")
        assert b" 101 " in head.splitlines()[0], head

    def send(self, message):
        payload = json.dumps(message).encode()
        no_mask = b"\0\0\0\0"
        assert 126 <= len(payload) < 65536
        self._socket.sendall(b"\x81\xfe" + len(payload).to_bytes(2, "big") + no_mask + payload)

    def _take(self, count):
        while len(self._bytes) < count:
            more = self._socket.recv(1 << 16)
            if not more:
                return None
            self._bytes += more
        taken, self._bytes = self._bytes[:count], self._bytes[count:]
        return taken

    def frame(self):
        """(opcode, payload); (None, None) at the end of the connection."""
        head = self._take(2)
        if head is None:
            return None, None
        length = head[1] & 0x7f
        if length > 125:
            length = int.from_bytes(self._take(2 if length == 126 else 8), "big")
        return head[0] & 0x0f, self._take(length)

    def messages_until(self, condition):
        found = []
        while True:
            opcode, payload = self.frame()
            assert opcode in (1, 9), (opcode, payload)
            if opcode == 1:
                found.append(json.loads(payload, parse_float=decimal.Decimal))
                if condition(found[-1]):
                    return found

    def how_it_ends(self):
        """Reads on to the end: the code of the close frame, or "reset"."""
        try:
            while True:
                opcode, payload = self.frame()
                assert opcode is not None, "an end without a close frame that is no reset"
                if opcode == 8:
                    return int.from_bytes(payload[:2], "big")
        except ConnectionResetError:
            return "reset"

    def close(self):
        self._socket.close()


def closings(process):
    """How many WebSockets have ended, by close code."""
    pattern = re.compile(r'tradepulse_web_closes_total\{.*\bcode="(\w+)"')
    counts = collections.Counter()
    for name, value in process.metrics().items():
        if found := pattern.match(name):
            counts[found[1]] += int(value)
    return +counts


def resident_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return next(int(row.split()[1]) * 1024 for row in status if row.startswith("VmRSS"))


def subscribe(line):
    good = [line.process.websocket() for _ in range(GOOD)]
    for client in good:
        client.subscribe(*SYMBOLS)
    slow = StalledClient(line.process.client_port)
    line.callback(slow.close)
    slow.send({"type": "subscribe", "symbols": [FLOOD, *SYMBOLS]})
    slow.messages_until(lambda message: message["type"] == "subscribed")
    return good, slow


def produce(line, rounds, first=0):
    for number in range(first, first + rounds):
        for place, symbol in enumerate(SYMBOLS):
            price = (number * 7919 + place * 104729) % 100_003
            line.producer.tick(symbol, f"{price}.{place}5", f"{number % 97}",
                               T + number - (3 if number % 50 == 49 else 0))
    return line.producer.flush()


def flood(line):
    for number in range(FLOOD_TICKS):
        line.producer.tick(FLOOD, f"{number}.12345678", "999999999999.12345678", T + number)
    line.producer.flush()
    wait_until(lambda: line.rest.get("/api/snapshots/" + FLOOD).json().get("seq") == FLOOD_TICKS,
               "the flood", 60)


UPDATE, PING = '{"type":"price_update"', '{"type":"ping"'


def updates(client):
    """The texts of its events."""
    return [frame.text for frame in list(client.frames) if frame.text.startswith(UPDATE)]


def wait_for_all(good, count):
    wait_until(lambda: all(len(updates(client)) >= count for client in good),
               f"{count} updates at {GOOD} clients", 60, interval=0.2)


def assert_each_has_every_event(good, streams):
    texts = sorted(updates(good[0]))
    first = updates_by_symbol(good[0].messages())
    assert first.keys() == set(SYMBOLS)
    for symbol in SYMBOLS:
        assert [as_event(data) for data in first[symbol]] == streams[symbol]
    for client in good:
        assert sorted(updates(client)) == texts
        # Besides the answer to its request; pings come by the clock.
        assert [frame.message["type"] for frame in client.frames
                if not frame.text.startswith((UPDATE, PING))] == ["subscribed"]


SETTINGS = {"limits.outbound_queue": "64KiB"}


def test_the_slow_one_gets_merged_updates_and_the_others_every_event(kafka, postgres):
    with Line(kafka, postgres, 2, {**SETTINGS, "client.write_timeout": "2m"}) as line:
        good, slow = subscribe(line)
        flood(line)
        produce(line, 200)
        wait_for_all(good, 2000)
        at_first = resident_bytes(line.process.pid)
        records = produce(line, 1000, first=200)
        wait_for_all(good, 12000)
        assert resident_bytes(line.process.pid) - at_first < 48 * 1024 * 1024
        streams = events_of(records)
        assert_each_has_every_event(good, streams)

        left = {symbol: len(stream) for symbol, stream in streams.items()}

        def at_the_end(message):
            data = message.get("data", {})
            if data.get("sequence") == left.get(data.get("symbol")):
                left.pop(data["symbol"])
            return not left

        messages = slow.messages_until(at_the_end)
        got = updates_by_symbol(messages)
        merged = [data for each in got.values() for data in each if "first_seq" in data]
        assert len(merged) >= len(SYMBOLS) and len(messages) < FLOOD_TICKS + 12000
        for symbol, stream in streams.items():
            assert_no_hole(got[symbol], stream)
        samples = line.process.metrics()
        assert samples["tradepulse_merged_updates_total"] >= len(merged)

        produce(line, 3, first=1200)  # And it follows again, event by event.
        after = events_of(line.producer.records)
        final = slow.messages_until(lambda message: message["data"]["symbol"] == SYMBOLS[-1]
                                    and message["data"]["sequence"] == 1203)
        follow = updates_by_symbol(final)[SYMBOLS[-1]]
        assert [as_event(data) for data in follow] == after[SYMBOLS[-1]][1200:]
        assert_rows_equal_the_log(line.database, line.producer.records)


def test_a_client_that_never_reads_again_is_closed_with_4503(kafka, postgres):
    with Line(kafka, postgres, 2, {**SETTINGS, "client.write_timeout": "2s",
                                   "admin.token": "token"}) as line:
        good, slow = subscribe(line)
        token = {"Authorization": "Bearer token"}

        def connections():
            path = "/admin/actors?kind=connection&limit=1000"
            return line.ops.get(path, token).json()["count"]

        assert connections() == GOOD + 1
        flood(line)
        produce(line, 500)
        wait_for_all(good, 5000)
        began = time.monotonic()
        wait_until(lambda: connections() == GOOD, "the end of the slow connection", 20)
        assert time.monotonic() - began < 20
        # Whether it is told: what the kernel holds comes first, and what it never took is thrown
        # away with the connection. Counted it is, as this and nothing else.
        assert closings(line.process) == {"4503": 1}
        assert slow.how_it_ends() in (4503, "reset")
        assert all(client.close_code is None for client in good)
        assert_each_has_every_event(good, events_of(line.producer.records))
