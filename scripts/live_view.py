#!/usr/bin/python3 -s
"""The live view of scripts/quickstart: a WebSocket client like any other.

    live_view.py --ws URL --rest URL [--symbols A,B,...] [--ready FILE] [--summary FILE]

Subscribes to the given symbols, and to every other that REST lists, and shows one line a symbol:
in a terminal refreshed in place, elsewhere plain lines every few seconds. Measures for every
live update the time from its event's timestamp (the feed's clock as it produced, in whole
milliseconds) to its receipt here. Makes the file --ready when the subscriptions to the given
symbols stand: no later event of theirs is missed. SIGTERM or SIGINT ends it; with --summary it then writes
`deliveries=N p50_ms=X p99_ms=X` there.
"""

import argparse
import asyncio
import json
import shutil
import signal
import sys
import time
import urllib.parse

import websockets

SCREEN_INTERVAL_S = 0.25
PLAIN_INTERVAL_S = 5.0
PLAIN_SYMBOLS = 5
DISCOVERY_INTERVAL_S = 1.0
# One frame each: well under the server's limit on the size of a message.
SYMBOLS_A_REQUEST = 500


class Latencies:
    """Percentiles of any number of values in bounded memory, to 0.1 ms."""

    def __init__(self):
        self._counts = {}
        self.count = 0

    def add(self, milliseconds):
        bucket = max(0, round(milliseconds * 10))
        self._counts[bucket] = self._counts.get(bucket, 0) + 1
        self.count += 1

    def percentile(self, percent):
        """The smallest value that `percent` of all values do not exceed; None without values."""
        wanted = self.count * percent / 100
        seen = 0
        for bucket in sorted(self._counts):
            seen += self._counts[bucket]
            if seen >= wanted:
                return bucket / 10
        return None


class Market:
    """What is known of each symbol. Prices stay the text that came: no digit is changed."""

    def __init__(self):
        self.rows = {}
        self.latencies = Latencies()
        self.gaps = 0
        self.subscribed = set()

    def receive(self, text, received_at):
        """Takes one frame; returns an error message of the server, if it is one."""
        message = json.loads(text, parse_float=str, parse_int=str)
        kind = message["type"]
        if kind == "price_update":
            self._update(message["data"], message.get("snapshot", False), received_at)
        elif kind == "subscribed":
            self.subscribed.update(message["symbols"])
        elif kind == "gap":
            self.gaps += 1
        elif kind == "error":
            return message.get("message", text)
        return None

    def _update(self, data, snapshot, received_at):
        row = self.rows.setdefault(data["symbol"], {"updates": 0, "change": " "})
        before = row.get("price")
        row["price"] = data["price"]
        row["volume"] = data.get("volume", "")
        row["sequence"] = data["sequence"]
        if before is not None and before != row["price"]:
            row["change"] = "+" if float(row["price"]) > float(before) else "-"
        if not snapshot:
            row["updates"] += 1
            self.latencies.add(received_at * 1000 - int(data["timestamp"]))

    def lines(self, width, count):
        shown = sorted(self.rows)[:count]
        lines = [f"{'symbol':<14}{'price':>22}   {'volume':>18}{'sequence':>12}{'updates':>10}"]
        for symbol in shown:
            row = self.rows[symbol]
            lines.append(f"{symbol:<14}{row['price']:>22} {row['change']} {row['volume']:>18}"
                         f"{row['sequence']:>12}{row['updates']:>10}")
        if len(self.rows) > len(shown):
            lines.append(f"... and {len(self.rows) - len(shown)} symbols more")
        lines.append(self.totals())
        return [line[:width] for line in lines]

    def totals(self):
        text = f"{len(self.rows)} symbols, {self.latencies.count} updates"
        if self.latencies.count:
            text += (f", from append to here p50 {self.latencies.percentile(50):.1f} ms, "
                     f"p99 {self.latencies.percentile(99):.1f} ms")
        if self.gaps:
            text += f", {self.gaps} gaps"
        return text


