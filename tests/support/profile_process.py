"""`tradepulse serve` with a drop-in profile and nothing but environment variables."""

import os

from ports import Port
from rest_client import RestClient
from supervised import Supervised
from tradepulse_process import READY_TIMEOUT_S, REPOSITORY, TradePulseProcess, binary
from websocket_recorder import WebSocketRecorder


class SnapshotServiceProcess(TradePulseProcess):
    """As the service that it replaces: three ports; `client_port` is REST's."""

    def __init__(self, kafka, database, **environment):
        super().__init__()
        self._websocket = Port()
        self.profile = os.path.join(REPOSITORY, "config", "profiles", "snapshot-service.conf")
        parts = database.parts
        self.environment.update({
            "KAFKA_BROKERS": kafka, "POSTGRES_HOST": parts["host"],
            "POSTGRES_PORT": str(parts["port"]), "POSTGRES_DATABASE": parts["name"],
            "POSTGRES_USER": parts["user"], "POSTGRES_PASSWORD": parts["password"],
            "REST_API_PORT": str(self.client_port), "METRICS_PORT": str(self.ops_port),
            "WEBSOCKET_PORT": str(self._websocket.number), **environment})
        self.rest, self.ops = RestClient(self.client_port), RestClient(self.ops_port)

    def start(self, wait=True, timeout=READY_TIMEOUT_S):
        self.exit_status = None
        self._run = Supervised([binary(), "serve", "--config", self.profile], log=self.log,
                               folder=self.folder, grace=30.0, environment=self.environment,
                               ports=[self._client, self._ops, self._websocket])
        if wait:
            self.wait_until_ready(timeout)
        return self

    def websocket(self, path="/", **options):
        recorder = WebSocketRecorder(f"ws://127.0.0.1:{self._websocket.number}{path}", **options)
        self._recorders.append(recorder)
        return recorder

    def close(self):
        try:
            super().close()
        finally:
            self._websocket.close()
