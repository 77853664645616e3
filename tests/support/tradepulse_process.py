"""The real binary as a process of a test: configured, started, stopped, killed."""

import json
import os
import shutil

from ports import Port
from rest_client import RestClient
from supervised import HERE, ServerError, Supervised, tail, temporary_folder, wait_until
from websocket_recorder import WebSocketRecorder

REPOSITORY = os.path.dirname(os.path.dirname(HERE))
# Under AddressSanitizer, on two busy cores, a start takes several seconds.
READY_TIMEOUT_S = 60


def binary():
    """TRADEPULSE_BINARY, or what was built: release before dev."""
    named = os.environ.get("TRADEPULSE_BINARY")
    candidates = [named] if named else [
        os.path.join(REPOSITORY, "build", preset, "tradepulse") for preset in ("release", "dev")]
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return os.path.abspath(candidate)
    raise ServerError(f"no tradepulse at {' or '.join(candidates)}: build it first, "
                      "for example by scripts/test integration")


def configuration_text(settings):
    """HOCON of dotted keys; JSON's values are HOCON's."""
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())


class TradePulseProcess:
    """`tradepulse serve` with a configuration file and ports of its own.

    `settings` are dotted keys of the configuration, over the ones a test always needs.
    Guarantees: after start() returns, GET /ready answered 200 (unless it was told not to
    wait); the process ends when the test does.
    """

    def __init__(self, settings=None, environment=None):
        self._client, self._ops = Port(), Port()
        self.client_port, self.ops_port = self._client.number, self._ops.number
        self.folder = temporary_folder("tradepulse-serve-")
        self.config = os.path.join(self.folder, "tradepulse.conf")
        self.log = os.path.join(self.folder, "stderr.log")
        self.settings = {
            "client.host": "127.0.0.1", "client.port": self.client_port,
            "ops.host": "127.0.0.1", "ops.port": self.ops_port,
            "postgres.migrate": True, **(settings or {})}
        self.environment = {**os.environ, **(environment or {})}
        self.rest = RestClient(self.client_port)
        self.ops = RestClient(self.ops_port)
        self._recorders = []
        self._run = None
        self.exit_status = None

    def start(self, wait=True, timeout=READY_TIMEOUT_S):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(configuration_text(self.settings))
        self.exit_status = None
        self._run = Supervised([binary(), "serve", "--config", self.config], log=self.log,
                               folder=self.folder, grace=30.0, environment=self.environment,
                               ports=[self._client, self._ops])
        if wait:
            self.wait_until_ready(timeout)
        return self

    def wait_until_ready(self, timeout=READY_TIMEOUT_S):
        try:
            wait_until(self._is_ready, "GET /ready = 200", timeout)
        except ServerError as error:
            raise ServerError(f"{error}\n{tail(self.log)}") from None

    def _is_ready(self):
        if not self._run.alive:
            raise ServerError(f"tradepulse ended by itself with {self._run.exit_status}")
        try:
            return self.ops.get("/ready").status == 200
        except OSError:
            return False

    @property
    def alive(self):
        return self._run is not None and self._run.alive

    @property
    def pid(self):
        return self._run.pid

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_for_log(self, text, timeout=20, times=1):
        """Until the log has it so often. Fails with the end of the log."""
        try:
            wait_until(lambda: self.log_text().count(text) >= times, f"{text!r} in the log",
                       timeout)
        except ServerError as error:
            raise ServerError(f"{error}\n{tail(self.log)}") from None

    def freeze(self):
        """SIGSTOP: connections stay open, and nobody answers."""
        self._run.freeze()

    def thaw(self):
        self._run.thaw()

    def wait_for_exit(self, timeout=30):
        wait_until(lambda: not self._run.alive, "the end of tradepulse", timeout)
        return self._end()

    def stop(self, expected_status=0):
        """SIGTERM: the drain. Fails where the exit status is another than expected."""
        self._run.stop()
        status = self._end()
        if status != expected_status:
            raise ServerError(f"tradepulse ended with {status}, expected {expected_status}\n"
                              f"{tail(self.log)}")
        return status

    def kill(self):
        """kill -9."""
        self._run.kill()
        self._end()

    def _end(self):
        self.exit_status = self._run.exit_status
        self._run.stop()  # Only the supervisor is left, or nothing.
        self._run = None
        return self.exit_status

    def websocket(self, path="/ws", **options):
        recorder = WebSocketRecorder(f"ws://127.0.0.1:{self.client_port}{path}", **options)
        self._recorders.append(recorder)
        return recorder

    def metrics(self):
        """Samples by their text before the value: `name{label="x"}` -> float."""
        samples = {}
        for line in self.ops.get("/metrics").body.decode().splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                samples[name] = float(value)
        return samples

    def close(self):
        """Stops what still runs, by SIGTERM, and insists on exit status 0."""
        try:
            for recorder in self._recorders:
                recorder.close()
            if self._run is not None and self._run.alive:
                self.stop()
            elif self._run is not None:
                raise ServerError(f"tradepulse ended by itself with {self._end()}\n"
                                  f"{tail(self.log)}")
        finally:
            if self._run is not None:
                self.kill()
            shutil.rmtree(self.folder, ignore_errors=True)
            self._client.close()
            self._ops.close()
