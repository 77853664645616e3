"""Free TCP ports on loopback that no other test run takes.

A port that was bound and closed again may be taken by anybody before the server binds it. So
each port is reserved by an abstract unix socket of its name: seen by every user of this
network namespace, gone with the last process that holds it, whatever it dies of. Ports come
from below the range that the kernel gives to outgoing connections.
"""

import random
import socket

from supervised import ServerError, wait_until

FIRST, LAST = 20000, 32000


class Port:
    """Guarantees: until close() no other Port of this machine has the same number."""

    def __init__(self):
        for _ in range(1000):
            number = random.randrange(FIRST, LAST)
            reservation = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                reservation.bind(f"\0tradepulse/port/{number}")
                with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", number))
            except OSError:
                reservation.close()
                continue
            self.number = number
            self._reservation = reservation
            return
        raise RuntimeError(f"no free port between {FIRST} and {LAST} on 127.0.0.1")

    def fileno(self):
        """Handed to the server's supervisor, which may outlive this process for a moment."""
        return self._reservation.fileno()

    def close(self):
        self._reservation.close()


class FixedPort(Port):
    """A port that a program has by itself. Guarantees: as Port; other runs wait for their turn."""

    def __init__(self, number, timeout=300):  # pylint: disable=super-init-not-called
        self.number = number
        self._reservation = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            wait_until(self._reserve, f"the turn of this run to have port {number}", timeout)
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("0.0.0.0", number))
        except OSError as error:
            self.close()
            raise ServerError(f"port {number}, which the test needs, is taken: {error}") from None
        except ServerError:
            self.close()
            raise

    def _reserve(self):
        try:
            self._reservation.bind(f"\0tradepulse/port/{self.number}")
        except OSError:
            return False
        return True
