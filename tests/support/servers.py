"""Kafka and PostgreSQL side by side, started at the same time."""

import os
import threading

from kafka_server import KafkaServer
from postgres_server import PostgresServer

KAFKA_VARIABLE = "TRADEPULSE_TEST_KAFKA"
POSTGRES_VARIABLE = "TRADEPULSE_TEST_POSTGRES"


class Servers:
    """Context manager. Starts what is wanted and not already named by its variable."""

    def __init__(self, wanted=("kafka", "postgres")):
        self._kinds = [kind for name, variable, kind in (
            ("kafka", KAFKA_VARIABLE, KafkaServer),
            ("postgres", POSTGRES_VARIABLE, PostgresServer))
            if name in wanted and not os.environ.get(variable)]
        self._servers = []
        self.kafka = os.environ.get(KAFKA_VARIABLE)
        self.postgres = os.environ.get(POSTGRES_VARIABLE)

    def __enter__(self):
        failures = []

        def start(server):
            try:
                server.start()
            except BaseException as error:  # pylint: disable=broad-except
                failures.append(error)

        try:
            for kind in self._kinds:
                self._servers.append(kind())
            threads = [threading.Thread(target=start, args=(server,))
                       for server in self._servers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            if failures:
                raise failures[0]
        except BaseException:
            self.close()
            raise
        for server in self._servers:
            if isinstance(server, KafkaServer):
                self.kafka = server.bootstrap
            else:
                self.postgres = server.url
        return self

    def environment(self):
        found = {KAFKA_VARIABLE: self.kafka, POSTGRES_VARIABLE: self.postgres}
        return {name: value for name, value in found.items() if value}

    def close(self):
        for server in self._servers:
            server.close()
        self._servers = []

    def __exit__(self, *_):
        self.close()
