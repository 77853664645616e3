"""The table of a fault campaign: one line for each fault, kept in a file while it runs."""

import json
import os
import statistics

# A file of JSON lines that the tests append to; scripts/test faults prints it as a table.
RESULTS_VARIABLE = "TRADEPULSE_FAULT_RESULTS"
COLUMNS = ("fault", "rounds", "violations", "recovered: median", "max", "p99 ms: before", "during",
           "CPU %: before", "during")


def append(line):
    path = os.environ.get(RESULTS_VARIABLE)
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]
    except FileNotFoundError:
        return []


def table(lines):
    """Lines of text: the columns, then a row for each fault in the order of their runs."""
    rows = [COLUMNS]
    for each in lines:
        recovered, latency = each["recovered_s"], each["p99_ms"]
        # Of the server, in percent of a core; only where a fault is about its cost.
        cpu = [statistics.median(of) if of else None for of in each.get("cpu_percent", ([], []))]
        rows.append((each["fault"], str(each["rounds"]), str(each["violations"]),
                     f"{statistics.median(recovered):.2f} s" if recovered else "-",
                     f"{max(recovered):.2f} s" if recovered else "-",
                     *(f"{value:.1f}" if value is not None else "-" for value in (*latency, *cpu))))
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    return ["  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                      for column, (cell, width) in enumerate(zip(row, widths))) for row in rows]
