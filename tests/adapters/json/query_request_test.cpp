#include "adapters/json/query_request.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

// The symbols with spaces between them, or the error's name and detail.
std::string line(std::string_view body, const query_limits& limits = {}) {
  const auto read = parse_query_request(body, limits);
  if (!read)
    return std::string(to_string(read.failure().code)) + ": " + read.failure().detail;
  std::string out;
  for (const symbol& s : *read)
    out += (out.empty() ? "" : " ") + s.str();
  return out;
}

TEST(QueryRequest, ReadsTheSymbolsInTheirOrder) {
  EXPECT_EQ(line(R"({"symbols":["MSFT","BTC/USD","AAPL"]})"), "MSFT BTC/USD AAPL");
}

TEST(QueryRequest, NamesADoubledSymbolOnce) {
  EXPECT_EQ(line(R"({"symbols":["A","B","A"]})"), "A B");
}

TEST(QueryRequest, TakesAnEmptyList) {
  EXPECT_EQ(line(R"({"symbols":[]})"), "");
}

TEST(QueryRequest, IgnoresOtherMembers) {
  EXPECT_EQ(line(R"({"id":{},"type":[1],"symbols":["A"],"symbol":"B"})"), "A");
}

TEST(QueryRequest, NamesASymbolAgainstTheRule) {
  EXPECT_EQ(line(R"({"symbols":["A","B C"]})"), "symbol_invalid: symbols[1]: symbol \"B C\" (3 "
                                                "bytes): 1 to 32 characters of A-Za-z0-9._:/=^&+-");
}

TEST(QueryRequest, NamesAMemberAgainstTheForm) {
  EXPECT_EQ(line("{}"), "missing_member: symbols: absent, and required");
  EXPECT_EQ(line(R"({"symbols":"A"})"),
            "bad_request: symbols: a string, must be an array of strings");
  EXPECT_EQ(line(R"({"symbols":null})"), "bad_request: symbols: null, must be an array of strings");
  EXPECT_EQ(line(R"({"symbols":["A",1]})"), "bad_request: symbols[1]: a number, must be a string");
  EXPECT_EQ(line(R"({"symbols":[["A"]]})"), "bad_request: symbols[0]: an array, must be a string");
  EXPECT_EQ(line(R"(["A"])"), "bad_request: message: an array, must be an object");
}

TEST(QueryRequest, BoundsSymbolsAndBytes) {
  EXPECT_EQ(line(R"({"symbols":["A","B"]})", {.max_symbols = 2}), "A B");
  EXPECT_EQ(line(R"({"symbols":["A","B","C"]})", {.max_symbols = 2}),
            "too_large: symbols: 3, at most 2");
  EXPECT_EQ(line(R"({"symbols":["A"]})", {.max_bytes = 16}),
            "too_large: message: 17 bytes, at most 16");
}

TEST(QueryRequest, RefusesWhatIsNotJson) {
  EXPECT_EQ(line("symbols=A").substr(0, 9), "bad_json:");
  EXPECT_EQ(line("{\"symbols\":[\"\x80\"]}").substr(0, 9), "bad_utf8:");
}

} // namespace
} // namespace tradepulse
