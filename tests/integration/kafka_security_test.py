"""kafka.properties: passwords and TLS, as a real broker asks for them."""

import contextlib
import json

import pytest
from kafka_security import PASSWORD, SecureKafka
from kafka_client import read_topic
from line import START_OF_TIME_MS, Line
from oracle import assert_rows_equal_the_log
from supervised import wait_until

T = START_OF_TIME_MS


@pytest.fixture(scope="module", name="server")
def server_fixture():
    with contextlib.closing(SecureKafka()) as server:
        yield server.start()


def secure_line(server, postgres, settings, **options):
    # The test itself uses the open listener.
    return Line(server.bootstrap, postgres, 2, settings, **options)


@pytest.mark.parametrize("way", ["by_login", "by_tls"])
def test_reads_and_writes_letters(server, postgres, way):
    with secure_line(server, postgres, getattr(server, way)()) as line:
        for number in range(100):
            line.producer.tick(f"S{number % 5}", str(number), "1", T + number)
        assert_rows_equal_the_log(line.database, line.producer.flush())
        line.producer.produce("not JSON", key="S0")
        line.producer.flush()
        letter = wait_until(
            lambda: read_topic(server.bootstrap, line.topic + ".dead-letter"), "the letter", 20)
        assert letter[0].value == b"not JSON"
        assert line.ops.get("/ready").json()["status"] == "ready"


def test_a_wrong_password_ends_the_process_and_names_the_option(server, postgres):
    wrong = "wrong-and-secret"
    with secure_line(server, postgres, server.by_login(wrong), start=False) as line:
        line.process.start(wait=False)
        assert line.process.wait_for_exit() == 78
        said = line.process.log_text()
        (fatal,) = [text for text in said.splitlines() if "event=fatal" in text]
        assert server.address["LOGIN"] in fatal and "kafka.properties" in fatal
        assert "sasl.password" in fatal
        assert wrong not in said and PASSWORD not in said


def test_a_certificate_of_a_stranger_is_not_accepted_and_is_waited_for(server, postgres):
    settings = server.by_tls(trusted=server.stranger)
    with secure_line(server, postgres, settings, start=False) as line:
        line.process.start(wait=False)
        line.process.wait_for_log("ssl.ca.location")
        answer = wait_until(lambda: (found := line.ops.get("/ready")).status == 503 and
                            "kafka" in json.dumps(found.json()) and found, "not ready", 20)
        assert "kafka.brokers" in json.dumps(answer.json())
        assert line.ops.get("/health").status == 200
        line.process.stop()  # With 0: an absent broker is no fault of ours.
        line.process.settings.update(server.by_tls())
        line.process.start()
        line.producer.tick("A", "1", "1", T)
        assert_rows_equal_the_log(line.database, line.producer.flush())


@pytest.mark.parametrize("properties, named", [
    ({"ssl.ca.location": "/nonexistent/ca.pem", "security.protocol": "SSL"}, "ssl.ca.location"),
    ({"sasl.mechanisms": "PLAIN", "security.protocol": "SASL_PLAINTEXT"}, "sasl.username"),
    ({"sasl.pasword": "x"}, "sasl.pasword"),
    ({"check.crcs": "false"}, "check.crcs"),
])
def test_properties_that_cannot_work_are_refused_at_once(
        server, postgres, properties, named):
    with secure_line(server, postgres, {"kafka.properties": properties}, start=False) as line:
        line.process.start(wait=False)
        assert line.process.wait_for_exit() == 78
        said = line.process.log_text()
        assert named in said and "kafka" in said
