"""`tradepulse serve` with a drop-in profile and nothing but environment variables."""

import os

from ports import FixedPort, Port
from rest_client import RestClient
from supervised import Supervised
from tradepulse_process import READY_TIMEOUT_S, REPOSITORY, TradePulseProcess, binary
from websocket_recorder import WebSocketRecorder


class ProfileProcess(TradePulseProcess):
    """A profile of config/profiles; `client_port` is REST's."""

    def __init__(self, profile, kafka, database, **environment):
        super().__init__()
        self.profile = os.path.join(REPOSITORY, "config", "profiles", profile)
        parts = database.parts
        self.environment.update({
            "KAFKA_BROKERS": kafka, "POSTGRES_HOST": parts["host"],
            "POSTGRES_PORT": str(parts["port"]), "POSTGRES_DATABASE": parts["name"],
            "POSTGRES_USER": parts["user"], "POSTGRES_PASSWORD": parts["password"],
            "REST_API_PORT": str(self.client_port), "METRICS_PORT": str(self.ops_port),
            **environment})
        self.rest, self.ops = RestClient(self.client_port), RestClient(self.ops_port)
        self.ports = [self._client, self._ops]

    def start(self, wait=True, timeout=READY_TIMEOUT_S):
        self.exit_status = None
        self._run = Supervised([binary(), "serve", "--config", self.profile], log=self.log,
                               folder=self.folder, grace=30.0, environment=self.environment,
                               ports=self.ports)
        if wait:
            self.wait_until_ready(timeout)
        return self


class CoreServiceProcess(ProfileProcess):
    """As the service that it replaces."""

    def __init__(self, kafka, database, **environment):
        super().__init__("core-service.conf", kafka, database, **environment)


class SnapshotServiceProcess(ProfileProcess):
    """As the service that it replaces: three ports."""

    def __init__(self, kafka, database, **environment):
        self._websocket = Port()
        super().__init__("snapshot-service.conf", kafka, database,
                         WEBSOCKET_PORT=str(self._websocket.number), **environment)
        self.ports.append(self._websocket)

    def websocket(self, path="/", **options):
        recorder = WebSocketRecorder(f"ws://127.0.0.1:{self._websocket.number}{path}", **options)
        self._recorders.append(recorder)
        return recorder

    def close(self):
        try:
            super().close()
        finally:
            self._websocket.close()


class StockPipelineProcess(ProfileProcess):
    """As the services that it replaces, with the ports that these have; no name moves them. REST
    is on `ports` 5000 and 8000."""

    def __init__(self, kafka, database):
        super().__init__("stock-pipeline.conf", kafka, database)
        for name in ("KAFKA_BROKERS", "POSTGRES_DATABASE", "REST_API_PORT", "METRICS_PORT"):
            del self.environment[name]
        self.environment.update({"KAFKA_BOOTSTRAP_SERVERS": kafka,
                                 "POSTGRES_DB": database.parts["name"]})
        self._client.close()
        self._ops.close()
        self.ports = []
        try:
            for number in (5000, 8000, 9091):  # in this order by all: nobody waits in a circle
                self.ports.append(FixedPort(number))
        except BaseException:
            self.close()
            raise
        self.api, self.bars, self.ops = (RestClient(port.number) for port in self.ports)

    def close(self):
        try:
            super().close()
        finally:
            for port in self.ports:
                port.close()
