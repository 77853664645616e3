"""pytest fixtures: real servers, fresh databases and topics, the real binary.

`kafka` and `postgres` are shared by all tests of a run (and taken from TRADEPULSE_TEST_KAFKA and
TRADEPULSE_TEST_POSTGRES where these are set); a test gets its own `database` and topics in them.
A test that stops or kills a server takes `restartable_kafka` or `restartable_postgres`.
"""

import contextlib
import os
import pathlib
import pwd
import secrets
import shutil

import pytest

from servers import Servers
from supervised import temporary_folder


@pytest.fixture(scope="session", name="kafka")
def kafka_fixture():
    """host:port of a Kafka shared by the run."""
    with Servers({"kafka"}) as servers:
        yield servers.kafka


@pytest.fixture(scope="session", name="postgres")
def postgres_fixture():
    """A superuser's URL of a PostgreSQL shared by the run."""
    with Servers({"postgres"}) as servers:
        yield servers.postgres


@pytest.fixture(name="open_path")
def open_path_fixture():
    """An empty folder that every user may enter. pytest's own is not one: each pytest that begins
    takes the others' rights to its parents away."""
    root = os.geteuid() == 0
    other = pwd.getpwnam("nobody") if root else None
    path = pathlib.Path(temporary_folder("tradepulse-test-", other))
    if root:
        os.chown(path, 0, 0)
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(name="database")
def database_fixture(postgres):
    """An empty database: url, parts, query(), value()."""
    from database import create_database, drop_database
    database = create_database(postgres)
    yield database
    drop_database(postgres, database)


@pytest.fixture(name="topic")
def topic_fixture(kafka):
    """topic(partitions=1, dead_letter=True, **settings) -> the name of a new topic.

    The broker creates no topics by itself; with `dead_letter` also NAME.dead-letter is made.
    """
    from kafka_client import create_topic

    def make(partitions=1, dead_letter=True, bootstrap=kafka, name=None, **settings):
        name = name or "ticks-" + secrets.token_hex(6)
        create_topic(bootstrap, name, partitions, settings)
        if dead_letter:
            create_topic(bootstrap, name + ".dead-letter", 1)
        return name

    return make


@pytest.fixture(name="producer")
def producer_fixture(kafka):
    """producer(topic, bootstrap=...) -> a RecordingProducer."""
    from kafka_client import RecordingProducer
    return lambda topic, bootstrap=kafka, **settings: RecordingProducer(bootstrap, topic,
                                                                        **settings)


@pytest.fixture(name="restartable_kafka")
def restartable_kafka_fixture():
    """A started KafkaServer of this test alone: stop, kill, start, freeze, thaw."""
    from kafka_server import KafkaServer
    with contextlib.closing(KafkaServer()) as server:
        yield server.start()


@pytest.fixture(name="restartable_postgres")
def restartable_postgres_fixture():
    """A started PostgresServer of this test alone: stop, kill, start, freeze, thaw."""
    from postgres_server import PostgresServer
    with contextlib.closing(PostgresServer()) as server:
        yield server.start()


@pytest.fixture(name="tradepulse")
def tradepulse_fixture():
    """tradepulse(settings={}, environment={}, start=True, wait=True) -> a TradePulseProcess.

    At the end of the test each one that still runs gets SIGTERM and must end with 0.
    """
    from tradepulse_process import TradePulseProcess
    with contextlib.ExitStack() as processes:
        def make(settings=None, environment=None, start=True, wait=True):
            process = TradePulseProcess(settings, environment)
            processes.callback(process.close)
            return process.start(wait=wait) if start else process

        yield make


@pytest.fixture(name="spine")
def spine_fixture(kafka, database, topic, producer, tradepulse):
    """spine(partitions=4, **settings): topic, database, producer and a ready tradepulse
    between them, as attributes of one object."""
    class Spine:
        def __init__(self, partitions=4, settings=None):
            self.topic = topic(partitions)
            self.database = database
            self.producer = producer(self.topic)
            self.process = tradepulse({**spine_settings(kafka, self.topic, database),
                                       **(settings or {})})
            self.rest, self.ops = self.process.rest, self.process.ops

    return Spine


def spine_settings(brokers, topic, database, decoder="price-ticks"):
    """The settings that every test of the whole line needs."""
    return {"kafka.brokers": brokers, "kafka.group_id": "group-" + topic,
            "topics": [{"name": topic, "decoder": decoder}],
            "postgres.url": database.url}
