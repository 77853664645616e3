"""Clients that break the rules, by hand: each byte that goes out is theirs."""

import base64
import contextlib
import json
import os
import select
import socket
import struct
import time

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
TCP_REPAIR = 19
# tcp_info.tcpi_state
ESTABLISHED = 1


def frame(opcode, payload=b"", *, final=True, masked=True, reserved=0, length=None):
    """A WebSocket frame as a client sends it. `length` is the one that is declared, in 8 bytes."""
    first = (0x80 if final else 0) | reserved << 4 | opcode
    mask_bit = 0x80 if masked else 0
    if length is not None:
        size = struct.pack("!BQ", mask_bit | 127, length)
    elif len(payload) < 126:
        size = struct.pack("!B", mask_bit | len(payload))
    elif len(payload) < 65536:
        size = struct.pack("!BH", mask_bit | 126, len(payload))
    else:
        size = struct.pack("!BQ", mask_bit | 127, len(payload))
    # A mask of zeros leaves the payload as it is.
    return bytes([first]) + size + (b"\0\0\0\0" if masked else b"") + payload


def text(message):
    return frame(TEXT, json.dumps(message).encode())


def upgrade_request(path="/ws"):
    key = base64.b64encode(os.urandom(16)).decode()
    return (f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n").encode()


class Offender:
    """One connection that reads and writes only when it is told.

    `ended`: None while it is open; then the code of the server's close frame, or "reset", or
    "end" for an end that nothing announced. `head` is what the server said in HTTP.
    """

    def __init__(self, port, *, first=b"", receive_buffer=None):
        self.ended = None
        self.head, self.messages = b"", 0
        self._bytes, self._going = b"", b""
        self._told = None
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(30)
        self._socket.connect(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(first)
        self._socket.setblocking(False)

    def fileno(self):
        return self._socket.fileno()

    def send(self, data):
        """What the kernel takes of it at once; how much that is."""
        with contextlib.suppress(BlockingIOError):
            try:
                return self._socket.send(data)
            except (ConnectionResetError, BrokenPipeError):
                pass  # The reader says how it ended.
        return 0

    def pour(self, data):
        """Sends what is left of the last round, else `data` anew: never half a frame between."""
        self._going = self._going or data
        self._going = self._going[self.send(self._going):]

    def unsent(self):
        """Whether pour() has something left."""
        return bool(self._going)

    def read(self, most=65536):
        """What is there."""
        try:
            data = self._socket.recv(most)
        except BlockingIOError:
            return
        except ConnectionResetError:
            self.ended = self._told or "reset"
            return
        if not data:
            self.ended = self._told or "end"
            return
        self._bytes += data
        if b"\r\n\r\n" in self._bytes and not self.head:
            self.head, _, self._bytes = self._bytes.partition(b"\r\n\r\n")
        if b" 101 " in self.head[:16]:
            self._read_frames()

    def _read_frames(self):
        at = 0
        while len(self._bytes) - at >= 2:
            length, begin = self._bytes[at + 1] & 0x7f, at + 2
            if length > 125:
                begin += 2 if length == 126 else 8
                length = int.from_bytes(self._bytes[at + 2:begin], "big")
            if len(self._bytes) < begin + length:
                break
            opcode = self._bytes[at] & 0x0f
            self.messages += opcode == TEXT
            if opcode == CLOSE:
                self._told = int.from_bytes(self._bytes[begin:begin + 2], "big")
            at = begin + length
        self._bytes = self._bytes[at:]

    @property
    def status(self):
        """Of the answer in HTTP."""
        return int(self.head.split()[1]) if self.head else None

    def is_up(self):
        """As the kernel sees it, without reading."""
        return self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == ESTABLISHED

    def vanish(self):
        """Gone without FIN or RST: the kernel forgets the connection. Needs CAP_NET_ADMIN."""
        self._socket.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        self._socket.close()

    def reset(self):
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def close(self):
        self._socket.close()


def drive(offenders, timeout, *, pour=b"", finish=False,
          until=lambda offender: offender.ended is not None):
    """All of them read, and send `pour` again and again, or what is left of it (`finish`), until
    it is so for each. False: not within `timeout` seconds."""
    poll = select.poll()
    places = {offender.fileno(): offender for offender in offenders}
    deadline = time.monotonic() + timeout
    for offender in offenders:
        sends = pour or (finish and offender.unsent())
        poll.register(offender, select.POLLIN | (select.POLLOUT if sends else 0))
    left = {number for number, offender in places.items() if not until(offender)}
    while left and time.monotonic() < deadline:
        for number, event in poll.poll(100):
            offender = places[number]
            if event & (select.POLLIN | select.POLLHUP | select.POLLERR):
                offender.read()
            if offender.ended is not None or (number in left and until(offender)):
                left.discard(number)
                if offender.ended is not None or not pour:
                    poll.unregister(number)
                    continue
            if event & select.POLLOUT:
                offender.pour(pour)
                if not pour and not offender.unsent():
                    poll.modify(offender, select.POLLIN)
                    if until(offender):
                        left.discard(number)
    return not left


def joined(port, count, symbols, **options):
    """So many, each with its answer to `subscribe`."""
    first = upgrade_request() + text({"type": "subscribe", "symbols": list(symbols)})
    offenders = [Offender(port, first=first, **options) for _ in range(count)]
    if not drive(offenders, 30, until=lambda offender: offender.messages > 0):
        raise RuntimeError(f"{sum(not each.messages for each in offenders)} of {count} clients "
                           "did not get an answer within 30 s")
    return offenders
