"""I1 and I6 to I10: the database, the dead letters, recovery, resources, latency, the end.

Each returns a list of violations and reads no log, except for what I10 says of the log itself.
The clients' histories (I2 to I5) are judged by client_checker.py.
"""

import re
import statistics
from collections import Counter

import opened
from history import Violation
from stream_keys import is_price


def check_rows(truth, rows, ends, epochs=(1,)):
    """I1. `rows`: {symbol: (price, volume, timestamp, last_sequence, price_sequence)}, `ends`:
    {(topic, partition): next_offset}, `epochs`: those that were found in the rows."""
    found = []
    expected_rows = truth.rows()
    names = ("price", "volume", "timestamp", "last_sequence", "price_sequence")
    for symbol in sorted(expected_rows.keys() | rows.keys()):
        expected, row = expected_rows.get(symbol), rows.get(symbol)
        if expected is None or row is None:
            found.append(Violation("I1", symbol, "a row that is missing or must not be",
                                   expected, row))
            continue
        for name, due, is_there in zip(names, expected, row):
            if due != is_there:
                found.append(Violation("I1", symbol, name, due, is_there))
    for place, end in sorted(truth.ends.items()):
        if ends.get(place) != end:
            found.append(Violation("I1", f"{place}", "next_offset", end, ends.get(place)))
    if any(epoch != 1 for epoch in epochs):
        found.append(Violation("I1", "price_snapshots", "an epoch that nothing called for",
                               [1], sorted(epochs)))
    return found


def check_positions(truth, positions):
    """I1 of streams that have no snapshot: `positions` are {key of a stream: (last_sequence,
    newest_time, newest_source)}."""
    expected = truth.positions()
    return [Violation("I1", key, "(last_sequence, newest_time, newest_source)", expected.get(key),
                      positions.get(key))
            for key in sorted(expected.keys() | positions.keys())
            if expected.get(key) != positions.get(key)]


def check_dead_letters(truth, letters, allowed=frozenset()):
    """I6. `letters` are (topic, partition, offset) as their headers say; one place may come again.
    `allowed`: good records that may be there too (symbol_stopped)."""
    places = set(letters)
    return ([Violation("I6", f"{place}", "a bad record without a dead letter")
             for place in sorted(truth.bad_places - places)] +
            [Violation("I6", f"{place}", "a dead letter of a good record")
             for place in sorted(places - truth.bad_places - set(allowed))])


def check_recovered(truth, ready_status, ready, listed):
    """I7 when all is over: `ready` is the answer of GET /ready, `listed` of GET /api/snapshots."""
    found = []
    if ready_status != 200 or ready.get("status") != "ready":
        found.append(Violation("I7", "/ready", "after the recovery", (200, "ready"),
                               (ready_status, ready)))
    shown = {each["symbol"]: each for each in listed["data"]}
    for symbol, stream in sorted(truth.streams.items()):
        if not is_price(symbol):
            continue
        event, row = stream.shown[-1], shown.pop(symbol, None)
        expected = (len(stream.events), event.price, event.volume, event.timestamp)
        told = row and (row["seq"], row["price"], row["volume"], row["timestamp"])
        if told != expected:
            found.append(Violation("I7", symbol, "REST (seq, price, volume, timestamp)",
                                   expected, told))
    found += [Violation("I7", symbol, "REST knows a symbol that the log does not")
              for symbol in sorted(shown)]
    return found


def check_degraded(answers, names):
    """I7 during a fault. `answers`: of GET /ready, (status, JSON), from the fault on. They must
    say degraded, by reasons that have all of `names`; while ticks flow none may be 503."""
    found = []
    told = " ".join(f"{part} {why}" for _, answer in answers if answer.get("status") == "degraded"
                    for part, why in answer["reasons"].items())
    found += [Violation("I7", "/ready", f"never degraded for {name}", "degraded",
                        answers[-1] if answers else None) for name in names if name not in told]
    found += [Violation("I7", "/ready", "not ready while ticks flow", 200, (status, answer))
              for status, answer in answers if status != 200][:1]
    return found


