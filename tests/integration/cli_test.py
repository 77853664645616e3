"""The command line: what it prints where, and how it ends."""

import os
import re
import socket
import subprocess

import pytest
from ports import Port
from tradepulse_process import REPOSITORY, binary, configuration_text

PROFILE = os.path.join(REPOSITORY, "config", "profiles", "snapshot-service.conf")
COMMANDS = ("serve", "check-config", "migrate", "journal", "journal trim", "offsets",
            "offsets show", "offsets set", "replay",
            "feed", "feed synthetic", "embedded-log", "version")


def run(*words, environment=None, timeout=60):
    return subprocess.run([binary(), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL,
                          env={**os.environ, **(environment or {})})


def fails(status, *words, **options):
    """What it said, which is on standard error alone and begins with the program's name."""
    done = run(*words, **options)
    assert done.returncode == status, (done.stdout, done.stderr)
    assert done.stdout == "" and done.stderr
    return done.stderr


@pytest.fixture(name="configuration")
def configuration_fixture(tmp_path):
    def write(text="", **settings):
        path = tmp_path / "my.conf"
        path.write_text(configuration_text(settings) + text)
        return str(path)
    return write


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_on_stdout_and_ends_with_0(command):
    done = run(*command.split(), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "tradepulse" in done.stdout and "xamples:" in done.stdout or command in (
        "journal", "offsets", "feed")


def test_the_exit_codes_are_in_the_help():
    assert re.findall(r"^ +(\d+) ", run("--help").stdout, re.MULTILINE) == [
        "0", "64", "69", "70", "78"]


def test_version():
    done = run("version")
    assert done.returncode == 0 and done.stdout.startswith("tradepulse ")
    for library in ("librdkafka", "libpqxx", "Boost", "RapidJSON", "CAF"):
        assert library.lower() in done.stdout.lower()


@pytest.mark.parametrize("words", [
    [], ["dance"], ["serve"], ["serve", "--dance"], ["serve", "--config"], ["offsets"],
    ["check-config", "--config", "/etc/hostname", "--set", "no-equals-sign"],
    ["offsets", "set", "--config", "x", "topic", "0", "soon"],
    ["offsets", "set", "--config", "x", "topic", "-1", "0"],
    ["replay", "file"], ["replay", "/no/such/file", "--topic", "t", "--speed", "fast"],
    ["feed", "synthetic", "--rate", "-5"], ["embedded-log", "--topic", "a:0"]])
def test_a_wrong_command_line_is_64(words):
    assert "--help" in fails(64, *words)


def test_a_missing_file_of_a_replay_is_named():
    assert "/no/such/file" in fails(64, "replay", "/no/such/file", "--topic", "t")


@pytest.mark.parametrize("text,words", [
    ("kafka.grup_id = x", ["kafka.grup_id", "kafka.group_id", "my.conf:1"]),
    ("\n\nlog { levle = info }", ["log.levle", "log.level", "my.conf:3"]),
    ("postgres.port = 70000", ["postgres.port", "70000", "65535", "my.conf:1"]),
    ("shutdown.deadline = 1ms", ["shutdown.deadline", "1ms", "1s", "10m"]),
    ("kafka.start = middle", ["kafka.start", "middle", "earliest", "latest"]),
    ("a = {", ["my.conf:1"]),
    ('include required(file("none.conf"))', ["none.conf", "my.conf:1"]),
    ("postgres.host = ${no.such}", ["no.such", "my.conf:1"]),
    ('topics = [{ name = "a", decoder = "b" }]', ["decoder", "price-ticks"])])
def test_a_wrong_configuration_is_78_and_says_where_and_what(configuration, text, words):
    path = configuration(text)
    for command in ("check-config", "serve", "migrate"):
        said = fails(78, command, "--config", path)
        assert all(word in said for word in words), said


def test_a_configuration_that_is_not_there_is_78():
    assert "/no/such.conf" in fails(78, "serve", "--config", "/no/such.conf")


def test_check_config_prints_values_with_their_origin_and_no_secret(configuration):
    secret = {"POSTGRES_PASSWORD": "pa55-word"}
    done = run("check-config", "--config", PROFILE, "--print", environment=secret)
    assert done.returncode == 0 and "pa55-word" not in done.stdout + done.stderr
    assert re.search(r"postgres\.password.*POSTGRES_PASSWORD", done.stdout)
    assert re.search(r"snapshot-service\.conf:\d+", done.stdout)

    path = configuration('kafka.properties { sasl.password = "hush-hush" }\n'
                         'admin.token = "open-sesame"\n'
                         'postgres.url = "postgresql://u:pa55-word@h/d"\n')
    done = run("check-config", "--config", path, "--set", "log.level=debug", "--print")
    assert done.returncode == 0, done.stderr
    for hidden in ("pa55-word", "open-sesame", "hush-hush"):
        assert hidden not in done.stdout + done.stderr
    assert re.search(r"log\.level = \"?debug\"?.*--set", done.stdout)
    assert re.search(r"my\.conf:2", done.stdout)
    assert "default" in done.stdout
    assert run("check-config", "--config", path).returncode == 0


def test_a_taken_port_names_the_option(configuration, database, kafka):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        for key in ("client.port", "ops.port"):
            path = configuration(**{
                "client.host": "127.0.0.1", "client.port": 0, "ops.port": 0, "kafka.brokers": kafka,
                "postgres.url": database.url, "postgres.migrate": True, key: number})
            said = run("serve", "--config", path)
            assert said.returncode in (69, 78), said.stderr
            assert key in said.stderr and str(number) in said.stderr


def test_a_database_that_stays_away_is_69_after_startup_timeout(configuration, kafka):
    port = Port()
    settings = {"client.host": "127.0.0.1", "client.port": 0, "ops.port": 0, "kafka.brokers": kafka,
                "startup.timeout": "1500ms",
                "postgres.url": f"postgresql://u:pa55-word@127.0.0.1:{port.number}/d"}
    done = run("serve", "--config", configuration(**settings))
    assert done.returncode == 69 and "startup.timeout" in done.stderr
    assert "pa55-word" not in done.stderr
    said = fails(69, "migrate", "--config", configuration(**settings))
    assert "pa55-word" not in said
    port.close()


def test_a_log_that_is_not_there_is_69(configuration, database):
    port = Port()
    brokers = f"127.0.0.1:{port.number}"
    path = configuration(**{"kafka.brokers": brokers, "postgres.url": database.url})
    assert run("migrate", "--config", path).returncode == 0
    done = run("offsets", "show", "--config", path)
    assert done.returncode == 69 and brokers in done.stderr
    port.close()


def test_migrate_twice_and_serve_without_it(configuration, database, kafka):
    settings = {"postgres.url": database.url, "kafka.brokers": kafka, "client.port": 0,
                "client.host": "127.0.0.1", "ops.port": 0}
    path = configuration(**settings)
    done = run("serve", "--config", path)
    assert done.returncode == 78 and "migrate" in done.stderr

    first = run("migrate", "--config", path)
    assert (first.returncode, first.stderr) == (0, "")
    names = sorted(name for name in os.listdir(os.path.join(REPOSITORY, "migrations"))
                   if name.endswith(".sql"))
    assert first.stdout.splitlines() == ["applied " + name for name in names]
    schema = "SELECT table_name, column_name FROM information_schema.columns ORDER BY 1, 2"
    before = database.query(schema)
    second = run("migrate", "--config", path)
    assert (second.returncode, second.stdout) == (0, "nothing to apply\n")
    assert database.query(schema) == before


def test_a_changed_migration_is_an_error(configuration, database, kafka):
    path = configuration(**{"postgres.url": database.url, "kafka.brokers": kafka})
    assert run("migrate", "--config", path).returncode == 0
    (table,) = {row[0] for row in database.query(
        "SELECT table_name::text FROM information_schema.columns WHERE column_name = 'checksum'")}
    database.query(f'UPDATE "{table}" SET checksum = md5(checksum::text)')
    assert "001_price_snapshots" in fails(78, "migrate", "--config", path)
