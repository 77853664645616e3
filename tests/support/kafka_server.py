"""A real Apache Kafka (KRaft, broker and controller in one process) for one test run."""

import base64
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import uuid

from ports import Port
from supervised import (HERE, ServerError, Supervised, SupervisedServer, tail, temporary_folder,
                        wait_until)

REPOSITORY = os.path.dirname(os.path.dirname(HERE))
POM = os.path.join(HERE, "kafka", "pom.xml")
START_TIMEOUT_S = 90

# A broker that was killed is let in again only when its session before that has ended: 3 s here
# (9 s by default). auto.create.topics.enable=false: a test says which topics exist.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}{more}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}{more}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}
log.dirs={folder}/data
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
controlled.shutdown.enable=false
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=4194304
"""

LOG4J = """\
log4j.rootLogger=WARN, out
log4j.logger.kafka.server.KafkaRaftServer=INFO
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{ISO8601} %p %c: %m%n
"""


def libraries():
    """The folder of Kafka's jars, fetched by Maven on first use; safe for parallel runs."""
    cache = os.path.join(REPOSITORY, "build", "kafka")
    os.makedirs(cache, exist_ok=True)
    with open(POM, "rb") as pom:
        name = "libs-" + hashlib.sha256(pom.read()).hexdigest()[:12]
    folder = os.path.join(cache, name)
    with open(os.path.join(cache, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.isdir(folder):
            return folder
        print("fetching Apache Kafka by Maven into build/kafka (56 MB, once) ...",
              file=sys.stderr, flush=True)
        partial = folder + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        log = os.path.join(cache, "maven.log")
        with open(log, "wb") as output:
            status = subprocess.call(
                ["mvn", "-q", "-B", "-f", POM, "dependency:copy-dependencies",
                 "-DoutputDirectory=" + partial], stdout=output, stderr=output)
        if status != 0:
            raise ServerError(f"mvn ended with {status}:\n{tail(log)}")
        os.rename(partial, folder)
    return folder


def run_tool(tool, *arguments):
    """One of Kafka's command line tools, by its class."""
    done = subprocess.run(
        ["java", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp",
         os.path.join(libraries(), "*"), tool, *arguments], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    if done.returncode != 0 or "error" in done.stdout.lower():
        raise ServerError(f"{tool} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


class KafkaServer(SupervisedServer):
    """Guarantees: after start() returns, clients can create topics, produce and join groups.

    A topic exists only when it was created: the broker creates none on its own.
    `listeners` are further ones, {name: security protocol}; their addresses are in `address`.
    """

    def __init__(self, listeners=None):
        listeners = listeners or {}
        self._broker, self._controller = Port(), Port()
        self._more = {name: Port() for name in listeners}
        self.address = {name: f"127.0.0.1:{port.number}" for name, port in self._more.items()}
        self.folder = temporary_folder("tradepulse-kafka-")
        self.log = os.path.join(self.folder, "kafka.log")
        # A letter first: Kafka's tools would take an id that begins with `-` for an option.
        self.cluster_id = "T" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]
        self.bootstrap = f"127.0.0.1:{self._broker.number}"
        self._run = None
        self._formatted = False
        self._write("server.properties", PROPERTIES.format(
            broker=self._broker.number, controller=self._controller.number, folder=self.folder,
            more="".join(f",{name}://{at}" for name, at in self.address.items()),
            protocols="".join(f",{name}:{protocol}" for name, protocol in listeners.items())))
        self._write("log4j.properties", LOG4J)

    def _write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def configure(self, text):
        """Adds lines to server.properties, before the first start."""
        with open(os.path.join(self.folder, "server.properties"), "a", encoding="utf-8") as file:
            file.write(text)

    def segment(self, topic, partition=0):
        """The path of a partition's first segment: its batches as they were produced."""
        return os.path.join(self.folder, "data", f"{topic}-{partition}", f"{0:020d}.log")

    def _java(self, *arguments):
        # C1 only and the serial collector: the quickest start, on machines of two cores.
        return ["java", "-Xmx512m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-Xshare:auto", "-cp", os.path.join(libraries(), "*"),
                f"-Dlog4j.configuration=file:{self.folder}/log4j.properties", *arguments]

    def _format(self):
        with open(self.log, "ab") as output:
            status = subprocess.call(
                self._java("kafka.tools.StorageTool", "format", "-t", self.cluster_id, "-c",
                           os.path.join(self.folder, "server.properties")),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        if status != 0:
            raise ServerError(f"kafka.tools.StorageTool ended with {status}:\n{tail(self.log)}")
        self._formatted = True

    def start(self):
        if not self._formatted:
            self._format()
        self._run = Supervised(
            self._java("kafka.Kafka", os.path.join(self.folder, "server.properties")),
            log=self.log, folder=self.folder, remove=[self.folder],
            ports=[self._broker, self._controller, *self._more.values()])
        wait_until(self._is_ready, f"Kafka at {self.bootstrap}", START_TIMEOUT_S)
        return self

    def _is_ready(self):
        # Imported late: the module is needed only where a Kafka is really started.
        from confluent_kafka import Consumer, KafkaException, TopicPartition
        if not self._run.alive:
            raise ServerError(f"Kafka ended by itself:\n{tail(self.log)}")
        # A committed offset is answered by the group's coordinator, which exists only once the
        # broker is registered and __consumer_offsets has a leader: the last thing to come.
        probe = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "readiness-probe",
                          "log_level": 0, "socket.timeout.ms": 2000,
                          "reconnect.backoff.max.ms": 200})
        try:
            probe.committed([TopicPartition("readiness-probe", 0)], timeout=2.0)
            return True
        except KafkaException:
            return False
        finally:
            probe.close()

    def close(self):
        if self._run is not None:
            self._run.kill()  # Nothing of its data is wanted any more.
        shutil.rmtree(self.folder, ignore_errors=True)
        for port in (self._broker, self._controller, *self._more.values()):
            port.close()
