"""Keeps the arrows of the tree by reading every #include line:

    protocol <- protocol/ports <- {actors, adapters} <- runtime

Each rule is a function from the tree to a list of lines "file:line: what is wrong"; each is also
run on a small tree that breaks it, so that a rule that cannot fail is found out.

Run: python3 tests/layers_test.py, or by pytest.
"""

import collections
import pathlib
import re
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAYERS = ("protocol", "actors", "adapters", "runtime")

# The one library of each adapter: how its headers begin. A new adapter is entered here.
LIBRARY_OF_ADAPTER = {
    "jemalloc": ("jemalloc/",),
    "json": ("rapidjson/",),
    "kafka": ("librdkafka/",),
    "postgres": ("pqxx/", "libpq-fe.h", "openssl/crypto.h"),  # The last is below libpq.
    "prometheus": ("prometheus/",),
    "spdlog": ("spdlog/",),
    "web": ("boost/asio/", "boost/beast/", "boost/system/"),
    "zlib": ("zlib.h",),
}
LIBRARIES_OF_RUNTIME = ("CLI/", "caf/")

# An include of Beast costs about 20 s of compile time on two cores.
MOST_FILES_WITH_BEAST = 4

STANDARD = frozenset("""
    algorithm any array atomic barrier bit bitset charconv chrono codecvt compare complex concepts
    condition_variable coroutine deque exception execution filesystem format forward_list fstream
    functional future initializer_list iomanip ios iosfwd iostream istream iterator latch limits
    list locale map memory memory_resource mutex new numbers numeric optional ostream queue random
    ranges ratio regex scoped_allocator semaphore set shared_mutex source_location span sstream
    stack stdexcept stop_token streambuf string string_view syncstream system_error thread tuple
    type_traits typeindex typeinfo unordered_map unordered_set utility valarray variant vector
    version
    cassert cctype cerrno cfenv cfloat cinttypes climits clocale cmath csetjmp csignal cstdarg
    cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype
    """.split())
# Of the operating system: for the edges of the process (adapters, runtime) alone.
SYSTEM = re.compile(r"(sys/|netinet/|arpa/|linux/)[a-z0-9_/]+\.h|"
                    r"(unistd|fcntl|poll|signal|pthread|netdb|dirent|pwd|grp|termios|spawn|sched|"
                    r"time|errno)\.h")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

Include = collections.namedtuple("Include", "file line quoted name")


