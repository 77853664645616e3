#include "runtime/feeds/replay.hpp"

#include <gtest/gtest.h>

#include "tests/runtime/feeds/fake_feed.hpp"

namespace tradepulse {
namespace {

using namespace std::chrono_literals;

class lines_recording final : public recording {
 public:
  explicit lines_recording(std::vector<std::string> lines) : lines_(std::move(lines)) {}
  result<std::optional<std::string_view>> next() override {
    if (at_ == fail_at)
      return error{errc::io, "truncated"};
    if (at_ == lines_.size())
      return std::optional<std::string_view>{};
    return std::optional<std::string_view>(lines_[at_++]);
  }
  std::uint64_t bytes_read() const override { return at_; }
  std::uint64_t total_bytes() const override { return lines_.size(); }

  std::size_t fail_at = static_cast<std::size_t>(-1);

 private:
  std::vector<std::string> lines_;
  std::size_t at_ = 0;
};

std::string frame_line(std::chrono::nanoseconds received, int trade) {
  return std::to_string(received.count()) +
         R"( {"stream":"btcusdt@trade","data":{"s":"BTCUSDT","t":)" + std::to_string(trade) + "}}";
}

struct Replay : testing::Test {
  simulated_host host;
  recording_producer log{host};
};

TEST_F(Replay, ProducesFramesAtTheirTimesWithKeyAndSuffix) {
  lines_recording source({frame_line(10s, 1), frame_line(11s, 2), frame_line(14s, 3)});
  const auto counts = replay(source, log, {"binance", 2.0, ".P"}, host);
  EXPECT_EQ(counts.produced, 3u);
  ASSERT_EQ(log.entries.size(), 3u);
  EXPECT_EQ(log.entries[0].topic, "binance");
  EXPECT_EQ(log.entries[0].key, "BTCUSDT.P");
  EXPECT_EQ(log.entries[0].value, R"({"stream":"btcusdt@trade","data":{"s":"BTCUSDT.P","t":1}})");
  EXPECT_EQ(log.entries[0].after, 0s);
  EXPECT_EQ(log.entries[1].after, 500ms);
  EXPECT_EQ(log.entries[2].after, 2s);
}

TEST_F(Replay, WaitsForNothingAtTheGreatestSpeed) {
  lines_recording source({frame_line(10s, 1), frame_line(11h, 2)});
  const auto counts = replay(source, log, {"t", std::nullopt, ""}, host);
  EXPECT_EQ(counts.produced, 2u);
  EXPECT_EQ(log.entries[1].after, 0s);
}

TEST_F(Replay, CountsWhatItSkips) {
  lines_recording source({R"(1 {"lastUpdateId":7})", frame_line(10s, 1),
                          R"(2 {"stream":"x","data":[]})", "garbage", "3 {", frame_line(11s, 2)});
  const auto counts = replay(source, log, {"t", std::nullopt, ""}, host);
  EXPECT_EQ(counts.lines, 6u);
  EXPECT_EQ(counts.produced, 2u);
  EXPECT_EQ(counts.without_stream, 1u);
  EXPECT_EQ(counts.without_symbol, 1u);
  EXPECT_EQ(counts.unusable, 2u);
  EXPECT_EQ(counts.first_unusable, "line 4: a line begins with nanoseconds since 1970 and a space");
  EXPECT_FALSE(counts.failure);
}

TEST_F(Replay, EndsWhenTheHostSaysSo) {
  lines_recording source({frame_line(10s, 1), frame_line(11s, 2), frame_line(12s, 3)});
  host.stop_at = simulated_host::begin + 1s;
  const auto counts = replay(source, log, {"t", 1.0, ""}, host);
  EXPECT_TRUE(counts.stopped);
  EXPECT_EQ(counts.produced, 1u);
}

TEST_F(Replay, EndsWithTheErrorOfTheRecording) {
  lines_recording source({frame_line(10s, 1), frame_line(11s, 2)});
  source.fail_at = 1;
  const auto counts = replay(source, log, {"t", std::nullopt, ""}, host);
  EXPECT_EQ(counts.produced, 1u);
  ASSERT_TRUE(counts.failure);
  EXPECT_EQ(counts.failure->detail, "truncated");
}

TEST_F(Replay, EndsWithTheErrorOfTheLog) {
  lines_recording source({frame_line(10s, 1), frame_line(11s, 2)});
  log.refuse_from = 1;
  const auto counts = replay(source, log, {"t", std::nullopt, ""}, host);
  EXPECT_EQ(counts.produced, 1u);
  ASSERT_TRUE(counts.failure);
  EXPECT_EQ(counts.failure->code, errc::log_unavailable);
}

} // namespace
} // namespace tradepulse
