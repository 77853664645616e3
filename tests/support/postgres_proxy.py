"""A proxy between engine and PostgreSQL that knows where a message ends and which is a commit."""

import struct
import threading
import urllib.parse

from tcp_proxy import Link, TcpProxy

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
# The engine commits by one prepared statement: a Bind that names it is a commit. Alone it is a
# transaction, and the next ReadyForQuery is its answer; with events behind it, it is the first
# statement of one, and the answer is the ReadyForQuery that ends this.
COMMIT_STATEMENT = b"commit_range"

REQUEST = "request"    # the server has not got the commit
EVENTS = "events"      # the server has its rows, and not its events
ANSWER = "answer"      # the server has answered and the engine does not know
ANSWERED = "answered"  # the engine has the answer
# The server has answered the first statement after a BEGIN: an open transaction that holds locks.
# Those that only read are none of them.
IN_TRANSACTION = "in transaction"
# The server has ended a transaction that began by BEGIN, a claim's, and the engine does not know.
TRANSACTION_OVER = "transaction over"


class Hold:
    """Stops whatever comes to one point until release() or drop()."""

    def __init__(self, point):
        self.point = point
        self.reached = threading.Event()
        self._decided = threading.Event()
        self._forward = False

    def enter(self, link):
        """Thread: the link's. Whether what is held may go on."""
        self.reached.set()
        self._decided.wait()
        return self._forward and not link.ended

    def wait(self, timeout=30):
        if not self.reached.wait(timeout):
            raise RuntimeError(f"nothing came to the point '{self.point}' in {timeout} s")

    def release(self):
        self._forward = True
        self._decided.set()

    def drop(self):
        """What is held is lost, and its link is cut."""
        self._decided.set()


class _PostgresLink(Link):
    def __init__(self, client, server):
        super().__init__(client, server)
        self.upward, self.downward = b"", b""
        self.started = False
        self.commits_open = 0
        self.in_transaction = False
        self.reads_only = False


class PostgresProxy(TcpProxy):
    """Counts commits, holds them at points. Without TLS.

    `commits` is how many were answered to the engine.
    """

    def __init__(self, host, port):
        self._hold = None
        self.commits = 0
        super().__init__(host, port)

    def hold(self, point):
        """From now on; one hold at a time."""
        self._hold = Hold(point)
        return self._hold

    def url_for(self, database):
        """Of a database.Database, by way of this proxy."""
        url = urllib.parse.urlsplit(database.url)
        where = url.netloc.rpartition("@")[0] + f"@127.0.0.1:{self.port}"
        return url._replace(netloc=where).geturl()

    def _link(self, client, server):
        return _PostgresLink(client, server)

    def _forward(self, link, sink, data, upward):
        return self._up(link, sink, data) if upward else self._down(link, sink, data)

    def _held(self, point, link):
        """Whether to go on."""
        hold = self._hold
        if hold is None or hold.point != point or hold._decided.is_set():
            return True
        return hold.enter(link)

    def _up(self, link, sink, data):
        link.upward += data
        out = b""
        while True:
            if not link.started:
                if len(link.upward) < 8:
                    break
                length, code = struct.unpack("!II", link.upward[:8])
                if len(link.upward) < length:
                    break
                message, link.upward = link.upward[:length], link.upward[length:]
                if code in (SSL_REQUEST, GSS_REQUEST):
                    link.client.sendall(b"N")
                    continue
                link.started = True
                out += message
                continue
            message, link.upward = self._message(link.upward)
            if message is None:
                break
            if message[:1] == b"B" and message[5:].split(b"\0", 2)[1] == COMMIT_STATEMENT:
                if out:
                    sink.sendall(out)
                    out = b""
                if not self._held(REQUEST, link):
                    return False
                link.commits_open += 1
            elif message[:1] == b"d" and link.commits_open:
                if out:
                    sink.sendall(out)
                    out = b""
                if not self._held(EVENTS, link):
                    return False
            elif message[:1] == b"Q" and message[5:10].upper() == b"BEGIN":
                link.reads_only = b"READ ONLY" in message.upper()
            out += message
        if out:
            sink.sendall(out)
        return True

    def _down(self, link, sink, data):
        link.downward += data
        out = b""
        while True:
            message, link.downward = self._message(link.downward)
            if message is None:
                break
            out += message
            if link.commits_open and (message[:1] == b"G" or
                                      message[:1] == b"Z" and message[5:6] != b"I"):
                sink.sendall(out)  # the engine goes on within its transaction
                out = b""
            elif message[:1] == b"Z" and link.commits_open:
                # The whole answer stands in `out`, or nothing of it was sent: a server sends an
                # answer this small in one piece.
                link.commits_open -= 1
                if not self._held(ANSWER, link):
                    return False
                sink.sendall(out)
                out = b""
                self.commits += 1
                if not self._held(ANSWERED, link):
                    return False
            elif message[:1] == b"Z":
                before, link.in_transaction = link.in_transaction, message[5:6] == b"T"
                if before and not link.reads_only and not self._held(
                        IN_TRANSACTION if link.in_transaction else TRANSACTION_OVER, link):
                    return False
        if out and not link.commits_open:
            sink.sendall(out)
        else:
            link.downward = out + link.downward
        return True

    @staticmethod
    def _message(data):
        if len(data) < 5:
            return None, data
        length = 1 + struct.unpack("!I", data[1:5])[0]
        return (None, data) if len(data) < length else (data[:length], data[length:])

    def close(self):
        if self._hold is not None:
            self._hold.drop()
        super().close()
