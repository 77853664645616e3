#include "runtime/feeds/recording_line.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

TEST(RecordingLine, KeepsTheFrameByteForByte) {
  const auto outcome = read_recording_line(
      R"(1723161254087896568 {"stream":"btcusdt@trade", "data":{"s":"BTCUSDT","p":"61837.63000000"} })",
      "");
  const auto* frame = std::get_if<recorded_frame>(&outcome);
  ASSERT_NE(frame, nullptr);
  EXPECT_EQ(frame->received.count(), 1'723'161'254'087'896'568);
  EXPECT_EQ(frame->key.view(), "BTCUSDT");
  EXPECT_EQ(frame->value,
            R"({"stream":"btcusdt@trade", "data":{"s":"BTCUSDT","p":"61837.63000000"} })");
}

TEST(RecordingLine, PutsTheSuffixIntoTheSymbolAndTheKeyOnly) {
  const auto outcome = read_recording_line(
      R"(1 {"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT","t":7}})", ".P");
  const auto* frame = std::get_if<recorded_frame>(&outcome);
  ASSERT_NE(frame, nullptr);
  EXPECT_EQ(frame->key.view(), "BTCUSDT.P");
  EXPECT_EQ(frame->value,
            R"({"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT.P","t":7}})");
}

TEST(RecordingLine, SkipsWhatIsNoFrameOfASymbol) {
  EXPECT_EQ(std::get<skipped_line>(
                read_recording_line(R"(5 {"lastUpdateId":1,"bids":[],"asks":[]})", "")),
            skipped_line::no_stream);
  EXPECT_EQ(
      std::get<skipped_line>(read_recording_line(R"(5 {"stream":"!ticker@arr","data":[]})", "")),
      skipped_line::no_symbol);
}

errc refused(std::string_view line, std::string_view suffix = "") {
  const auto outcome = read_recording_line(line, suffix);
  const auto* failure = std::get_if<error>(&outcome);
  EXPECT_NE(failure, nullptr) << line;
  return failure ? failure->code : errc::internal;
}

TEST(RecordingLine, RefusesALineWithoutATime) {
  for (const char* line :
       {"", " ", "{}", " {}", "12", "x {}", "-5 {}", "1.5 {}", "99999999999999999999 {}"})
    EXPECT_EQ(refused(line), errc::bad_time) << line;
}

TEST(RecordingLine, RefusesWhatIsNoJson) {
  EXPECT_EQ(refused("1 "), errc::bad_json);
  EXPECT_EQ(refused(R"(1 {"stream":)"), errc::bad_json);
}

TEST(RecordingLine, RefusesASymbolAgainstTheRule) {
  EXPECT_EQ(refused(R"(1 {"stream":"x","data":{"s":"BTC USDT"}})"), errc::symbol_invalid);
  EXPECT_EQ(refused(R"(1 {"stream":"x","data":{"s":"BTCUSDT"}})", std::string(26, 'x')),
            errc::symbol_invalid);
}

} // namespace
} // namespace tradepulse
