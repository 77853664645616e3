"""A WebSocket client that records every frame with the time of its receipt."""

import asyncio
import dataclasses
import decimal
import json
import threading
import time

import websockets


@dataclasses.dataclass(frozen=True)
class Frame:
    received_at: float  # time.time(), seconds
    text: str

    @property
    def message(self):
        return json.loads(self.text, parse_float=decimal.Decimal)


class WebSocketRecorder:
    """Threads: a thread of its own receives; every method may be called from the test's thread.

    Guarantees: `frames` has every text frame in the order of its arrival.
    """

    def __init__(self, url, headers=None, subprotocols=None):
        self.frames = []
        self.close_code = None
        self.close_reason = None
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._connection = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        try:
            self._connection = self._call(self._connect(url, headers, subprotocols))
        except BaseException:
            self._end_loop()
            raise
        self._receiver = asyncio.run_coroutine_threadsafe(self._receive(), self._loop)

    def _call(self, coroutine, timeout=30):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout)

    @staticmethod
    async def _connect(url, headers, subprotocols):
        # No pings of the client's own: what keeps a connection alive is the test's business.
        return await websockets.connect(
            url, extra_headers=headers, subprotocols=subprotocols, ping_interval=None,
            compression=None, max_size=None, max_queue=None, close_timeout=5, open_timeout=20)

    async def _receive(self):
        try:
            async for text in self._connection:
                frame = Frame(time.time(), text)
                with self._changed:
                    self.frames.append(frame)
                    self._changed.notify_all()
        except websockets.ConnectionClosed:
            pass
        with self._changed:
            self.close_code = self._connection.close_code
            self.close_reason = self._connection.close_reason
            self._changed.notify_all()

    def send(self, message):
        """A dict is sent as JSON, text and bytes as they are."""
        if isinstance(message, dict):
            message = json.dumps(message)
        self._call(self._connection.send(message))

    def subscribe(self, *symbols):
        """Returns the answer `subscribed`."""
        start = len(self.frames)
        self.send({"type": "subscribe", "symbols": list(symbols)})
        return self.wait_for(lambda message: message["type"] == "subscribed", start=start)

    def messages(self, kind=None):
        with self._changed:
            frames = list(self.frames)
        found = [frame.message for frame in frames]
        return [message for message in found if kind in (None, message["type"])]

    def wait_for(self, condition, timeout=20, start=0):
        """The first message from frame `start` on for which `condition` holds."""
        deadline = time.monotonic() + timeout
        index = start
        with self._changed:
            while True:
                while index < len(self.frames):
                    message = self.frames[index].message
                    index += 1
                    if condition(message):
                        return message
                if self.close_code is not None:
                    raise RuntimeError(f"closed with {self.close_code} {self.close_reason!r} "
                                       f"after {len(self.frames)} frames")
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    last = self.frames[-1].text if self.frames else "none"
                    raise RuntimeError(f"no such message in {timeout} s; {len(self.frames)} "
                                       f"frames, the last: {last}")

    def wait_until_closed(self, timeout=20):
        """The close code."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.close_code is not None, timeout):
                raise RuntimeError(f"still open after {timeout} s")
        return self.close_code

    def close(self):
        try:
            if self.close_code is None:
                self._call(self._connection.close())
                self._receiver.result(10)
        finally:
            self._end_loop()

    def _end_loop(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
