"""The proxies do to a connection what they say, and nothing else."""

import contextlib
import socket
import struct
import threading
import time

import psycopg2
import pytest
from postgres_proxy import ANSWER, ANSWERED, REQUEST, PostgresProxy
from supervised import wait_until
from tcp_proxy import TcpProxy


class Echo:
    """A server that sends back what it gets; `ends` counts the ends that it has seen."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.ends = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, contextlib.suppress(OSError):
            while data := connection.recv(65536):
                connection.sendall(data)
        self.ends += 1

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture(name="echo")
def echo_fixture():
    with contextlib.closing(Echo()) as echo:
        yield echo


@pytest.fixture(name="proxy")
def proxy_fixture(echo):
    with contextlib.closing(TcpProxy("127.0.0.1", echo.port)) as proxy:
        yield proxy


@contextlib.contextmanager
def connected(proxy):
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as client:
        yield client


def receive(client, count):
    data = b""
    while len(data) < count and (more := client.recv(count - len(data))):
        data += more
    return data


def is_silent(client):
    client.settimeout(0.2)
    try:
        client.recv(1)
        return False
    except TimeoutError:
        return True
    finally:
        client.settimeout(20)


def test_bytes_go_through_unchanged(proxy):
    data = bytes(range(256)) * 4000
    with connected(proxy) as client:
        threading.Thread(target=client.sendall, args=(data,), daemon=True).start()
        assert receive(client, len(data)) == data


def test_delay_and_rate_hold_bytes_back(proxy):
    proxy.delay_s = 0.1
    with connected(proxy) as client:
        began = time.monotonic()
        client.sendall(b"x")
        assert receive(client, 1) == b"x" and time.monotonic() - began >= 0.2
        proxy.delay_s, proxy.bytes_per_s = 0, 10_000
        began = time.monotonic()
        client.sendall(b"x" * 1000)
        assert len(receive(client, 1000)) == 1000 and time.monotonic() - began >= 0.2


def test_cut_after_so_many_bytes(proxy, echo):
    proxy.cut_after_bytes = 1500
    with connected(proxy) as client:
        client.sendall(b"x" * 1000)
        assert len(receive(client, 1000)) == 1000
        client.sendall(b"x" * 1000)
        assert len(receive(client, 1000)) == 500
    wait_until(lambda: echo.ends == 1, "the end at the server", 10)


def test_frozen_connections_stay_and_go_on(proxy, echo):
    with connected(proxy) as client:
        client.sendall(b"a")
        assert receive(client, 1) == b"a"
        proxy.freeze()
        client.sendall(b"b")
        with connected(proxy) as late:
            late.sendall(b"c")
            assert is_silent(client) and is_silent(late) and echo.ends == 0
            proxy.thaw()
            assert receive(client, 1) == b"b" and receive(late, 1) == b"c"


def test_half_open_connections_say_nothing_and_new_ones_work(proxy, echo):
    with connected(proxy) as client:
        client.sendall(b"a")
        assert receive(client, 1) == b"a"
        assert proxy.half_open() == 1
        client.sendall(b"b")
        assert is_silent(client)
        with connected(proxy) as late:
            late.sendall(b"c")
            assert receive(late, 1) == b"c"
        wait_until(lambda: echo.ends == 1, "the end of the late one", 10)
    assert echo.ends == 1  # The client's end is not told.
    proxy.cut()
    wait_until(lambda: echo.ends == 2, "the end of the half-open one", 10)


def test_cut_by_reset(proxy):
    with connected(proxy) as client:
        client.sendall(b"a")
        assert receive(client, 1) == b"a"
        assert proxy.cut() == 1
        assert client.recv(1) == b""


# --- PostgreSQL ---

@pytest.fixture(name="postgres_proxy")
def postgres_proxy_fixture(database):
    parts = database.parts
    with contextlib.closing(PostgresProxy(parts["host"], parts["port"])) as proxy:
        yield proxy


class RawSession:
    """Enough of the protocol to run a prepared statement of a chosen name, as the engine does."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)

    def send(self, *messages):
        self._socket.sendall(b"".join(kind + struct.pack("!I", len(body) + 4) + body
                                      for kind, body in messages))

    def execute(self, statement):
        self.send((b"B", b"\0" + statement + b"\0" + b"\0" * 6), (b"E", b"\0" + b"\0" * 4),
                  (b"S", b""))

    def receive(self):
        return self._socket.recv(65536)

    def close(self):
        self._socket.close()


class FakePostgres(Echo):
    """Answers each Execute + Sync by CommandComplete and ReadyForQuery; counts Binds."""

    def __init__(self):
        self.binds = 0
        super().__init__()

    def _serve(self, connection):
        with connection, contextlib.suppress(OSError):
            connection.recv(8)
            while data := connection.recv(65536):
                self.binds += data.startswith(b"B")
                connection.sendall(b"C\0\0\0\x0bSELECT\0" + b"Z\0\0\0\5I")
        self.ends += 1


@pytest.fixture(name="fake")
def fake_fixture():
    with contextlib.closing(FakePostgres()) as server:
        with contextlib.closing(PostgresProxy("127.0.0.1", server.port)) as proxy:
            session = RawSession(proxy.port)
            session._socket.sendall(struct.pack("!II", 8, 196608))
            yield server, proxy, session
            session.close()


@pytest.mark.parametrize("point, reaches_the_server, answered", [
    (REQUEST, 0, False), (ANSWER, 1, False), (ANSWERED, 1, True)])
def test_a_commit_is_held_at_its_point(fake, point, reaches_the_server, answered):
    server, proxy, session = fake
    session.execute(b"another_statement")
    assert session.receive().endswith(b"I") and proxy.commits == 0
    binds = server.binds
    hold = proxy.hold(point)
    assert not hold.reached.is_set()
    session.execute(b"commit_range")
    hold.wait()
    assert server.binds - binds == reaches_the_server
    assert proxy.commits == answered
    if answered:
        assert session.receive().endswith(b"I")
    hold.drop()
    with contextlib.suppress(ConnectionResetError):
        assert session.receive() == b""
    assert server.binds - binds == reaches_the_server


def test_a_released_commit_goes_on(fake):
    server, proxy, session = fake
    for point in (REQUEST, ANSWER):
        hold = proxy.hold(point)
        session.execute(b"commit_range")
        hold.wait()
        hold.release()
        assert session.receive().endswith(b"I")
    wait_until(lambda: (server.binds, proxy.commits) == (2, 2), "two commits", 10)


def test_a_session_through_the_proxy_works_as_without(postgres_proxy, database):
    parts = database.parts
    connection = psycopg2.connect(host="127.0.0.1", port=postgres_proxy.port,
                                  user=parts["user"], password=parts["password"],
                                  dbname=parts["name"])
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT repeat('x', 1000000), generate_series(1, 3)")
        assert [(len(text), number) for text, number in cursor] == [
            (1000000, 1), (1000000, 2), (1000000, 3)]
    assert postgres_proxy.commits == 0
