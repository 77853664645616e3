#include <gtest/gtest.h>

#include "tests/runtime/config/support.hpp"

namespace tradepulse::config {
namespace {

TEST(HoconParser, ReadsJson) {
  EXPECT_EQ(resolved(R"({"a": {"b": [1, -2.50e+3, true, null, "x"]}, "c": ""})"),
            "{a: {b: [1, -2.50e+3, true, null, x]}, c: }");
}

TEST(HoconParser, NeedsNeitherBracesNorCommasNorQuotes) {
  EXPECT_EQ(resolved("a = 1\nb : two words\nc { d = x.y/z }"),
            "{a: 1, b: two words, c: {d: x.y/z}}");
}

TEST(HoconParser, TakesBothKindsOfComments) {
  EXPECT_EQ(resolved("# one\na = 1 # two\n// three\nb = x // four\nc = \"#no//comment\""),
            "{a: 1, b: x, c: #no//comment}");
}

TEST(HoconParser, SplitsKeysAtDotsThatAreNotQuoted) {
  EXPECT_EQ(resolved("a.b.c = 1\na.\"x.y\" = 2\na . d = 3"), "{a: {b: {c: 1}, d: 3, x.y: 2}}");
}

TEST(HoconParser, KeepsWhiteSpaceWithinAKey) {
  EXPECT_EQ(resolved("a b c : 42\ninclude me = 1\ninclude = 2"),
            "{a b c: 42, include: 2, include me: 1}");
}

TEST(HoconParser, MergesObjectsAndReplacesEverythingElse) {
  EXPECT_EQ(resolved("foo { a : 42, x { p : 1 } }\nfoo { b : 43, x { q : 2 } }"),
            "{foo: {a: 42, b: 43, x: {p: 1, q: 2}}}");
  EXPECT_EQ(resolved("foo { a : 42 }\nfoo : null\nfoo { b : 43 }"), "{foo: {b: 43}}");
  EXPECT_EQ(resolved("foo { a : 42 }\nfoo : 5"), "{foo: 5}");
  EXPECT_EQ(resolved("foo : [1]\nfoo : [2]"), "{foo: [2]}");
}

TEST(HoconParser, AllowsOneCommaBehindTheLastElementAndNoMore) {
  EXPECT_EQ(resolved("a = [1,2,3,]\nb = [1\n2\n3\n]"), "{a: [1, 2, 3], b: [1, 2, 3]}");
  EXPECT_EQ(resolved("{a = 1,}"), "{a: 1}");
  EXPECT_EQ(resolved("a = [1,2,,]"), "t.conf:1:10: a comma without an element before it");
  EXPECT_EQ(resolved("a = [,1]"), "t.conf:1:6: a comma without an element before it");
  EXPECT_EQ(resolved("{,a = 1}"), "t.conf:1:2: a comma without a member before it");
  EXPECT_EQ(resolved("a = 1,,b = 2"), "t.conf:1:7: a comma without a member before it");
}

TEST(HoconParser, JoinsTextsWithTheWhiteSpaceBetweenThem) {
  EXPECT_EQ(resolved("a =  foo   bar\t\"baz\"  \nb = 1.50 ms\nc = x\"y\"z\r\n"),
            "{a: foo   bar\tbaz, b: 1.50 ms, c: xyz}");
}

TEST(HoconParser, JoinsArraysAndObjects) {
  EXPECT_EQ(resolved("a = [1, 2] [3, 4]\nb = {x : 1} {y : 2, x : 3}"),
            "{a: [1, 2, 3, 4], b: {x: 3, y: 2}}");
  EXPECT_EQ(resolved("a = [1] x"), "t.conf:1:5: an object, an array and a text cannot stand beside "
                                   "each other as the value of a");
  EXPECT_EQ(resolved("a = {} []"), "t.conf:1:5: an object, an array and a text cannot stand beside "
                                   "each other as the value of a");
}

TEST(HoconParser, DecodesEscapes) {
  EXPECT_EQ(resolved(R"(a = "q\"b\\s\/ \u0041\u00e9\u20AC\ud83d\ude00\t|")"),
            "{a: q\"b\\s/ A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\t|}");
  EXPECT_EQ(
      resolved(R"(a = "ok", b = "\x")"),
      "t.conf:1:16: not an escape: allowed are \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with "
      "four hexadecimal digits of a character other than NUL");
  for (const char* bad : {R"(a = "\ud83d")", R"(a = "\ud83dx")", R"(a = "\ude00")", R"(a = "\u12")",
                          R"(a = "\u12g4")", R"(a = "\u0000")", "a = \"\\"})
    EXPECT_NE(resolved(bad).find("t.conf:1:"), std::string::npos) << bad;
}

TEST(HoconParser, TakesThreeQuotesAsTheyStand) {
  EXPECT_EQ(resolved("a = \"\"\"x\\n\"y\"\n z\"\"\"\nb = \"\"\"\"q\"\"\"\""),
            "{a: x\\n\"y\"\n z, b: \"q\"}");
  EXPECT_EQ(resolved("a = 1\nb = \"\"\"x\ny"),
            "t.conf:2:5: a \"\"\" string without its closing \"\"\"");
}

TEST(HoconParser, CountsLinesBehindAStringOfSeveralLines) {
  EXPECT_EQ(resolved("a = \"\"\"x\ny\nz\"\"\" ]"),
            "t.conf:3:6: expected a comma or a new line before \"]\"");
}

TEST(HoconParser, CountsColumnsInCharactersAndSkipsAByteOrderMark) {
  EXPECT_EQ(resolved("\xEF\xBB\xBF"
                     "a = \"\xC3\xA9\xC3\xA9\" ]"),
            "t.conf:1:10: expected a comma or a new line before \"]\"");
}

TEST(HoconParser, TakesUnicodeWhiteSpace) {
  EXPECT_EQ(resolved("\xC2\xA0"
                     "a\xE3\x80\x80=\xE2\x80\x89"
                     "1"),
            "{a: 1}");
}

TEST(HoconParser, SaysWhereAStructureIsBroken) {
  EXPECT_EQ(resolved("a {\n b = 1\n"), "t.conf:3:1: the \"}\" of an object is missing");
  EXPECT_EQ(resolved("a = 1\n}"), "t.conf:2:1: a \"}\" without its \"{\"");
  EXPECT_EQ(resolved("{ a = 1 } b"),
            "t.conf:1:11: unexpected \"b\" behind the closing \"}\" of the whole file");
  EXPECT_EQ(resolved("a = [1, 2\nb = 3"),
            "t.conf:2:3: unexpected \":\" or \"=\" in a value; put the "
            "value in quotes");
  EXPECT_EQ(resolved("a = [1, 2"), "t.conf:1:5: a \"[\" without its \"]\"");
  EXPECT_EQ(resolved("[1]"), "t.conf:1:1: a configuration is an object, not an array");
  EXPECT_EQ(resolved("a = \"x\ny\""),
            "t.conf:1:5: a quoted string must end on its line; use \\n, or "
            "\"\"\" for several lines");
  EXPECT_EQ(resolved("a = \"x"), "t.conf:1:5: a quoted string without its closing quote");
}

TEST(HoconParser, SaysWhatIsWrongWithAMember) {
  EXPECT_EQ(resolved("a = 1\nfoo\nb = 2"),
            "t.conf:2:1: expected \"=\", \":\", \"+=\" or \"{\" behind the key foo");
  EXPECT_EQ(resolved("a ="), "t.conf:1:4: the key a has no value, found the end");
  EXPECT_EQ(resolved("x { a = }"), "t.conf:1:9: the key a has no value, found \"}\"");
  EXPECT_EQ(resolved("= 1"), "t.conf:1:1: expected a key, found \":\" or \"=\"");
  EXPECT_EQ(resolved("a..b = 1"),
            "t.conf:1:1: a key with an empty element; quote it if that is meant");
  EXPECT_EQ(resolved("a. = 1"),
            "t.conf:1:1: a key with an empty element; quote it if that is meant");
  EXPECT_EQ(resolved("\"\" = 1"), "{: 1}");
  EXPECT_EQ(resolved("a = [1] b = 2"), "t.conf:1:11: unexpected \":\" or \"=\" in a value; put the "
                                       "value in quotes");
  EXPECT_EQ(
      resolved("a { x = 1 } { y = 2 } \"k\""),
      "t.conf:1:3: an object, an array and a text cannot stand beside each other as the value "
      "of a");
}

TEST(HoconParser, AsksForQuotesAroundWhatNeedsThem) {
  EXPECT_EQ(resolved("a = localhost:9092"),
            "t.conf:1:14: unexpected \":\" or \"=\" in a value; put the value in quotes");
  EXPECT_EQ(resolved("a = market-data.*"),
            "t.conf:1:17: unexpected \"*\"; a text that contains it must be in quotes");
  EXPECT_EQ(resolved("a = x$y"),
            "t.conf:1:6: unexpected \"$\"; a text that contains it must be in quotes");
  EXPECT_EQ(resolved("a = 1 + 2"),
            "t.conf:1:7: unexpected \"+\"; a text that contains it must be in quotes");
}

TEST(HoconParser, RefusesControlCharacters) {
  EXPECT_EQ(resolved("a = \"x\x01\""),
            "t.conf:1:7: a control character in a quoted string; write it as an escape");
  EXPECT_EQ(resolved("a = x\x7F"), "t.conf:1:6: a control character");
}

TEST(HoconParser, BoundsTheDepth) {
  auto nested = [](std::size_t levels) {
    return "a = " + std::string(levels, '[') + std::string(levels, ']');
  };
  EXPECT_EQ(resolved(nested(64)).substr(0, 5), "{a: [");
  EXPECT_EQ(resolved(nested(65)), "t.conf:1:69: nested deeper than 64 levels");
  EXPECT_EQ(resolved(nested(100'000)), "t.conf:1:69: nested deeper than 64 levels");
  std::string braces;
  for (int i = 0; i < 100'000; ++i)
    braces += "a{";
  EXPECT_EQ(resolved(braces), "t.conf:1:129: nested deeper than 64 levels");
  std::string dots = "a";
  for (int i = 0; i < 64; ++i)
    dots += ".a";
  EXPECT_EQ(resolved(dots + " = 1"), "t.conf:1:1: nested deeper than 64 levels");
  EXPECT_EQ(resolved("b = ${" + dots + "}"), "t.conf:1:5: nested deeper than 64 levels");
}

TEST(HoconParser, BoundsTheNumberOfValues) {
  std::string many = "a = [";
  for (int i = 0; i < 100'000; ++i)
    many += "1,";
  EXPECT_EQ(resolved(many + "]"), "t.conf:1:200002: more than 100000 values");
}

} // namespace
} // namespace tradepulse::config
