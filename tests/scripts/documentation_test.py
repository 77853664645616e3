"""Lists in the documentation that mirror code are the same as the code."""

import os
import re

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


def test_every_file_that_the_documents_name_exists():
    for document in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"):
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", text_of(document)):
            assert os.path.exists(os.path.join(ROOT, link)), f"{document} names {link}"
