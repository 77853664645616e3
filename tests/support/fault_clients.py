"""Clients that come back by themselves and keep the history of each of their connections."""

import asyncio
import dataclasses
import json
import random
import threading
import time

import websockets

from history import ConnectionHistory
from ledger import Ledger
from stream_keys import EVENTS, PRICE, VIEW, key_in, key_of
from websocket_recorder import Frame


def note_position(reached, message):
    """What a client knows of its positions, {key of a stream: (epoch, sequence)}, after one more
    message."""
    if message["type"] == "subscribed":
        for position in message["positions"]:
            if not position.get("recovered"):
                reached[key_in(position)] = position["epoch"], position["seq"]
    elif message["type"] in EVENTS:
        data = message["data"]
        reached[key_in(data)] = data["epoch"], data["sequence"]
    elif message["type"] == "gap" and message["to"] is not None:
        reached[key_in(message)] = message["epoch"], message["to"]


@dataclasses.dataclass(frozen=True)
class Ways:
    """How a client leaves and comes back: after so many updates, while others get so many; None: it
    does not leave by itself. `slow`: it has room for next to nothing, and hold_up() stops it."""

    name: str
    stays: tuple | None
    away: tuple = (0, 1)
    slow: bool = False


PROMPT = Ways("back at once", (50, 600))
AWAY = Ways("away for a while", (50, 600), (300, 4000))
SLOW = Ways("slow", None, slow=True)
# What is not read stays in the kernel's buffers and then with the engine.
NO_ROOM = {"max_queue": 1, "read_limit": 4096}


@dataclasses.dataclass
class Client:
    """What is kept of a client from connection to connection. `reached`, `ledger` and `ways` are
    None for one that begins anew each time."""

    name: str
    ports: list
    ways: Ways | None
    draw: random.Random
    reached: dict | None
    ledger: Ledger | None
    number: int = 0
    tries: int = 0


