#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>

#include "tests/adapters/json/decoder_testing.hpp"

// Real traffic of Binance, where a checkout has it: TRADEPULSE_RECORDINGS, a folder `recordings`
// in or beside the clone, or shared/data/binance beside it. The counts are those of its README.
namespace tradepulse {
namespace {

using namespace json_testing;
namespace fs = std::filesystem;

std::optional<fs::path> recordings() {
  if (const char* named = std::getenv("TRADEPULSE_RECORDINGS"))
    return fs::path(named);
  for (fs::path at = fs::current_path();; at = at.parent_path()) {
    for (const char* below : {"recordings", "shared/data/binance"})
      if (fs::exists(at / below / "spot_btcusdt_20240808.gz"))
        return at / below;
    if (at == at.parent_path())
      return std::nullopt;
  }
}

// Calls `take` with the JSON of each line.
template <class Take>
void for_each_message(const fs::path& file, Take take) {
  const std::string command = "gzip -dc '" + file.string() + "'";
  FILE* lines = popen(command.c_str(), "r");
  ASSERT_NE(lines, nullptr);
  char* buffer = nullptr;
  std::size_t capacity = 0;
  for (;;) {
    const auto length = getline(&buffer, &capacity, lines);
    if (length <= 0)
      break;
    std::string_view line(buffer, static_cast<std::size_t>(length));
    take(line.substr(line.find(' ') + 1)); // the line's end is white space of the JSON text
  }
  std::free(buffer);
  EXPECT_EQ(pclose(lines), 0) << command;
}

struct expectation {
  const char* file;
  const char* symbol;
  std::size_t trades, depth_updates, book_tickers, lines;
  std::int64_t first_id, last_id;
};

class Recordings : public testing::TestWithParam<expectation> {};

TEST_P(Recordings, GiveATickForEveryTradeAndSkipTheRestByKind) {
  const auto folder = recordings();
  if (!folder)
    GTEST_SKIP() << "no recordings here: set TRADEPULSE_RECORDINGS";
  const auto& expected = GetParam();
  const auto decoder = make_decoder(decoder_kind::binance_stream);
  std::map<std::string, std::size_t> skipped;
  std::size_t trades = 0, lines = 0;
  std::int64_t first_id = 0, last_id = 0;
  for_each_message(*folder / expected.file, [&](std::string_view message) {
    ++lines;
    const auto outcome = decoder->decode(record_of(message));
    if (const auto* skip = std::get_if<skipped_record>(&outcome)) {
      ++skipped[std::string(skip->kind)];
      return;
    }
    const auto* ticked = std::get_if<decoded_tick>(&outcome);
    ASSERT_NE(ticked, nullptr) << detail_of(outcome) << "\n" << message.substr(0, 300);
    ASSERT_EQ(ticked->symbol.view(), expected.symbol);
    const std::int64_t id = ticked->tick.source_sequence.value_or(-1);
    if (trades++ == 0)
      first_id = id;
    else
      ASSERT_EQ(id, last_id + 1);
    last_id = id;
  });
  EXPECT_EQ(lines, expected.lines);
  EXPECT_EQ(trades, expected.trades);
  EXPECT_EQ(first_id, expected.first_id);
  EXPECT_EQ(last_id, expected.last_id);
  EXPECT_EQ(skipped, (std::map<std::string, std::size_t>{{"bookTicker", expected.book_tickers},
                                                         {"depthSnapshot", 1},
                                                         {"depthUpdate", expected.depth_updates}}));
}

INSTANTIATE_TEST_SUITE_P(
    Binance, Recordings,
    testing::Values(expectation{"spot_btcusdt_20240808.gz", "BTCUSDT", 9'757, 3'451, 28'040, 41'249,
                                3'735'683'259, 3'735'693'015},
                    expectation{"spot_ethusdt_20240808.gz", "ETHUSDT", 6'106, 3'434, 24'077, 33'618,
                                1'520'538'925, 1'520'545'030},
                    expectation{"usdm_btcusdt_20240808.gz", "BTCUSDT", 21'313, 6'551, 66'089,
                                93'954, 5'266'583'935, 5'266'605'247},
                    expectation{"usdm_ethusdt_20240808.gz", "ETHUSDT", 14'076, 6'586, 53'992,
                                74'655, 4'308'068'523, 4'308'082'598}),
    [](const auto& made) { return std::string(made.param.file).substr(0, 12); });

} // namespace
} // namespace tradepulse