class Tree:
    """The sources below the layers of one root, and their includes."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files = sorted(
            path.relative_to(self.root).as_posix()
            for layer in LAYERS
            for path in (self.root / layer).rglob("*")
            if path.suffix in (".hpp", ".cpp"))
        self.includes = {name: list(self._read(name)) for name in self.files}

    def _read(self, name):
        text = (self.root / name).read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            if match:
                yield Include(name, number, match[1] == '"', match[2])

    def all_includes(self):
        return [include for name in self.files for include in self.includes[name]]


def layer_of(name):
    """"protocol", "ports", "actors", "adapters/<folder>" or "runtime"."""
    parts = name.split("/")
    if parts[:2] == ["protocol", "ports"]:
        return "ports"
    if parts[0] == "adapters":
        return "/".join(parts[:2])
    return parts[0]


def layers_below(layer):
    if layer == "protocol":
        return {"protocol"}
    if layer == "ports":
        return {"protocol", "ports"}
    if layer == "runtime":
        return None  # all of them
    return {"protocol", "ports", layer}  # actors, or one adapter with its own folder


def said(include, what):
    return f"{include.file}:{include.line}: {include.name}: {what}"


def arrows(tree):
    """Own headers: from the layers below and the own one only."""
    for include in tree.all_includes():
        if not include.quoted:
            continue
        layer = layer_of(include.file)
        below = layers_below(layer)
        target = layer_of(include.name)
        if below is not None and target not in below:
            yield said(include, f"{layer} may include only {', '.join(sorted(below))}")


def own_headers_from_the_root(tree):
    """Own headers in quotes and by their whole path, so that the layer shows in every include."""
    for include in tree.all_includes():
        first = include.name.split("/")[0]
        if include.quoted and first not in LAYERS:
            yield said(include, "own headers are included from the root of the repository")
        elif not include.quoted and first in LAYERS:
            yield said(include, "own headers are included in quotes")


def libraries_in_their_place(tree):
    """protocol: the standard library; actors: CAF; an adapter: its one library; runtime: CLI11 and
    CAF. The operating system: adapters and runtime."""
    for include in tree.all_includes():
        if include.quoted or include.name in STANDARD:
            continue
        layer = layer_of(include.file)
        at_the_edge = layer == "runtime" or layer.startswith("adapters/")
        if at_the_edge and SYSTEM.fullmatch(include.name):
            continue
        if layer.startswith("adapters/"):
            allowed = LIBRARY_OF_ADAPTER.get(layer.split("/")[1], ())
        else:
            allowed = {"actors": ("caf/",), "runtime": LIBRARIES_OF_RUNTIME}.get(layer, ())
        if not include.name.startswith(allowed):
            yield said(include, f"no library of {layer}")


def adapters_in_the_table(tree):
    """Every folder of adapters has its library in the table, and no file stands outside."""
    for name in tree.files:
        parts = name.split("/")
        if parts[0] != "adapters":
            continue
        if len(parts) < 3:
            yield f"{name}: belongs into the folder of its library"
        elif parts[1] not in LIBRARY_OF_ADAPTER:
            yield f"{name}: adapters/{parts[1]} is not in the table of tests/layers_test.py"


def no_caf_all_in_headers(tree):
    """caf/all.hpp costs every includer seconds."""
    for include in tree.all_includes():
        if include.file.endswith(".hpp") and include.name == "caf/all.hpp":
            yield said(include, "not in a header")


def reaches(tree, wanted):
    """Files from which a header that begins with `wanted` is included, also by own headers."""
    direct = {name for name in tree.files
              if any(include.name.startswith(wanted) for include in tree.includes[name])}
    found = set(direct)
    while True:
        more = {name for name in tree.files if name not in found
                and any(include.quoted and include.name in found
                        for include in tree.includes[name])}
        if not more:
            return found
        found |= more


def beast_in_few_files(tree):
    """Beast: in no header outside adapters/web, in few .cpp files, counting headers of ours that
    bring it along."""
    found = reaches(tree, "boost/beast/")
    for name in sorted(found):
        if not name.startswith("adapters/web/"):
            yield f"{name}: brings Beast out of adapters/web"
    sources = sorted(name for name in found if name.endswith(".cpp"))
    if len(sources) > MOST_FILES_WITH_BEAST:
        yield (f"{len(sources)} .cpp files compile Beast, at most {MOST_FILES_WITH_BEAST}: "
               + ", ".join(sources))


def own_header_first(tree):
    """X.cpp includes X.hpp before everything else: so every header is compiled alone once."""
    for name in tree.files:
        header = name[:-len(".cpp")] + ".hpp"
        if not name.endswith(".cpp") or header not in tree.includes:
            continue
        includes = tree.includes[name]
        if not includes or includes[0].name != header:
            yield f"{name}: the first include must be {header}"


def headers_exist(tree):
    """An own header that is included is there."""
    for include in tree.all_includes():
        own = include.quoted and include.name.split("/")[0] in LAYERS
        if own and include.name not in tree.includes:
            yield said(include, "no such file")


def headers_once(tree):
    """#pragma once stands in every header."""
    for name in tree.files:
        if name.endswith(".hpp"):
            text = (tree.root / name).read_text(encoding="utf-8")
            if not re.search(r"^#pragma once$", text, re.MULTILINE):
                yield f"{name}: no #pragma once"


RULES = (arrows, own_headers_from_the_root, libraries_in_their_place, adapters_in_the_table,
         no_caf_all_in_headers, beast_in_few_files, own_header_first, headers_exist, headers_once)


class TheTree(unittest.TestCase):
    """The repository as it is."""

    @classmethod
    def setUpClass(cls):
        cls.tree = Tree(ROOT)

    def test_has_files_in_every_layer(self):
        found = {layer_of(name).split("/")[0] for name in self.tree.files}
        self.assertEqual(found, {"protocol", "ports", "actors", "adapters", "runtime"})
        self.assertGreater(len(self.tree.all_includes()), 200)


def add_rule_to_tree(rule):
    def test(self):
        broken = list(rule(self.tree))
        self.assertFalse(broken, "\n" + "\n".join(broken))
    test.__doc__ = rule.__doc__
    setattr(TheTree, "test_keeps_" + rule.__name__, test)


for one_rule in RULES:
    add_rule_to_tree(one_rule)


# A small tree that keeps every rule.
GOOD = {
    "protocol/tick.hpp": "#pragma once\n#include <string>\n",
    "protocol/tick.cpp": '#include "protocol/tick.hpp"\n#include <vector>\n',
    "protocol/ports/store.hpp": '#pragma once\n#include "protocol/tick.hpp"\n',
    "actors/market/symbol.hpp": '#pragma once\n#include <caf/fwd.hpp>\n'
                                '#include "protocol/ports/store.hpp"\n',
    "actors/market/symbol.cpp": '#include "actors/market/symbol.hpp"\n#include <caf/all.hpp>\n',
    "adapters/json/reader.hpp": '#pragma once\n#include "protocol/ports/store.hpp"\n',
    "adapters/json/reader.cpp": '#include "adapters/json/reader.hpp"\n'
                                "#include <rapidjson/reader.h>\n#include <unistd.h>\n",
    "adapters/web/session.cpp": "#include <boost/beast/core.hpp>\n",
    "runtime/main.cpp": '#include <CLI/CLI.hpp>\n#include <caf/actor_system.hpp>\n'
                        '#include "actors/market/symbol.hpp"\n#include "adapters/json/reader.hpp"\n',
}

