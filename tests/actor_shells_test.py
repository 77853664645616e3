"""An actor's file holds no decision: it names the machine, and which of its functions hears which
message. So what the simulation drives (tests/simulation) is all that decides in the process, too.

Each rule is a function from a file's name and text to lines of what is wrong; each is also run on
text that breaks it, so that a rule that cannot fail is found out.

Run: python3 tests/actor_shells_test.py, or by pytest.
"""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# The machines of the simulation and their actors. The supervisor decides itself; the simulation has
# no actor that fails, but for streams, and plays what it does with assignments.
SHELLS = (
    "actors/distribution/connection_actor.cpp",
    "actors/distribution/fan_out_actor.cpp",
    "actors/ingest/partition_actor.cpp",
    "actors/market/symbol_actor.cpp",
    "actors/persistence/writer_actor.cpp",
)
# Beside the shells. They send or end actors, and decide nothing by CAF.
KNOW_CAF = (
    "actors/ingest/ingest_supervisor.cpp",
    "actors/ingest/ingest_supervisor.hpp",
    "actors/ingest/slot_messages.cpp",
    "actors/market/symbol_directory.cpp",
    "actors/market/symbol_directory_actors.cpp",
    "actors/market/symbol_directory_recall.cpp",
)
# What they tell is shown, or counted; or another one can be given.
LOOK_AT_THE_CLOCK = (
    "actors/ingest/credit_ledger.cpp",        # how long nothing was read, for /ready
    "actors/ingest/delivery_window.hpp",      # unless another one is given
    "actors/ingest/ingest_supervisor.cpp",    # restarts
    "actors/latency.hpp",                     # histograms
    "actors/persistence/database_faults.cpp", # lines of the log
)
FOLDERS = ("distribution", "ingest", "market", "persistence")

DECISIONS = re.compile(r"\b(if|else|for|while|do|switch|case|try|catch|goto)\b|[?]|&&|[|][|]")
INCLUDE_OF_CAF = re.compile(r"^\s*#\s*include\s*<caf/", re.MULTILINE)
CLOCK = re.compile(r"clock::now\(\)|random_device")
COMMENT = re.compile(r"//.*")


def code(text):
    return COMMENT.sub("", text)


def decides(name, text):
    """Neither branches nor loops in a shell."""
    for number, line in enumerate(code(text).splitlines(), 1):
        found = DECISIONS.search(line)
        if name in SHELLS and found and not line.lstrip().startswith("#"):
            yield f"{name}:{number}: {found[0]}: decisions belong into the machine"


def hears_every_message_by_one_call(name, text):
    """A handler of a shell is one statement, or two where one of them says that it ends."""
    if name not in SHELLS:
        return
    for handler in re.finditer(r"\]\(const [^)]*\) \{(.*?)\n?\s*\}(?=,\n)", code(text), re.DOTALL):
        statements = [each.strip() for each in re.sub(r"\{.*\}", "{}", handler[1], flags=re.DOTALL)
                      .split(";") if each.strip()]
        if len(statements) > 1 + ("end()" in statements):
            yield f"{name}: a handler of {len(statements)} statements: {statements}"


def knows_caf(name, text):
    """Machines know no actor library; tell.hpp sends for them."""
    allowed = name in KNOW_CAF or name.removesuffix(".hpp").removesuffix(".cpp").endswith("_actor")
    if not allowed and INCLUDE_OF_CAF.search(text):
        yield f"{name}: includes CAF"


def looks_at_the_clock(name, text):
    """Time and chance come by the clock that is a port."""
    if name in LOOK_AT_THE_CLOCK:
        return
    for number, line in enumerate(code(text).splitlines(), 1):
        if CLOCK.search(line):
            yield f"{name}:{number}: time and chance come from protocol/ports/clock.hpp"


RULES = (decides, hears_every_message_by_one_call, knows_caf, looks_at_the_clock)


def sources():
    for folder in FOLDERS:
        for path in sorted((ROOT / "actors" / folder).iterdir()):
            if path.suffix in (".hpp", ".cpp"):
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


class TheTree(unittest.TestCase):
    def test_keeps_every_rule(self):
        for name, text in sources():
            for rule in RULES:
                with self.subTest(rule=rule.__name__, file=name):
                    self.assertEqual(list(rule(name, text)), [])

    def test_names_files_that_exist(self):
        for name in SHELLS + KNOW_CAF + LOOK_AT_THE_CLOCK:
            self.assertTrue((ROOT / name).is_file(), name)

    def test_has_shells_with_handlers(self):
        for name in SHELLS:
            self.assertIn("handlers_of(", (ROOT / name).read_text(encoding="utf-8"), name)

    def test_each_exception_is_needed(self):
        for name in KNOW_CAF:
            self.assertTrue(INCLUDE_OF_CAF.search((ROOT / name).read_text(encoding="utf-8")), name)
        for name in LOOK_AT_THE_CLOCK:
            self.assertTrue(CLOCK.search((ROOT / name).read_text(encoding="utf-8")), name)


SHELL = SHELLS[0]
GOOD = "      [&mine](const ping& what) { mine.hear(what); },\n"
BAD = (
    (decides, SHELL, "  if (mine.ready())\n"),
    (decides, SHELL, "  const auto x = a ? b : c;\n"),
    (decides, SHELL, "  a && b();\n"),
    (decides, SHELL, "  for (auto& each : all)\n"),
    (hears_every_message_by_one_call, SHELL,
     "      [&mine](const ping& what) {\n        mine.hear(what);\n        mine.count();\n      },\n"),
    (knows_caf, "actors/ingest/partition_claim.cpp", "#include <caf/send.hpp>\n"),
    (looks_at_the_clock, "actors/ingest/partition.cpp", "auto x = std::chrono::steady_clock::now();"),
    (looks_at_the_clock, "actors/persistence/writer.cpp", "std::random_device{}()"),
)


class TheRules(unittest.TestCase):
    def test_find_nothing_in_a_good_shell(self):
        for rule in RULES:
            self.assertEqual(list(rule(SHELL, GOOD)), [], rule.__name__)

    def test_allow_a_shell_to_end(self):
        text = "      [&mine, end](const gone& what) {\n        mine.gone();\n        end();\n      },\n"
        self.assertEqual(list(hears_every_message_by_one_call(SHELL, text)), [])

    def test_find_what_breaks_them(self):
        for rule, name, text in BAD:
            with self.subTest(rule=rule.__name__, text=text):
                self.assertTrue(list(rule(name, text)))

    def test_are_all_tried(self):
        self.assertEqual({rule for rule, _, _ in BAD}, set(RULES))


if __name__ == "__main__":
    unittest.main(verbosity=2)
