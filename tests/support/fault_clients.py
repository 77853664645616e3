"""Clients that come back by themselves and keep the history of each of their connections."""

import asyncio
import json
import threading
import time

import websockets

from history import ConnectionHistory
from websocket_recorder import Frame


class FaultClients:
    """Any number of clients on one thread. Each one connects, subscribes to all symbols, records
    every frame with the time of its receipt, and comes back when it is cut.

    Thread: any may call. `floor()` is what a connection that opens now must not fall below.
    """

    RECONNECT_S = 0.05

    def __init__(self, port, symbols):
        self._url = f"ws://127.0.0.1:{port}/ws"
        self._symbols = list(symbols)
        self._request = json.dumps({"type": "subscribe", "symbols": list(symbols)})
        self.histories = []
        self.floor = dict
        self._lock = threading.Lock()
        self._tasks = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    @property
    def count(self):
        return len(self._tasks)

    def add(self, name):
        self._tasks.append(asyncio.run_coroutine_threadsafe(self._live(name), self._loop))

    async def _live(self, name):
        number = 0
        while True:
            try:
                floor = self.floor()
                async with websockets.connect(
                        self._url, ping_interval=None, compression=None, max_size=None,
                        max_queue=None, close_timeout=2, open_timeout=20) as connection:
                    number += 1
                    history = ConnectionHistory(f"{name}/{number}", time.time(), floor,
                                                self._symbols)
                    with self._lock:
                        self.histories.append(history)
                    await self._record(connection, history)
            except (OSError, asyncio.TimeoutError, websockets.WebSocketException, EOFError):
                pass
            await asyncio.sleep(self.RECONNECT_S)

    async def _record(self, connection, history):
        try:
            await connection.send(self._request)
            async for text in connection:
                history.frames.append(Frame(time.time(), text))
                history.received += 1
                if text.startswith('{"type":"price_update"'):
                    data = json.loads(text)["data"]
                    history.highest[data["symbol"]] = data["sequence"]
        finally:
            history.close_code = connection.close_code
            history.closed_at = time.time()

    def all(self):
        with self._lock:
            return list(self.histories)

    def open_ones(self):
        return [history for history in self.all() if history.open]

    def highest(self):
        """{symbol: the highest sequence that any client has got}"""
        found = {}
        for history in self.all():
            for symbol, sequence in list(history.highest.items()):
                found[symbol] = max(found.get(symbol, 0), sequence)
        return found

    def frames(self):
        return sum(history.received for history in self.all())

    def close(self):
        async def ended():
            # More than once: one that comes while a connection is made may be swallowed there.
            while left := asyncio.all_tasks() - {asyncio.current_task()}:
                for task in left:
                    task.cancel()
                await asyncio.wait(left, timeout=1)
        try:
            asyncio.run_coroutine_threadsafe(ended(), self._loop).result(20)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
