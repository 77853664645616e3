"""The least that a hand-written statement takes for what a commit does: a script of pgbench.

One connection, prepared, one round trip a commit: the compare-and-swap of the offset and the
upsert of the rows in one statement, without a choice a column of what is newer.
"""

import os
import subprocess
import tempfile

from measure import Wrong, cpu_seconds
from postgres_server import program_folder
from supervised import wait_until

# The text of libpq's keywords: what the engine's sessions set too.
SESSION = "-c plan_cache_mode=force_generic_plan -c jit=off -c synchronous_commit=on"

# {rows} is the part that is tried in several ways. pgbench makes each :name a parameter.
SCRIPT = """\
\\set i :i + 1
\\if :i = :gate
SELECT pg_advisory_lock({before});
INSERT INTO benchmark_marks SELECT clock_timestamp();
\\elif :i = :finish
INSERT INTO benchmark_marks SELECT clock_timestamp();
SELECT pg_advisory_lock({after});
\\else
\\set n :n + 1
\\set from :to
\\set to :to + {changed}
\\if :n % 2 = 0
{even}
\\else
{odd}
\\endif
\\endif
"""

COMMIT = """\
WITH moved AS (UPDATE ingest_offsets SET next_offset = :to, updated_at = now()
  WHERE topic = :topic AND partition = 0 AND generation = 1 AND next_offset = :from RETURNING 1),
{rows}
SELECT (SELECT count(*) FROM moved), (SELECT count(*) FROM rows);"""

# Each column by UNNEST, as the engine sends them.
EVERY_COLUMN = """\
rows AS (INSERT INTO price_snapshots AS t (symbol, price, volume, timestamp, epoch, last_sequence,
    price_sequence, source_sequence, home_topic, home_partition, home_moved_at, state)
  SELECT symbol, price, volume, timestamp + :n, epoch, last_sequence + :n, price_sequence + :n,
    source_sequence, home_topic, home_partition, home_moved_at, state
  FROM unnest(:symbols::text[], :prices::numeric[], :volumes::numeric[], :times::bigint[],
    :ones::bigint[], :zeros::bigint[], :zeros::bigint[], :nulls::bigint[], :topics::text[],
    :zeros::int[], :nulls::bigint[], :zeros::smallint[])
    AS r(symbol, price, volume, timestamp, epoch, last_sequence, price_sequence, source_sequence,
      home_topic, home_partition, home_moved_at, state)
  WHERE EXISTS (SELECT FROM moved)
  ON CONFLICT (symbol) DO UPDATE SET price = EXCLUDED.price, volume = EXCLUDED.volume,
    timestamp = EXCLUDED.timestamp, epoch = EXCLUDED.epoch,
    last_sequence = EXCLUDED.last_sequence, price_sequence = EXCLUDED.price_sequence,
    source_sequence = EXCLUDED.source_sequence, home_topic = EXCLUDED.home_topic,
    home_partition = EXCLUDED.home_partition, home_moved_at = EXCLUDED.home_moved_at,
    state = EXCLUDED.state, updated_at = now()
  WHERE (EXCLUDED.epoch, EXCLUDED.last_sequence) > (t.epoch, t.last_sequence) RETURNING 1)"""

# UNNEST of what differs from row to row; what is the same in all of them is a constant.
OWN_COLUMNS = """\
rows AS (INSERT INTO price_snapshots AS t (symbol, price, volume, timestamp, epoch, last_sequence,
    price_sequence, home_topic, home_partition)
  SELECT symbol, price, volume, timestamp + :n, 1, last_sequence + :n, price_sequence + :n,
    :topic, 0
  FROM unnest(:symbols::text[], :prices::numeric[], :volumes::numeric[], :times::bigint[],
    :zeros::bigint[], :zeros::bigint[])
    AS r(symbol, price, volume, timestamp, last_sequence, price_sequence)
  WHERE EXISTS (SELECT FROM moved)
  ON CONFLICT (symbol) DO UPDATE SET price = EXCLUDED.price, volume = EXCLUDED.volume,
    timestamp = EXCLUDED.timestamp, epoch = EXCLUDED.epoch,
    last_sequence = EXCLUDED.last_sequence, price_sequence = EXCLUDED.price_sequence,
    source_sequence = EXCLUDED.source_sequence, home_topic = EXCLUDED.home_topic,
    home_partition = EXCLUDED.home_partition, home_moved_at = EXCLUDED.home_moved_at,
    state = EXCLUDED.state, updated_at = now()
  WHERE (EXCLUDED.epoch, EXCLUDED.last_sequence) > (t.epoch, t.last_sequence) RETURNING 1)"""