class FaultClients:
    """Any number of clients on one thread. Each one connects, subscribes to `streams` of all
    symbols, records every frame with the time of its receipt, and comes back when it is cut. One
    that was added with `ways` comes back with the position that it has reached of each stream; it
    also leaves by itself, while wander() holds: by a close if `polite`, else also by a cut in the
    middle.

    Thread: any may call. `floor()` is what a connection that opens now must not fall below.
    `plain`: how many begin anew each time. What is counted, but for highest(), is theirs alone.
    """

    RECONNECT_S = 0.05
    POLL_S = 0.02

    def __init__(self, port, symbols, seed=0, polite=False, streams=(PRICE,)):
        self._port, self._seed, self._polite = port, seed, polite
        self._symbols, self._streams = list(symbols), list(streams)
        self._keys = [key_of(symbol, stream) for symbol in symbols for stream in streams]
        self._request = json.dumps({"type": "subscribe", "symbols": self._symbols,
                                    "streams": self._streams})
        self.histories = []
        self.floor = dict
        self.plain = 0
        self._wanders = True
        self._absent = set()  # names of those that were sent away
        self._held = set()    # of slow ones that do not read
        self._elsewhere = {}  # {connection to another process than the line's: its history}
        self._ledgers = []
        self._past = {}  # highest() of connections that have ended
        self._lock = threading.Lock()
        self._tasks = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    @property
    def count(self):
        return len(self._tasks)

    def add(self, name, ways=None, also=None):
        """`also`: the port of another process that it goes to in turn."""
        client = Client(name, [port for port in (self._port, also) if port], ways,
                        random.Random(f"{self._seed} {name}"), {} if ways else None,
                        Ledger(name) if ways else None)
        if ways:
            self._ledgers.append(client.ledger)
        else:
            self.plain += 1
        self._tasks.append(asyncio.run_coroutine_threadsafe(self._live(client), self._loop))

    # --- who is there ---

    def wander(self):
        """From now on those that have `ways` leave and come back."""
        self._wanders = True

    def settle(self):
        """All come back to the line's own process, read and stay. Whether they had wandered."""
        wandered, self._wanders = self._wanders, False
        self._absent.clear()
        self._held.clear()
        self._loop.call_soon_threadsafe(self._come_home)
        return wandered

    def send_away(self, name):
        """Until call_back() or settle()."""
        self._absent.add(name)
        self._loop.call_soon_threadsafe(self._come_home)

    def call_back(self, name):
        self._absent.discard(name)

    def hold_up(self, name):
        """It reads nothing until let_go() or settle()."""
        self._held.add(name)

    def let_go(self, name):
        self._held.discard(name)

    def _come_home(self):
        for connection, (client, history) in list(self._elsewhere.items()):
            if client.name in self._absent or not self._at_home(client):
                history.left = True
                asyncio.ensure_future(connection.close(), loop=self._loop)

    def _at_home(self, client):
        return (client.tries - 1) % len(client.ports) == 0

    async def _away(self, client):
        """After it left by itself."""
        back_at = self.frames() + client.draw.randrange(*client.ways.away) * max(1, self.plain)
        while client.name in self._absent or (self._wanders and self.frames() < back_at):
            await asyncio.sleep(self.POLL_S)

    # --- a client ---

    async def _live(self, client):
        history = None
        while True:
            try:
                at = 0 if not self._wanders else client.tries % len(client.ports)
                client.tries = at + 1
                floor = self.floor()
                room = NO_ROOM if client.ways and client.ways.slow else {"max_queue": None}
                async with websockets.connect(
                        f"ws://127.0.0.1:{client.ports[at]}/ws", ping_interval=None, compression=None, max_size=None,
                        close_timeout=2, open_timeout=20, **room) as connection:
                    client.number += 1
                    history = ConnectionHistory(f"{client.name}/{client.number}", time.time(),
                                                floor, self._keys, client.ledger)
                    with self._lock:
                        self.histories.append(history)
                    await self._record(connection, history, client)
            except (OSError, asyncio.TimeoutError, websockets.WebSocketException, EOFError):
                pass
            await asyncio.sleep(self.RECONNECT_S)
            if history is not None and history.left:
                await self._away(client)

    async def _ask(self, connection, history, reached):
        if not reached:
            await connection.send(self._request)
            return
        history.asked = dict(reached)
        for symbol in self._symbols:
            request = {"type": "subscribe", "symbol": symbol, "streams": self._streams}
            since = {stream: {"epoch": reached[key][0], "seq": reached[key][1]}
                     for stream in self._streams if (key := key_of(symbol, stream)) in reached}
            if since:
                request["since"] = since
            await connection.send(json.dumps(request))

    async def _record(self, connection, history, client):
        leaves = client.ways and client.ways.stays
        stays = client.draw.randrange(*leaves) if leaves else None
        if client.ways:
            self._elsewhere[connection] = client, history
            self._come_home()  # It may have been told meanwhile.
        try:
            await self._ask(connection, history, client.reached)
            async for text in connection:
                history.frames.append(Frame(time.time(), text))
                message = json.loads(text)
                # Views come as often as the machine has time for them, pings by the clock.
                history.received += message["type"] not in (VIEW, "ping")
                if client.ways:
                    note_position(client.reached, message)
                if message["type"] in EVENTS:
                    data = message["data"]
                    history.highest[key_in(data)] = data["sequence"]
                    if stays is not None:
                        stays -= 1
                while client.name in self._held:
                    await asyncio.sleep(self.POLL_S)
                if stays is not None and stays <= 0 and self._wanders:
                    history.left = True
                    if self._polite or client.draw.random() < 0.5:
                        await connection.close()
                    else:
                        connection.transport.abort()
                    return
        finally:
            self._elsewhere.pop(connection, None)
            with self._lock:
                for symbol, sequence in history.highest.items():
                    self._past[symbol] = max(self._past.get(symbol, 0), sequence)
            history.close_code = connection.close_code
            history.close_reason = connection.close_reason
            history.closed_at = time.time()

    # --- what came ---

    def all(self):
        with self._lock:
            return list(self.histories)

    def open_ones(self):
        return [history for history in self.all() if history.open]

    def ledgers(self):
        return list(self._ledgers)

    def highest(self):
        """{key of a stream: the highest sequence that any client has got}"""
        open_ones = self.open_ones()  # First: those that end meanwhile are in the past then.
        with self._lock:
            found = dict(self._past)
        for history in open_ones:
            for symbol, sequence in list(history.highest.items()):
                found[symbol] = max(found.get(symbol, 0), sequence)
        return found

    def frames(self):
        return sum(history.received for history in self.all() if history.ledger is None)

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