class View:
    def __init__(self, options):
        self.options = options
        self.market = Market()
        self.connection = None
        self.wanted = [symbol for symbol in options.symbols.split(",") if symbol]
        self.asked = set()
        self.ready_file = options.ready
        self.height = 0
        self.terminal = sys.stdout.isatty()

    async def run(self):
        self.connection = await websockets.connect(
            self.options.ws, ping_interval=None, compression=None, max_size=None, max_queue=None,
            close_timeout=1)
        await self.subscribe(self.wanted)
        tasks = [asyncio.create_task(work) for work in
                 (self.receive(), self.draw(), self.discover())]
        loop = asyncio.get_running_loop()
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, stopped.set)
        # Only the receiver ends by itself: when the server has closed.
        stop = asyncio.create_task(stopped.wait())
        await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in [stop, *tasks]:
            if task.done() and task is not stop:
                task.result()
            task.cancel()
        if self.terminal:
            self.redraw()
        await self.connection.close()

    async def subscribe(self, symbols):
        new = [symbol for symbol in symbols if symbol not in self.asked]
        for first in range(0, len(new), SYMBOLS_A_REQUEST):
            part = new[first:first + SYMBOLS_A_REQUEST]
            await self.connection.send(json.dumps({"type": "subscribe", "symbols": part}))
        self.asked.update(new)

    async def receive(self):
        try:
            async for text in self.connection:
                problem = self.market.receive(text, time.time())
                if problem is not None:
                    self.say(f"the server says: {problem}")
                if self.ready_file and self.market.subscribed.issuperset(self.wanted):
                    with open(self.ready_file, "w", encoding="utf-8"):
                        self.ready_file = None
        except websockets.ConnectionClosed:
            pass
        self.say(f"the server closed the connection ({self.connection.close_code} "
                 f"{self.connection.close_reason})")

    async def discover(self):
        """Symbols that nobody named: of a real topic, or stored by an earlier run."""
        address = urllib.parse.urlsplit(self.options.rest)
        while True:
            try:
                body = await self.get(address, "/api/snapshots")
                await self.subscribe([row["symbol"] for row in json.loads(body)["data"]])
            except (OSError, ValueError, KeyError, asyncio.IncompleteReadError):
                pass  # Not ready, or draining: asked again.
            await asyncio.sleep(DISCOVERY_INTERVAL_S if len(self.asked) < 5000 else 60)

    @staticmethod
    async def get(address, path):
        reader, writer = await asyncio.open_connection(address.hostname, address.port,
                                                       limit=1 << 20)
        try:
            writer.write(f"GET {path} HTTP/1.0\r\nHost: {address.netloc}\r\n"
                         "Connection: close\r\n\r\n".encode())
            answer = await reader.read(-1)
        finally:
            writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        if b"chunked" in head.lower():
            body = b"".join(dechunked(body))
        return body

    async def draw(self):
        if not self.terminal:
            while True:
                await asyncio.sleep(PLAIN_INTERVAL_S)
                for line in self.market.lines(200, PLAIN_SYMBOLS):
                    print(line, flush=True)
        while True:
            self.redraw()
            await asyncio.sleep(SCREEN_INTERVAL_S)

    def redraw(self):
        size = shutil.get_terminal_size()
        lines = self.market.lines(size.columns - 1, max(1, size.lines - 4))
        up = f"\x1b[{self.height}A" if self.height else ""
        # One write, so that the screen never shows half of it.
        sys.stdout.write(up + "".join(f"\r\x1b[K{line}\n" for line in lines) + "\x1b[J")
        sys.stdout.flush()
        self.height = len(lines)

    def say(self, text):
        print(text, file=sys.stderr if not self.terminal else sys.stdout, flush=True)
        self.height = 0


def dechunked(body):
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        if length == 0:
            return
        yield rest[:length]
        body = rest[length + 2:]


def summary(latencies):
    if latencies.count == 0:
        return "deliveries=0 p50_ms=- p99_ms=-\n"
    return (f"deliveries={latencies.count} p50_ms={latencies.percentile(50):.1f} "
            f"p99_ms={latencies.percentile(99):.1f}\n")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--ws", required=True)
    parser.add_argument("--rest", required=True)
    parser.add_argument("--symbols", default="")
    parser.add_argument("--ready")
    parser.add_argument("--summary")
    options = parser.parse_args()
    view = View(options)
    try:
        asyncio.run(view.run())
    except OSError as error:
        print(f"live view: {options.ws}: {error}", file=sys.stderr)
        return 69
    finally:
        if options.summary:
            with open(options.summary, "w", encoding="utf-8") as file:
                file.write(summary(view.market.latencies))
    return 0


if __name__ == "__main__":
    sys.exit(main())
