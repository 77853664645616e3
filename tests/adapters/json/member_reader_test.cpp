#include "adapters/json/member_reader.hpp"

#include <array>

#include <gtest/gtest.h>

#include "tests/adapters/json/text_mutator.hpp"

// The scanner is worth having only if nobody can tell it from the parser: what it accepts, the
// parser must accept with the same members. Held against each other on texts by hand and on
// mutations of them from a printed seed (TRADEPULSE_SEED=n repeats a run).
namespace tradepulse::json {
namespace {

#ifdef TRADEPULSE_HARD_ASSERTIONS // under the sanitizers
constexpr int mutations = 150'000;
#else
constexpr int mutations = 1'500'000;
#endif

constexpr std::array<std::string_view, 5> top{"symbol", "price", "volume", "timestamp", "data"};
constexpr std::array<std::string_view, 4> inner{"s", "p", "e", "k"};
constexpr std::array<std::string_view, 3> innermost{"s", "p", "data"};

void append_members(std::string& out, const member_reader& reader) {
  const auto append = [&](const member& m) {
    out.append(m.name).append("=").append(to_string(m.kind));
    if (m.kind == value_kind::string || m.kind == value_kind::number ||
        m.kind == value_kind::boolean)
      out.append(" ").append(m.text);
    out += "; ";
  };
  for (std::size_t i = 0; i < top.size(); ++i)
    append(reader.top(i));
  for (std::size_t i = 0; i < inner.size(); ++i)
    append(reader.at(1, i));
  for (std::size_t i = 0; i < innermost.size(); ++i)
    append(reader.at(2, i));
}

class MemberReader : public testing::Test {
 protected:
  // Whether the scanner takes the text; where it does, the parser must see the same.
  bool scanned_like_parsed(const std::string& json) {
    if (!scanner_.read_by_scanner(json))
      return false;
    const parse_fault fault = parser_.read_by_parser(json);
    seen_by_scanner_.clear();
    seen_by_parser_.clear();
    append_members(seen_by_scanner_, scanner_);
    append_members(seen_by_parser_, parser_);
    EXPECT_FALSE(fault) << fault.detail << "\n" << json;
    EXPECT_EQ(seen_by_scanner_, seen_by_parser_) << json;
    EXPECT_EQ(parser_.root(), scanner_.root()) << json;
    return true;
  }

