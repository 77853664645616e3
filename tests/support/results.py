"""What test programs report, brought to one form: counts, failures, skips."""

import dataclasses
import json
import re
import xml.etree.ElementTree

# GoogleTest prints a line for each test as it begins and ends; a crash leaves the last one open.
GTEST_LINE = re.compile(r"^\[( RUN      |       OK |  FAILED  |  SKIPPED )\] ([^\s,]+)")


@dataclasses.dataclass
class Results:
    passed: int = 0
    failed: list = dataclasses.field(default_factory=list)   # (name, text)
    skipped: list = dataclasses.field(default_factory=list)  # (name, reason)

    @property
    def total(self):
        return self.passed + len(self.failed) + len(self.skipped)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


def told(failed, lines=30):
    """Lines for people: each of `failed`, (name, text), with the end of what it says."""
    return [line for name, text in failed
            for line in (f"  {name}",
                         *(f"      {part}" for part in text.strip().splitlines()[-lines:]))]


def ending(status):
    """How a program ended, for people: `status 3`, `signal 11 (Segmentation fault)`."""
    import signal
    if status is None:
        return "stopped: it ran into its time limit"
    if status < 0:
        return f"signal {-status} ({signal.strsignal(-status)})"
    return f"status {status}"


def from_status(name, status, log):
    """A program that is one test."""
    if status == 0:
        return Results(passed=1)
    return Results(failed=[(name, f"{log.rstrip()}\nended with {ending(status)}")])


def from_gtest(program, status, report, log):
    """The report is GoogleTest's JSON. Without it (a crash), what the log shows is counted, and
    the program itself as one more failure."""
    try:
        with open(report, encoding="utf-8") as file:
            document = json.load(file)
    except (OSError, ValueError):
        return _from_gtest_log(program, status, log)
    results = Results()
    reasons = _gtest_skip_reasons(log)
    for suite in document["testsuites"]:
        for test in suite["testsuite"]:
            name = f"{program}: {suite['name']}.{test['name']}"
            if test.get("failures"):
                text = "\n".join(failure["failure"] for failure in test["failures"])
                results.failed.append((name, text))
            elif test.get("result") == "SKIPPED":
                reason = reasons.get(f"{suite['name']}.{test['name']}", "no reason given")
                results.skipped.append((name, reason))
            elif test["status"] == "RUN":
                results.passed += 1
    if status != 0 and not results.failed:
        # For example a leak that AddressSanitizer reports after the last test.
        results.failed.append((program, f"ended with {ending(status)} after its tests"))
    return results


def _from_gtest_log(program, status, log):
    results = Results()
    running = None
    for line in log.splitlines():
        match = GTEST_LINE.match(line)
        if not match:
            continue
        word, name = match.group(1).strip(), match.group(2)
        if word == "RUN":
            running = name
        elif running == name:  # The list of failures at the end names tests again.
            running = None
            if word == "OK":
                results.passed += 1
            elif word == "FAILED":
                results.failed.append((f"{program}: {name}", "see its log"))
            else:
                results.skipped.append((f"{program}: {name}", "see its log"))
    where = f" in {running}" if running else ""
    tail = "\n".join(log.splitlines()[-40:])
    results.failed.append((program, f"ended with {ending(status)}{where}\n{tail}"))
    return results


def _gtest_skip_reasons(log):
    """GoogleTest 1.12 puts the reason of a skip into its output alone."""
    reasons, lines = {}, []
    for line in log.splitlines():
        match = GTEST_LINE.match(line)
        if not match:
            lines.append(line)
        elif match.group(1).strip() == "RUN":
            lines = []
        elif match.group(1).strip() == "SKIPPED" and lines:
            text = [part for part in lines if not part.endswith(": Skipped")]
            reasons.setdefault(match.group(2), " ".join(text).strip() or "no reason given")
    return reasons


def from_pytest(step, status, report, log):
    try:
        root = xml.etree.ElementTree.parse(report).getroot()
    except (OSError, xml.etree.ElementTree.ParseError):
        tail = "\n".join(log.splitlines()[-40:])
        return Results(failed=[(step, f"ended with {ending(status)}\n{tail}")])
    results = Results()
    for case in root.iter("testcase"):
        name = f"{case.get('classname', '')}.{case.get('name')}".lstrip(".")
        problems = case.findall("failure") + case.findall("error")
        skip = case.find("skipped")
        if problems:
            text = "\n".join((item.text or item.get("message") or "") for item in problems)
            results.failed.append((name, text))
        elif skip is not None:
            results.skipped.append((name, skip.get("message") or "no reason given"))
        else:
            results.passed += 1
    # 5: nothing was collected, which the sum judges.
    if status not in (0, 5) and not results.failed:
        results.failed.append((step, f"ended with {ending(status)} after its tests"))
    return results