WARM_UP = 10  # commits before the clock starts: the statements are planned
BEFORE, AFTER = 71, 72  # advisory locks at which pgbench stands still
APPLICATION = "benchmark-floor"


def _array(values):
    return "{" + ",".join(str(value) for value in values) + "}"


def _script(statement, changed):
    kinds = {}
    for name, prices, volumes in (("even", "prices0", "volumes0"), ("odd", "prices1", "volumes1")):
        kinds[name] = statement.replace(":prices", ":" + prices).replace(":volumes", ":" + volumes)
    return SCRIPT.format(before=BEFORE, after=AFTER, changed=changed, **kinds)


def _variables(load, commits):
    zeros = _array([0] * load.changed)
    return {
        "i": 0, "n": 0, "to": 0, "gate": WARM_UP + 1, "finish": WARM_UP + commits + 2,
        "topic": load.topic, "symbols": _array(load.symbols), "times": _array(load.times),
        "prices0": _array(load.prices(0)), "prices1": _array(load.prices(1)),
        "volumes0": _array(load.volumes(0)), "volumes1": _array(load.volumes(1)),
        "zeros": zeros, "ones": zeros.replace("0", "1"), "nulls": zeros.replace("0", "NULL"),
        "topics": _array([load.topic] * load.changed),
    }


def _waits_at(beside, gate):
    return beside.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                        " AND objid = %s AND database ="
                        " (SELECT oid FROM pg_database WHERE datname = current_database())",
                        gate) == 1


def _cpu_at(gate, process, beside, limit_s):
    """CPU of the client and of its backend, both at rest; then they go on."""
    wait_until(lambda: process.poll() is not None or _waits_at(beside, gate),
               f"pgbench at gate {gate}", limit_s, 0.01)
    if process.poll() is not None:
        raise Wrong(f"pgbench: {process.stderr.read()[-2000:]}")
    backend = beside.value("SELECT pid FROM pg_stat_activity WHERE application_name = %s"
                           " AND datname = current_database()", APPLICATION)
    found = cpu_seconds(process.pid), cpu_seconds(backend)
    beside.run("SELECT pg_advisory_unlock(%s)", gate)
    return found


def run(load, commits, database_url, beside, rows=OWN_COLUMNS, limit_s=120):
    """That many commits after the warm-up. Seconds: wall, CPU of the client, CPU of the backend."""
    beside.run("CREATE TABLE IF NOT EXISTS benchmark_marks (at timestamptz); "
               "TRUNCATE benchmark_marks")
    for gate in (BEFORE, AFTER):
        beside.run("SELECT pg_advisory_lock(%s)", gate)
    with tempfile.NamedTemporaryFile("w", suffix=".pgbench") as file:
        file.write(_script(COMMIT.format(rows=rows), load.changed))
        file.flush()
        command = [os.path.join(program_folder(), "pgbench"), "-n", "-M", "prepared", "-c", "1",
                   "-j", "1", "-t", str(WARM_UP + commits + 2), "-f", file.name]
        for name, value in _variables(load, commits).items():
            command += ["-D", f"{name}={value}"]
        process = subprocess.Popen(
            [*command, database_url], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PGOPTIONS": SESSION, "PGAPPNAME": APPLICATION})
        try:
            began = _cpu_at(BEFORE, process, beside, limit_s)
            ended = _cpu_at(AFTER, process, beside, limit_s)
            if process.wait(10) != 0:
                raise Wrong(f"pgbench: {process.stderr.read()[-2000:]}")
        finally:
            process.kill()
            process.communicate()
    wall = beside.value("SELECT extract(epoch FROM max(at) - min(at)) FROM benchmark_marks")
    return {"wall": float(wall), "client": ended[0] - began[0], "backend": ended[1] - began[1]}
