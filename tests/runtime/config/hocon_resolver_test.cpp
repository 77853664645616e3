#include <gtest/gtest.h>

#include "tests/runtime/config/support.hpp"

namespace tradepulse::config {
namespace {

const std::string looks_for =
    ": neither a key that the configuration sets (defaults cannot be referred to) nor an "
    "environment variable; ${?...} would make it optional";

TEST(HoconResolver, FindsAKeyWhereverItStands) {
  EXPECT_EQ(resolved("a = ${b.c}\nb { c = 1 }"), "{a: 1, b: {c: 1}}");
  EXPECT_EQ(resolved("b { c = 1 }\na = ${ b.\"c\" }"), "{a: 1, b: {c: 1}}");
}

TEST(HoconResolver, TakesTheFinalValueOfAnotherKey) {
  EXPECT_EQ(resolved("a = ${b}\nb = 1\nb = 2"), "{a: 2, b: 2}");
  EXPECT_EQ(resolved("bar { foo = 42, baz = ${bar.foo} }\nbar { foo = 43 }"),
            "{bar: {baz: 43, foo: 43}}");
}

TEST(HoconResolver, LooksInTheEnvironmentAfterTheConfiguration) {
  EXPECT_EQ(resolved("a = ${HOME_OF_IT}", {{"HOME_OF_IT", "/h"}}), "{a: /h}");
  EXPECT_EQ(resolved("X = 1\na = ${X}", {{"X", "env"}}), "{X: 1, a: 1}");
  EXPECT_EQ(resolved("X = null\na = ${X}", {{"X", "env"}}), "{X: null, a: null}");
  EXPECT_EQ(resolved("a = ${X}", {{"X", ""}}), "{a: }");
}

TEST(HoconResolver, SaysWhatItLookedFor) {
  EXPECT_EQ(resolved("x = 1\na = ${b.\"c d\"}"), "t.conf:2:5: ${b.\"c d\"}" + looks_for);
  EXPECT_EQ(resolved("a = ${b}\nc = ${d}"),
            "t.conf:1:5: ${b}" + looks_for + "\nt.conf:2:5: ${d}" + looks_for);
  EXPECT_EQ(resolved("b = 1\na = ${b.c}"), "t.conf:2:5: ${b.c}" + looks_for);
}

TEST(HoconResolver, LetsAnOptionalSubstitutionVanish) {
  EXPECT_EQ(resolved("a = ${?X}"), "{}");
  EXPECT_EQ(resolved("a = 1\na = ${?X}"), "{a: 1}");
  EXPECT_EQ(resolved("a = 1\na = ${?X}", {{"X", "2"}}), "{a: 2}");
  EXPECT_EQ(resolved("a = [1, ${?X}, 2]"), "{a: [1, 2]}");
  EXPECT_EQ(resolved("a = ${?X}foo"), "{a: foo}");
  EXPECT_EQ(resolved("a = ${?X}${?Y}\nb = ${?X} ${?Y}"), "{}");
  EXPECT_EQ(resolved("a = ${?X} [1]\nb = ${?X} { c = 1 }"), "{a: [1], b: {c: 1}}");
}

TEST(HoconResolver, NeverLooksUpWhatIsHidden) {
  EXPECT_EQ(resolved("a = ${does-not-exist}\na = 42"), "{a: 42}");
}

TEST(HoconResolver, DoesNotLookIntoQuotes) {
  EXPECT_EQ(resolved("b = 1\na = \"${b}\"\nc = \"${b}\"${b}"), "{a: ${b}, b: 1, c: ${b}1}");
}

TEST(HoconResolver, JoinsWhatItFinds) {
  EXPECT_EQ(resolved("host = h, port = 80\nurl = \"http://\"${host}\":\"${port} end"),
            "{host: h, port: 80, url: http://h:80 end}");
  EXPECT_EQ(resolved("a = [1]\nb = ${a} [2]\nc = [0] ${a} ${b}"),
            "{a: [1], b: [1, 2], c: [0, 1, 1, 2]}");
  EXPECT_EQ(resolved("a = [1]\nb = x ${a}"), "t.conf:2:5: an object, an array and a text cannot "
                                             "stand beside each other as the value of b");
}

TEST(HoconResolver, LetsAnObjectInherit) {
  EXPECT_EQ(resolved("generic = { size = 6 }\neast = ${generic}\neast = { name = e }"),
            "{east: {name: e, size: 6}, generic: {size: 6}}");
  EXPECT_EQ(resolved("generic = { size = 6 }\neast = ${generic} { name = e, size = 9 }"),
            "{east: {name: e, size: 9}, generic: {size: 6}}");
  EXPECT_EQ(resolved("d = { port = 1 }\ns = ${d} { port = 2, url = \"h:\"${s.port} }"),
            "{d: {port: 1}, s: {port: 2, url: h:2}}");
  EXPECT_EQ(resolved("q = { x = 1, y = ${q.x} }\na = ${q} { x = 2 }"),
            "{a: {x: 2, y: 1}, q: {x: 1, y: 1}}");
}

TEST(HoconResolver, LooksBackWithinTheDefinitionOfTheSameKey) {
  EXPECT_EQ(resolved("path = \"a:b\"\npath = ${path}\":bin\""), "{path: a:b:bin}");
  EXPECT_EQ(resolved("path = \"a\"\npath = ${path} \":bin\""), "{path: a :bin}");
  EXPECT_EQ(resolved("path = [ /etc ]\npath = ${path} [ /usr/bin ]"), "{path: [/etc, /usr/bin]}");
  EXPECT_EQ(resolved("a { b = 1 }\na { b = ${a.b}2 }\na.b = ${a.b}3"), "{a: {b: 123}}");
  EXPECT_EQ(resolved("a = { b = 5 }\na = ${a}"), "{a: {b: 5}}");
  EXPECT_EQ(resolved("a = { b = 1 }\na = ${a} { b = ${a.b}2, c = 3 }"), "{a: {b: 12, c: 3}}");
}

TEST(HoconResolver, LooksBackThroughAMemberOfTheSameKey) {
  EXPECT_EQ(resolved("foo : { a : { c : 1 } }\nfoo : ${foo.a}\nfoo : { a : 2 }"),
            "{foo: {a: 2, c: 1}}");
}

TEST(HoconResolver, LooksBackThroughOtherKeys) {
  EXPECT_EQ(resolved("a = 1\nb = ${a}\na = ${b}"), "{a: 1, b: 1}");
  EXPECT_EQ(resolved("a = 1\nb = ${c}\nc = ${a}\na = ${b}x"), "{a: 1x, b: 1x, c: 1x}");
  EXPECT_EQ(resolved("a = { b = 1 }\nx { z = ${a.b} }\na = ${x}"), "{a: {b: 1, z: 1}, x: {z: 1}}");
}

TEST(HoconResolver, FindsNothingWhereThereIsNoEarlierValue) {
  const std::string nothing = " refers to itself, and there is no earlier value to refer to";
  EXPECT_EQ(resolved("a = ${a}"), "t.conf:1:5: ${a}" + nothing);
  EXPECT_EQ(resolved("a = ${a}bc"), "t.conf:1:5: ${a}" + nothing);
  EXPECT_EQ(resolved("a = ${?a}bc"), "{a: bc}");
  EXPECT_EQ(resolved("a = ${?a}"), "{}");
  EXPECT_EQ(resolved("PATH = ${PATH}\":x\"", {{"PATH", "/bin"}}), "{PATH: /bin:x}");
}

TEST(HoconResolver, LetsObjectsReferToEachOther) {
  EXPECT_EQ(resolved("bar : { a : ${foo.d}, b : 1 }\nbar.b = 3\nfoo : { c : ${bar.b}, d : 2 }\n"
                     "foo.d = 4"),
            "{bar: {a: 4, b: 3}, foo: {c: 3, d: 4}}");
}

TEST(HoconResolver, RefusesCycles) {
  EXPECT_EQ(resolved("bar = ${foo}\nfoo = ${bar}"),
            "t.conf:2:7: ${bar} leads back to itself\nt.conf:1:7: ${foo} leads back to itself");
  for (const char* cycle :
       {"a = ${b}\nb = ${c}\nc = ${a}", "a { b = ${a} }", "a = [${a}]", "a = [${?a}]",
        "a = ${?b}\nb = ${?a}", "a = { b = ${a.c}, c = ${a.b} }"})
    EXPECT_NE(resolved(cycle).find("t.conf:"), std::string::npos) << cycle;
}

TEST(HoconResolver, RefusesACycleWhoseValueWouldHangOnTheOrder) {
  EXPECT_NE(resolved("a = 1\nb = 2\na = ${b}\nb = ${a}").find("leads back to itself"),
            std::string::npos);
}

TEST(HoconResolver, AppendsToArrays) {
  EXPECT_EQ(resolved("a += 1\na += [2]\na += ${b}\nb = 3"), "{a: [1, [2], 3], b: 3}");
  EXPECT_EQ(resolved("a = [x]\na += y"), "{a: [x, y]}");
  EXPECT_EQ(resolved("o { a += 1 }\no { a += 2 }"), "{o: {a: [1, 2]}}");
  EXPECT_EQ(resolved("l = [ { a += 1, a += 2 } ]"), "{l: [{a: [1, 2]}]}");
  EXPECT_EQ(resolved("a = 5\na += 1"),
            "t.conf:2:6: a += needs an array before it, and finds a single value");
}

TEST(HoconResolver, OverridesWithinObjectsOfArrays) {
  EXPECT_EQ(resolved("l = [ { p = 1, p = ${?P} }, { p = 2, p = ${?Q} } ]", {{"P", "9"}}),
            "{l: [{p: 9}, {p: 2}]}");
}

TEST(HoconResolver, EndsWhatDoublesWithEveryLine) {
  std::string text = "a0 = 0123456789\n";
  std::string list = "b0 = [1]\n";
  for (int i = 1; i <= 40; ++i) {
    std::string before = std::to_string(i - 1);
    text += "a" + std::to_string(i) + " = ${a" + before + "}${a" + before + "}\n";
    list += "b" + std::to_string(i) + " = ${b" + before + "} ${b" + before + "}\n";
  }
  EXPECT_NE(resolved(text), "");
  EXPECT_NE(resolved(text).find("t.conf:"), std::string::npos);
  EXPECT_NE(resolved(list).find("substitutions make more than 400000 values of this file"),
            std::string::npos);
}

TEST(HoconResolver, BoundsAChainOfSubstitutions) {
  auto chain = [](int links) {
    std::string text = "a0 = 1\n";
    for (int i = 1; i <= links; ++i)
      text += "a" + std::to_string(i) + " = ${a" + std::to_string(i - 1) + "}\n";
    return resolved(text);
  };
  EXPECT_EQ(chain(50).substr(0, 7), "{a0: 1,");
  EXPECT_NE(chain(5'000).find("substitutions lead more than 256 steps deep"), std::string::npos);
}

TEST(HoconResolver, BoundsTheDepthThatSubstitutionsBuild) {
  std::string text = "a0 = 1\n";
  for (int i = 1; i <= 1'000; ++i)
    text += "a" + std::to_string(i) + " = [[[[${a" + std::to_string(i - 1) + "}]]]]\n";
  EXPECT_NE(resolved(text).find("substitutions lead more than 256 steps deep"), std::string::npos);
}

TEST(HoconResolver, RefusesAVariableThatIsNotUtf8) {
  EXPECT_EQ(resolved("a = ${X}", {{"X", "\xFF"}}), "environment X (t.conf:1:5): not UTF-8");
}

} // namespace
} // namespace tradepulse::config