def resources_of(pid):
    """{memory_bytes, open_files, threads, files, thread_names} of a process as the kernel has
    them; the last two are Counters of what they are, for people."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        fields = dict(line.split(":", 1) for line in status)
    files, names = opened.files(pid), opened.threads(pid)
    return {"memory_bytes": int(fields["VmRSS"].split()[0]) * 1024,
            "open_files": files.total(), "threads": names.total(),
            "files": files, "thread_names": names}


def check_resources(before, after, memory_bytes=32 << 20):
    """I8. Files and threads come back to what they were; memory within the allowance."""
    found = []
    for name, detail in (("open_files", "files"), ("threads", "thread_names")):
        if after[name] > before[name]:
            more = after.get(detail, Counter()) - before.get(detail, Counter())
            found.append(Violation("I8", name, "above the baseline", before[name],
                                   f"{after[name]}: {dict(more)}"))
    if after["memory_bytes"] > before["memory_bytes"] + memory_bytes:
        found.append(Violation("I8", "memory_bytes", f"more than {memory_bytes} above the baseline",
                               before["memory_bytes"], after["memory_bytes"]))
    return found


def check_growth(samples, warm_up=0.25):
    """I8 over a long time. `samples`: (seconds, bytes) of one process while all was quiet. After
    the warm-up, that share of the time, memory grows by at most 5 MB where they are of less than an
    hour, else by 1 MB an hour; told by the medians of the first and the last third of the rest."""
    began, ended = samples[0][0], samples[-1][0]
    rest = [each for each in samples if each[0] >= began + warm_up * (ended - began)]
    third = max(1, len(rest) // 3)
    first, last = rest[:third], rest[-third:]
    before, after = (statistics.median(size for _, size in part) for part in (first, last))
    hours = (rest[-1][0] - rest[0][0]) / 3600
    allowed = (5 if hours < 1 else hours) * 2**20
    return [] if after <= before + allowed else [
        Violation("I8", "memory_bytes", f"grew within {hours:.2f} h", f"<= {allowed:.0f}",
                  after - before)]


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def check_latency(before, during, factor=2.0, floor_s=0.005):
    """I9. Seconds from the producer's stamp to receipt, of those whom the fault does not touch.
    Below `floor_s` the clock's own steps (1 ms) and the scheduler decide."""
    if not before or not during:
        return [Violation("I9", "p99", "nothing was measured", None, (len(before), len(during)))]
    limit = factor * max(percentile(before, 0.99), floor_s)
    reached = percentile(during, 0.99)
    if reached > limit:
        return [Violation("I9", "p99", "seconds", f"<= {limit:.4f}", f"{reached:.4f}")]
    return []


def check_not_slowed(histories):
    """I9 without a clock: who reads as fast as it comes gets each event by itself, however slow
    others are."""
    merged = {history.name: sum('"first_seq":' in frame.text for frame in history.frames)
              for history in histories}
    return [Violation("I9", name, "merged updates for a client that reads", 0, count)
            for name, count in merged.items() if count]


def check_exit(status, expected=0):
    """I10: how the process ended."""
    return [] if status == expected else [Violation("I10", "exit status", "", expected, status)]


LOG_EVENT = re.compile(r"\bevent=(\w+)")
LOG_LEVEL = re.compile(r"\b(error|critical)\b")


def check_log(lines, windows, limit):
    """I10: of one event at most `limit` lines in each of so many windows of time, and no level
    error for what heals by itself."""
    counts, found = {}, []
    for line in lines:
        event = LOG_EVENT.search(line)
        name = event[1] if event else line[:60]
        counts[name] = counts.get(name, 0) + 1
        head = line.split("event=", 1)[0]
        if LOG_LEVEL.search(head):
            found.append(Violation("I10", "log", "an error where no person must act", None, line))
    found += [Violation("I10", "log", f"lines of {name}", f"<= {limit * windows}", count)
              for name, count in counts.items() if count > limit * windows]
    return found