  member_reader scanner_{{top}, {inner, 0, "data"}, {innermost, 1, "k"}};
  member_reader parser_{{top}, {inner, 0, "data"}, {innermost, 1, "k"}};
  std::string seen_by_scanner_;
  std::string seen_by_parser_;
};

const std::array<std::string, 15> texts{
    R"({"symbol":"AAPL","price":150.25,"volume":100,"timestamp":1723161256543})",
    R"({"symbol": "AAPL", "price": "150.25", "volume": null, "timestamp": "2024-08-08T23:54:16Z"})",
    R"({"timestamp":1723161256543,"price":0.00000001,"symbol":"BTC/USD"})",
    R"({"symbol":"A","symbol":"B","price":1,"price":-0.5,"exchange":"X","ok":true,"no":false})",
    " \t\r\n{ }\n",
    R"({"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT","p":"61837.63","m":true}})",
    R"({"data":{"s":"X","p":1},"data":{"e":"trade"},"symbol":"S"})",
    R"({"data":7,"data":{"s":"X"}})",
    R"({"data":{"e":"kline","k":{"s":"X","p":"1.5","x":false},"s":"Y"},"symbol":"S"})",
    R"({"data":{"k":{"s":"X"},"k":{"p":1}},"data":{"p":2,"k":{}},"price":3})",
    R"({"data":{"s":"X"},"data":null,"price":[1,2],"volume":{"a":1}})",
    R"({"data":{"k":{"data":{"s":"deep"},"s":"X"},"k":{"p":[]}},"k":{"s":"out"}})",
    R"({"symbol":"\u0041","price":1e5,"volume":1E-3,"timestamp":"é"})",
    R"({"data":{"s":{"s":"deep"},"p":[]},"price":00,"volume":1.})",
    R"({"data":{},"symbol":"","price":-0,"volume":0.0,"timestamp":-})",
};

TEST_F(MemberReader, ScansTheCommonShape) {
  ASSERT_TRUE(scanner_.read_by_scanner(texts[0]));
  EXPECT_EQ(scanner_.root(), value_kind::object);
  EXPECT_EQ(scanner_.top(0).kind, value_kind::string);
  EXPECT_EQ(scanner_.top(0).text, "AAPL");
  EXPECT_EQ(scanner_.top(1).kind, value_kind::number);
  EXPECT_EQ(scanner_.top(1).text, "150.25");
  EXPECT_EQ(scanner_.top(3).text, "1723161256543");
  EXPECT_EQ(scanner_.top(4).kind, value_kind::absent);
}

TEST_F(MemberReader, ScansWhatTheParserReadsAlike) {
  for (std::size_t i = 0; i < 10; ++i)
    EXPECT_TRUE(scanned_like_parsed(texts[i])) << texts[i];
}

TEST_F(MemberReader, ReadsEachObjectApart) {
  const std::string text =
      R"({"symbol":"S","k":{"s":"a stranger's"},"data":{"s":"Y","k":{"s":"X","p":"1.5"},"e":true}})";
  ASSERT_FALSE(parser_.read_by_parser(text));
  EXPECT_EQ(parser_.top(0).text, "S");
  EXPECT_EQ(parser_.top(4).kind, value_kind::object);
  EXPECT_EQ(parser_.at(1, 0).text, "Y");
  EXPECT_EQ(parser_.at(1, 1).kind, value_kind::absent);
  EXPECT_EQ(parser_.at(1, 2).text, "true");
  EXPECT_EQ(parser_.at(1, 3).kind, value_kind::object);
  EXPECT_EQ(parser_.at(2, 0).text, "X");
  EXPECT_EQ(parser_.at(2, 1).text, "1.5");
  EXPECT_EQ(parser_.at(2, 2).kind, value_kind::absent);
}

TEST_F(MemberReader, KeepsNothingOfAnObjectThatIsDoubled) {
  ASSERT_TRUE(scanner_.read_by_scanner(R"({"data":{"s":"X","k":{"s":"X"},"k":{"p":1}}})"));
  EXPECT_EQ(scanner_.at(1, 0).text, "X");
  EXPECT_EQ(scanner_.at(2, 0).kind, value_kind::absent);
  EXPECT_EQ(scanner_.at(2, 1).text, "1");
  ASSERT_TRUE(scanner_.read_by_scanner(R"({"data":{"s":"X","k":{"s":"X"}},"data":{"p":2}})"));
  EXPECT_EQ(scanner_.at(1, 0).kind, value_kind::absent);
  EXPECT_EQ(scanner_.at(1, 3).kind, value_kind::absent); // so nobody asks what it held
}

TEST_F(MemberReader, LeavesEverythingElseToTheParser) {
  for (std::size_t i = 10; i < texts.size(); ++i)
    EXPECT_FALSE(scanner_.read_by_scanner(texts[i])) << texts[i];
  for (const char* text : {"",
                           "{",
                           "[]",
                           "1",
                           "{}x",
                           "{}{}",
                           "{\"a\":1,}",
                           "{\"a\":.5}",
                           "{\"a\":01}",
                           "{\"a\":+1}",
                           "{\"a\":NaN}",
                           "{\"a\" 1}",
                           "{a:1}",
                           "{\"a\":nul}",
                           "{\"a\":\"\x7f\"}",
                           "{\"a\":\"\t\"}",
                           "\xef\xbb\xbf{}",
                           "{\"a\":1e5}",
                           "{\"a\":-}",
                           "{,}",
                           "{\"a\":1 \"b\":2}"})
    EXPECT_FALSE(scanner_.read_by_scanner(text)) << text;
  EXPECT_FALSE(scanner_.read_by_scanner("{\"a\":" + std::string(65, '1') + "}"));
  EXPECT_TRUE(scanned_like_parsed("{\"a\":" + std::string(64, '1') + "}"));
  EXPECT_FALSE(scanner_.read_by_scanner(std::string("{}\0", 3)));
}

TEST_F(MemberReader, ForgetsTheTextBefore) {
  ASSERT_FALSE(parser_.read(texts[0]));
  ASSERT_FALSE(parser_.read(texts[12])); // by the parser
  EXPECT_EQ(parser_.top(0).text, "A");
  EXPECT_EQ(parser_.top(3).text, "é");
  ASSERT_FALSE(parser_.read(R"({"price":2})"));
  EXPECT_EQ(parser_.top(0).kind, value_kind::absent);
  EXPECT_EQ(parser_.top(1).text, "2");
  ASSERT_TRUE(parser_.read(R"({"symbol":"X","price":)"));
}

TEST_F(MemberReader, CannotBeToldFromTheParserOnMutatedTexts) {
  const std::uint64_t seed = json_testing::printed_seed();
  json_testing::text_mutator make(seed, texts);
  std::string text;
  int accepted = 0;
  for (int i = 0; i < mutations && !HasFailure(); ++i) {
    make.next(text);
    accepted += scanned_like_parsed(text) ? 1 : 0;
  }
  // Else the two would hardly have met.
  EXPECT_GT(accepted, mutations / 50) << "seed " << seed;
}

} // namespace
} // namespace tradepulse::json
