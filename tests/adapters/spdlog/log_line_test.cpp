#include "adapters/spdlog/log_line.hpp"

#include <gtest/gtest.h>

namespace tradepulse::log {
namespace {

constexpr time_ms some_time{std::chrono::milliseconds{1'723'161'256'543}};

std::string plain(std::initializer_list<field> fields, std::string_view event = "gap") {
  return to_line(line_format::key_value, some_time, level::warning, event, fields);
}
std::string json(std::initializer_list<field> fields, std::string_view event = "gap") {
  return to_line(line_format::json, some_time, level::error, event, fields);
}

TEST(LogLine, HasTimeLevelEventAndFields) {
  EXPECT_EQ(plain({{"symbol", "AAPL"}, {"expected", 101}, {"late", true}}),
            "2024-08-08T23:54:16.543Z warning event=gap symbol=AAPL expected=101 late=true");
}

TEST(LogLine, QuotesWhatWouldBeReadAsSeveralWords) {
  EXPECT_EQ(
      plain(
          {{"a", "two words"}, {"b", "x=y"}, {"c", ""}, {"d", "say \"hi\""}, {"e", "back\\slash"}}),
      "2024-08-08T23:54:16.543Z warning event=gap a=\"two words\" b=\"x=y\" c=\"\" "
      "d=\"say \\\"hi\\\"\" e=\"back\\\\slash\"");
}

TEST(LogLine, StaysOneLineWhateverTheValuesHold) {
  using namespace std::string_view_literals;
  EXPECT_EQ(plain({{"a", "x\ny\r\tz"sv}, {"b", "\x1b[31m\0\x7f"sv}}),
            "2024-08-08T23:54:16.543Z warning event=gap a=\"x\\ny\\r\\tz\" "
            "b=\"\\x1b[31m\\x00\\x7f\"");
  EXPECT_EQ(
      json({{"a", "x\ny"sv}, {"b", "\x1b\0"sv}}),
      R"({"time":"2024-08-08T23:54:16.543Z","level":"error","event":"gap","a":"x\ny","b":"\u001b\u0000"})");
}

TEST(LogLine, KeepsUtf8AndEscapesWhatIsNone) {
  EXPECT_EQ(plain({{"a", "Zürich €"}, {"b", "\xff\xc3"}, {"c", "\xc2\x85"}}),
            "2024-08-08T23:54:16.543Z warning event=gap a=\"Zürich €\" b=\"\\xff\\xc3\" "
            "c=\"\\xc2\\x85\"");
  EXPECT_EQ(json({{"a", "€"}, {"b", "\xed\xa0\x80"}, {"c", "\xc2\x85"}}),
            "{\"time\":\"2024-08-08T23:54:16.543Z\",\"level\":\"error\",\"event\":\"gap\","
            "\"a\":\"€\",\"b\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\",\"c\":\"\\u0085\"}");
}

TEST(LogLine, CutsALongValueAtACharacter) {
  const std::string long_value = std::string(1023, 'a') + "€ and more";
  EXPECT_EQ(plain({{"v", long_value}}),
            "2024-08-08T23:54:16.543Z warning event=gap v=\"" + std::string(1023, 'a') + "...\"");
  EXPECT_EQ(plain({{"v", std::string(1024, 'a')}}),
            "2024-08-08T23:54:16.543Z warning event=gap v=" + std::string(1024, 'a'));
}

TEST(LogLine, KeepsKeysApartFromItsOwn) {
  EXPECT_EQ(
      json({{"event", "x"}, {"bad key", "y"}}),
      R"({"time":"2024-08-08T23:54:16.543Z","level":"error","event":"gap","event_":"x","bad_key":"y"})");
}

} // namespace
} // namespace tradepulse::log