# What breaks which rule: (rule, file, its text).
BAD = (
    (arrows, "protocol/a.hpp", '#pragma once\n#include "protocol/ports/store.hpp"\n'),
    (arrows, "protocol/a.cpp", '#include "actors/market/symbol.hpp"\n'),
    (arrows, "protocol/ports/a.hpp", '#pragma once\n#include "adapters/json/reader.hpp"\n'),
    (arrows, "actors/a.cpp", '  #  include "adapters/json/reader.hpp"\n'),
    (arrows, "actors/a.cpp", '#include "runtime/main.hpp"\n'),
    (arrows, "adapters/kafka/a.cpp", '#include "adapters/json/reader.hpp"\n'),
    (arrows, "adapters/kafka/a.cpp", '#include "actors/market/symbol.hpp"\n'),
    (own_headers_from_the_root, "protocol/a.cpp", '#include "tick.hpp"\n'),
    (own_headers_from_the_root, "protocol/a.cpp", '#include "../protocol/tick.hpp"\n'),
    (own_headers_from_the_root, "protocol/a.cpp", "#include <protocol/tick.hpp>\n"),
    (libraries_in_their_place, "protocol/a.cpp", "#include <caf/fwd.hpp>\n"),
    (libraries_in_their_place, "protocol/a.cpp", "#include <unistd.h>\n"),
    (libraries_in_their_place, "protocol/ports/a.hpp", "#pragma once\n#include <pqxx/pqxx>\n"),
    (libraries_in_their_place, "actors/a.cpp", "#include <librdkafka/rdkafka.h>\n"),
    (libraries_in_their_place, "actors/a.cpp", "#include <sys/socket.h>\n"),
    (libraries_in_their_place, "adapters/json/a.cpp", "#include <caf/fwd.hpp>\n"),
    (libraries_in_their_place, "adapters/json/a.cpp", "#include <pqxx/pqxx>\n"),
    (libraries_in_their_place, "runtime/a.cpp", "#include <rapidjson/reader.h>\n"),
    (libraries_in_their_place, "runtime/a.cpp", "#include <boost/asio/post.hpp>\n"),
    (adapters_in_the_table, "adapters/redis/a.cpp", "#include <string>\n"),
    (adapters_in_the_table, "adapters/a.cpp", "#include <string>\n"),
    (no_caf_all_in_headers, "actors/a.hpp", "#pragma once\n#include <caf/all.hpp>\n"),
    (beast_in_few_files, "runtime/a.cpp", "#include <boost/beast/core.hpp>\n"),
    (beast_in_few_files, "actors/a.hpp", "#pragma once\n#include <boost/beast/core.hpp>\n"),
    (own_header_first, "protocol/tick.cpp", '#include <vector>\n#include "protocol/tick.hpp"\n'),
    (own_header_first, "protocol/tick.cpp", "int x;\n"),
    (headers_exist, "actors/a.cpp", '#include "protocol/tock.hpp"\n'),
    (headers_once, "protocol/a.hpp", "#include <string>\n"),
)


class TheRules(unittest.TestCase):
    """Each rule can fail, and says where."""

    def made(self, files):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, text in files.items():
            path = pathlib.Path(folder.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return Tree(folder.name)

    def test_find_nothing_in_a_good_tree(self):
        tree = self.made(GOOD)
        for rule in RULES:
            self.assertEqual(list(rule(tree)), [], rule.__name__)

    def test_find_what_breaks_them(self):
        for rule, name, text in BAD:
            with self.subTest(rule=rule.__name__, file=name, text=text):
                found = list(rule(self.made({**GOOD, name: text})))
                self.assertEqual(len(found), 1, found)
                self.assertIn(name, found[0])

    def test_are_all_tried(self):
        self.assertEqual({rule for rule, _, _ in BAD}, set(RULES))

    def test_count_beast_through_headers_of_ours(self):
        files = {**GOOD, "adapters/web/layer.hpp": "#pragma once\n#include <boost/beast/core.hpp>\n",
                 "adapters/web/rules.hpp": '#pragma once\n#include "adapters/web/layer.hpp"\n'}
        for i in range(MOST_FILES_WITH_BEAST - 1):
            files[f"adapters/web/f{i}.cpp"] = '#include "adapters/web/rules.hpp"\n'
        self.assertEqual(list(beast_in_few_files(self.made(files))), [])
        files["adapters/web/one_more.cpp"] = '#include "adapters/web/rules.hpp"\n'
        found = list(beast_in_few_files(self.made(files)))
        self.assertEqual(len(found), 1)
        self.assertIn("adapters/web/one_more.cpp", found[0])
        files["runtime/x.cpp"] = '#include "adapters/web/rules.hpp"\n'
        self.assertIn("runtime/x.cpp: brings Beast out of adapters/web",
                      list(beast_in_few_files(self.made(files))))


if __name__ == "__main__":
    unittest.main(verbosity=2)
