"""Lists in the documentation that mirror code are the same as the code."""

import glob
import os
import re

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def text_of(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def section(name):
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text_of("README.md"), re.DOTALL)
    assert found, f"README.md has no section {name}"
    rows = [line.strip("| ").split(" | ") for line in found[1].splitlines()[2:]]
    assert rows, f"the section {name} of README.md is empty"
    return rows


def numbers_of(enum):
    header = text_of("protocol", "error_codes.hpp")
    body = header[header.index(f"enum class {enum} "):]
    return dict(re.findall(r"^\s+(\w+) = (\d+),", body[:body.index("};")], re.MULTILINE))


def test_the_error_codes_of_the_readme_are_those_of_the_registry():
    source = text_of("protocol", "error_codes.cpp")
    numbers = numbers_of("errc")
    expected = [[numbers[code], f"`{name}`", status, "yes" if retryable == "true" else "no"]
                for code, name, retryable, status in
                re.findall(r'errc_entry\{errc::(\w+),\s*"(\w+)",\s*(\w+),\s*(\d+),', source)]
    assert len(expected) == len(numbers)
    assert [row[:4] for row in section("error-codes")] == expected


def test_the_close_codes_of_the_readme_are_those_of_the_registry():
    assert {row[0] for row in section("close-codes")} == set(numbers_of("close_code").values())


DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "tests/benchmarks/README.md",
             "tests/faults/README.md", "config/README.md",
             *sorted(os.path.relpath(path, ROOT) for path in glob.glob(f"{ROOT}/docs/*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_names_exists(document):
    folder = os.path.join(ROOT, os.path.dirname(document))
    for link in re.findall(r"\]\((?!http)([^)#]+)(?:#[^)]*)?\)", text_of(document)):
        assert os.path.exists(os.path.join(folder, link)), f"{document} names {link}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_test_that_a_document_names_exists(document):
    for path, name in re.findall(r"`(tests/[\w/]+_test\.py)::(\w+)`", text_of(document)):
        assert f"def {name}(" in text_of(path), f"{document} names {path}::{name}"


def test_the_guarantees_name_tests():
    assert len(re.findall(r"_test\.py::test_", text_of("docs/guarantees.md"))) > 50


def spelled(value):
    """1,000 and 64 KiB as reference.conf writes them."""
    return value.replace(",", "").replace(" ", "").replace("min", "m")


def test_the_keys_and_defaults_of_the_guarantees_are_those_of_the_reference():
    defaults = dict(re.findall(r"^#? ?([a-z_.]+) = (.*)$", text_of("config/reference.conf"),
                               re.MULTILINE))
    sections = {key.split(".")[0] for key in defaults}
    text = text_of("docs/guarantees.md")
    keys = {key for key in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)[` ]", text)
            if key.split(".")[0] in sections and not key.endswith(".md")}
    assert len(keys) > 15
    assert not keys - set(defaults)
    told = re.findall(r"`([a-z_.]+)`(?: \(|, )([\d,]+ ?(?:s|min|h|MB|KiB|MiB)?)(?=[);|, ])", text)
    told = [(key, spelled(value)) for key, value in told if key in defaults]
    assert len(told) > 12
    assert told == [(key, defaults[key]) for key, _ in told]


def test_nothing_of_timescaledb_is_called():
    called = re.compile(r"timescaledb|hypertable|time_bucket|drop_chunks|show_chunks|compress_chunk|"
                        r"add_(retention|compression|continuous_aggregate)_policy", re.IGNORECASE)
    assert called.search("SELECT create_hypertable('journal_prices', 'commit_time')")
    files = [path for kind in ("migrations/*.sql", "adapters/postgres/*.?pp")
             for path in glob.glob(os.path.join(ROOT, kind))]
    assert len(files) > 100
    assert [path for path in files if called.search(text_of(path))] == []
