"""I8: what the engines of a line have open when they have all that they ever open."""

import time

from checkers import check_resources, resources_of
from side_by_side import side_by_side
from supervised import wait_until

# Of one engine: two writers and the statistics, and two that read the journal once they are asked.
WRITING_SESSIONS, READING_SESSIONS = 3, 2
# Whether each session has said something. It says nothing before its client has all of it.
SESSIONS = ("SELECT query <> '' FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'")


def settled_resources(line):
    """Of the line's process: the sessions of its start have gone, those of its writers, its readers
    and its statistics are there, and the clients are."""
    wandered = line.clients.settle()
    journal = line.process.settings.get("journal.streams") != []
    expected = WRITING_SESSIONS + (READING_SESSIONS if journal else 0)

    def holds():
        if len(line.clients.open_ones()) < line.clients.count:
            return False
        if not all(each.rest.get("/api/stats").json()["database"]["reachable"]
                   for each in line.processes()):
            return False
        spoke = [row[0] for row in line.database.query(SESSIONS)]
        if len(spoke) == expected * len(line.processes()) and all(spoke):
            return True
        if journal:
            _ask_the_journal(line)
        return False
    wait_until(holds, "the sessions of the engine", 30)
    resources = resources_of(line.process.pid)
    if wandered:
        line.clients.wander()
    return resources


def _ask_the_journal(line):
    """Of several streams at once, so that each reader has its connection."""
    side_by_side([(each, symbol) for each in line.processes() for symbol in line.load.symbols],
                 READING_SESSIONS + 2, lambda pair: pair[0].rest.get(
                     f"/api/v1/events/missed?symbol={pair[1]}&fromSeq=0&limit=1000"))


def not_given_back(pid, before, timeout, **allowance):
    """Violations. A connection that has come back may still be on its way, what an answer took may
    be about to go."""
    deadline = time.monotonic() + timeout
    while found := check_resources(before, resources_of(pid), **allowance):
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    return found
