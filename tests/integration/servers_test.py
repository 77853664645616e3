"""The real servers of the tests: what the other integration tests rely on."""

import os
import signal
import subprocess

import pytest
from kafka_client import RecordingProducer, create_topic, delete_topic, read_topic, tick
from database import create_database
from supervised import HERE, wait_until

WITH_SERVERS = os.path.join(HERE, "with-servers")


def own_environment(**more):
    return {**{name: value for name, value in os.environ.items()
               if not name.startswith("TRADEPULSE_TEST_")}, **more}


def processes_with(text):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                line = file.read()
        except OSError:
            continue
        if text.encode() in line:
            found.append(int(pid))
    return found


def test_with_servers_names_both_and_returns_the_status():
    done = subprocess.run(
        [WITH_SERVERS, "sh", "-c",
         'psql -Atc "SELECT 6 * 7" "$TRADEPULSE_TEST_POSTGRES";'
         'kcat -L -b "$TRADEPULSE_TEST_KAFKA" | grep "1 brokers"; exit 5'],
        env=own_environment(), stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 5
    assert done.stdout.split() == ["42", "1", "brokers:"]


def test_with_servers_starts_nothing_for_what_is_named_already():
    done = subprocess.run(
        [WITH_SERVERS, "sh", "-c", 'echo "$TRADEPULSE_TEST_POSTGRES $TRADEPULSE_TEST_KAFKA"'],
        env=own_environment(TRADEPULSE_TEST_POSTGRES="there", TRADEPULSE_TEST_KAFKA="here"),
        stdout=subprocess.PIPE, text=True, check=False, timeout=5)
    assert done.stdout == "there here\n"


def test_with_servers_tells_a_usage_error_and_a_missing_command():
    assert subprocess.run([WITH_SERVERS], stderr=subprocess.DEVNULL, check=False).returncode == 64
    done = subprocess.run([WITH_SERVERS, "/no/such/command"], stderr=subprocess.PIPE, check=False,
                          env=own_environment(TRADEPULSE_TEST_POSTGRES="x",
                                              TRADEPULSE_TEST_KAFKA="x"))
    assert done.returncode == 127


def test_both_servers_end_when_the_run_is_killed(tmp_path):
    run = subprocess.Popen(
        [WITH_SERVERS, "sh", "-c", "echo up; exec sleep 1000"], stdout=subprocess.PIPE, text=True,
        env=own_environment(TMPDIR=str(tmp_path)))
    try:
        assert run.stdout.readline() == "up\n"
        # As root PostgreSQL may be elsewhere, where its user can enter: count its children too.
        family = processes_with(str(tmp_path))
        assert any("java" in os.readlink(f"/proc/{pid}/exe") for pid in family)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        wait_until(lambda: not processes_with(str(tmp_path)), "end of the servers", 15)
        wait_until(lambda: not list(tmp_path.iterdir()), "removal of the folders", 15)
    finally:
        run.kill()
        run.wait()


def test_a_topic_has_its_partitions_and_keeps_what_was_produced(kafka, topic):
    name = topic(partitions=3)
    producer = RecordingProducer(kafka, name)
    for number in range(30):
        producer.tick("AAPL", "150.25", partition=number % 3)
    produced = sorted(producer.flush(), key=lambda record: (record.partition, record.offset))
    assert read_topic(kafka, name) == produced
    assert [record.offset for record in produced if record.partition == 2] == list(range(10))


def test_an_unknown_topic_is_not_created_on_its_own(kafka):
    producer = RecordingProducer(kafka, "never-created", **{"message.timeout.ms": 3000})
    producer.tick("AAPL", "1")
    with pytest.raises(RuntimeError):
        producer.flush()


def test_a_deleted_topic_is_gone(kafka, topic):
    name = topic()
    delete_topic(kafka, name)
    create_topic(kafka, name)
    assert read_topic(kafka, name) == []


def test_databases_are_fresh(postgres, database):
    database.query("CREATE TABLE mine (price DECIMAL(20, 8))")
    database.query("INSERT INTO mine VALUES (%s)", "0.10000000")
    assert str(database.value("SELECT price FROM mine")) == "0.10000000"
    other = create_database(postgres)
    assert other.query("SELECT 1 FROM pg_tables WHERE tablename = 'mine'") == []


def test_a_killed_kafka_comes_back_with_its_records(restartable_kafka):
    server = restartable_kafka
    create_topic(server.bootstrap, "kept")
    producer = RecordingProducer(server.bootstrap, "kept")
    producer.produce(tick("AAPL", "1.5", timestamp_ms=1))
    before = producer.flush()
    server.kill()
    assert not server.alive
    server.start()
    assert read_topic(server.bootstrap, "kept") == before
    server.stop()
    server.start()
    assert read_topic(server.bootstrap, "kept") == before


def test_a_killed_postgres_comes_back_with_its_rows(restartable_postgres):
    server = restartable_postgres
    database = create_database(server.url)
    database.query("CREATE TABLE kept AS SELECT 7 AS value")
    server.kill()
    server.start()
    assert database.value("SELECT value FROM kept") == 7
    server.stop()
    server.start()
    assert database.value("SELECT value FROM kept") == 7


def test_a_frozen_postgres_does_not_answer_until_it_is_thawed(restartable_postgres):
    server = restartable_postgres
    query = ["psql", "-Atc", "SELECT 1", server.url]
    server.freeze()
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(query, timeout=1, check=False)
    server.thaw()
    assert subprocess.run(query, timeout=20, check=True, stdout=subprocess.PIPE).stdout == b"1\n"
