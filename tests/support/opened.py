"""What a process has open, by what it is: how many connections to which port, which files."""

import os
from collections import Counter

LISTENING = "0A"  # in /proc/net/tcp


def files(pid):
    """{"connected to 5432": 3, "/var/log/x": 1, ...}"""
    links = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            links.append(os.readlink(f"/proc/{pid}/fd/{name}"))
        except FileNotFoundError:  # closed since
            continue
    sockets = _sockets(pid)
    return Counter(sockets.get(link, link.partition(":")[0]) for link in links)


def threads(pid):
    """{name: count}"""
    names = []
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/comm", encoding="utf-8", errors="replace") as comm:
                names.append(comm.read().strip())
        except (FileNotFoundError, ProcessLookupError):  # ended since
            continue
    return Counter(names)


def _sockets(pid):
    """{"socket:[inode]": "accepted at 8080" or the like}"""
    rows = []
    for name in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{name}", encoding="ascii") as table:
            rows += [line.split() for line in list(table)[1:]]
    listeners = {row[1].rpartition(":")[2] for row in rows if row[3] == LISTENING}
    found = {}
    for row in rows:
        local, remote = (place.rpartition(":")[2] for place in row[1:3])
        found[f"socket:[{row[9]}]"] = (
            f"listening at {int(local, 16)}" if row[3] == LISTENING
            else f"accepted at {int(local, 16)}" if local in listeners
            else f"connected to {int(remote, 16)}")
    return found
