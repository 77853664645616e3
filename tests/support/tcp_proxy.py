"""A TCP proxy in user space that does to a connection what networks do."""

import contextlib
import socket
import threading
import time

CHUNK_BYTES = 65536


class Link:
    """One connection through the proxy: the client's socket and the server's.

    Threads: one for each direction. cut() and hold() may be called by any.
    """

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.flowing = threading.Event()
        self.flowing.set()
        self.silent = False  # half-open: bytes vanish, no end is told
        self._ended = threading.Event()

    @property
    def ended(self):
        return self._ended.is_set()

    def wait_until_cut(self):
        self._ended.wait()

    def cut(self, reset=False):
        """Both sides see the end at once; with `reset` as RST."""
        self._ended.set()
        self.flowing.set()
        for side in (self.client, self.server):
            with contextlib.suppress(OSError):
                if reset:
                    side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            # A close alone would not wake the thread that reads.
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.cut()
        for side in (self.client, self.server):
            side.close()


class TcpProxy:
    """Listens on a loopback port of its own and relays to `host`:`port`.

    `delay_s` and `bytes_per_s` hold for each direction of every link; `cut_after_bytes` lets so
    many bytes of server to client through on each link that is opened from then on.
    """

    def __init__(self, host, port):
        self._target = host, port
        self.delay_s = 0.0
        self.bytes_per_s = None
        self.cut_after_bytes = None
        self.opened = 0  # links so far
        self._links = []
        self._lock = threading.Lock()
        self._closed = False
        self._frozen = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._open, args=(client,), daemon=True).start()

    def _open(self, client):
        try:
            server = socket.create_connection(self._target, timeout=10)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        for side in (client, server):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = self._link(client, server)
        with self._lock:
            if self._closed:
                link.close()
                return
            if self._frozen:
                link.flowing.clear()
            self._links.append(link)
            self.opened += 1
        upward = threading.Thread(target=self._relay, args=(link, client, server, True),
                                  daemon=True)
        upward.start()
        self._relay(link, server, client, False)
        upward.join()
        with self._lock:
            self._links.remove(link)
        for side in (client, server):
            side.close()

    def _link(self, client, server):
        return Link(client, server)

    def _relay(self, link, source, sink, upward):
        left = None if upward else self.cut_after_bytes
        try:
            while data := source.recv(CHUNK_BYTES):
                if not self._pass_through(link):
                    continue
                if self.delay_s:
                    time.sleep(self.delay_s)
                if self.bytes_per_s:
                    time.sleep(len(data) / self.bytes_per_s)
                if left is not None and len(data) >= left:
                    sink.sendall(data[:left])
                    break
                if left is not None:
                    left -= len(data)
                if not self._forward(link, sink, data, upward):
                    break
            if not self._pass_through(link):
                link.wait_until_cut()
        except OSError:
            pass
        link.cut()

    @staticmethod
    def _pass_through(link):
        """Waits while frozen. False where the bytes shall vanish."""
        link.flowing.wait()
        return not link.silent

    def _forward(self, _link, sink, data, _upward):
        """False: cut the link."""
        sink.sendall(data)
        return True

    def links(self):
        with self._lock:
            return list(self._links)

    def freeze(self):
        """Nothing goes through, connections stay open, new ones too."""
        with self._lock:
            self._frozen = True
            links = list(self._links)
        for link in links:
            link.flowing.clear()

    def thaw(self):
        with self._lock:
            self._frozen = False
            links = list(self._links)
        for link in links:
            link.flowing.set()

    def half_open(self):
        """The links of now: what is sent vanishes, and neither side hears of the other's end.
        New ones work. Returns how many it were."""
        links = self.links()
        for link in links:
            link.silent = True
        return len(links)

    def cut(self, reset=False):
        """Ends the links of now. Returns how many it were."""
        links = self.links()
        for link in links:
            link.silent = False
            link.cut(reset)
        return len(links)

    def close(self):
        with self._lock:
            self._closed = True
        # shutdown wakes the accepting thread, which close() alone does not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
