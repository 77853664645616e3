#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <vector>

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

// What a file holds: counted, and summed in units of 10^-8 and in milliseconds, by a script that
// shares no code with us.
struct expectation {
  const char* file;
  const char* symbol;
  std::size_t trades, depth_updates, book_tickers, lines;
  std::int64_t first_id, last_id;
  std::size_t sold, bought; // by the takers
  std::int64_t trade_prices, trade_sizes, trade_times;
  std::int64_t first_update, last_update;
  std::int64_t bids, bid_sizes, asks, ask_sizes;
  std::int64_t quote_times; // 0: they have none
};

constexpr expectation files[] = {{.file = "spot_btcusdt_20240808.gz",
                                  .symbol = "BTCUSDT",
                                  .trades = 9'757,
                                  .depth_updates = 3'451,
                                  .book_tickers = 28'040,
                                  .lines = 41'249,
                                  .first_id = 3'735'683'259,
                                  .last_id = 3'735'693'015,
                                  .sold = 5'654,
                                  .bought = 4'103,
                                  .trade_prices = 60'218'026'539'000'000,
                                  .trade_sizes = 21'203'315'000,
                                  .trade_times = 16'812'886'285'271'337,
                                  .first_update = 50'093'239'212,
                                  .last_update = 50'093'421'612,
                                  .bids = 173'122'713'630'000'000,
                                  .bid_sizes = 4'513'953'639'000,
                                  .asks = 173'123'584'618'000'000,
                                  .ask_sizes = 4'988'514'502'000,
                                  .quote_times = 0},
                                 {.file = "spot_ethusdt_20240808.gz",
                                  .symbol = "ETHUSDT",
                                  .trades = 6'106,
                                  .depth_updates = 3'434,
                                  .book_tickers = 24'077,
                                  .lines = 33'618,
                                  .first_id = 1'520'538'925,
                                  .last_id = 1'520'545'030,
                                  .sold = 2'875,
                                  .bought = 3'231,
                                  .trade_prices = 1'637'980'396'000'000,
                                  .trade_sizes = 226'131'490'000,
                                  .trade_times = 10'521'623'755'378'195,
                                  .first_update = 35'346'513'501,
                                  .last_update = 35'346'671'850,
                                  .bids = 6'458'672'748'000'000,
                                  .bid_sizes = 23'400'503'270'000,
                                  .asks = 6'458'723'047'000'000,
                                  .ask_sizes = 24'762'353'520'000,
                                  .quote_times = 0},
                                 {.file = "usdm_btcusdt_20240808.gz",
                                  .symbol = "BTCUSDT",
                                  .trades = 21'313,
                                  .depth_updates = 6'551,
                                  .book_tickers = 66'089,
                                  .lines = 93'954,
                                  .first_id = 5'266'583'935,
                                  .last_id = 5'266'605'247,
                                  .sold = 11'697,
                                  .bought = 9'616,
                                  .trade_prices = 131'487'592'260'000'000,
                                  .trade_sizes = 242'936'600'000,
                                  .trade_times = 36'725'740'224'081'894,
                                  .first_update = 5'123'107'839'020,
                                  .last_update = 5'123'135'221'461,
                                  .bids = 407'879'412'450'000'000,
                                  .bid_sizes = 23'765'903'500'000,
                                  .asks = 407'880'762'530'000'000,
                                  .ask_sizes = 31'682'909'000'000,
                                  .quote_times = 113'882'015'983'070'320},
                                 {.file = "usdm_ethusdt_20240808.gz",
                                  .symbol = "ETHUSDT",
                                  .trades = 14'076,
                                  .depth_updates = 6'586,
                                  .book_tickers = 53'992,
                                  .lines = 74'655,
                                  .first_id = 4'308'068'523,
                                  .last_id = 4'308'082'598,
                                  .sold = 7'092,
                                  .bought = 6'984,
                                  .trade_prices = 3'774'240'519'000'000,
                                  .trade_sizes = 916'494'800'000,
                                  .trade_times = 24'255'220'514'074'649,
                                  .first_update = 5'123'107'838'717,
                                  .last_update = 5'123'135'475'791,
                                  .bids = 14'477'312'855'000'000,
                                  .bid_sizes = 101'807'499'500'000,
                                  .asks = 14'477'380'461'000'000,
                                  .ask_sizes = 89'525'164'100'000,
                                  .quote_times = 93'036'931'863'094'125}};

class Recordings : public testing::TestWithParam<expectation> {
 protected:
  // Calls `take` with the outcome of each message; kinds that are skipped are counted.
  template <class Take>
  void decode_all(decoder_kind kind, Take take) {
    const auto folder = recordings();
    if (!folder)
      GTEST_SKIP() << "no recordings here: set TRADEPULSE_RECORDINGS";
    const auto decoder = make_decoder(kind);
    std::size_t lines = 0;
    for_each_message(*folder / GetParam().file, [&](std::string_view message) {
      ++lines;
      const auto outcome = decoder->decode(record_of(message));
      if (const auto* skip = std::get_if<skipped_record>(&outcome))
        ++skipped_[std::string(skip->kind)];
      else
        take(outcome, message);
    });
    EXPECT_EQ(lines, GetParam().lines);
  }

  std::map<std::string, std::size_t> skipped_;
};

struct sums {
  std::size_t count = 0, sold = 0, bought = 0;
  std::int64_t first = 0, last = 0; // numbers
  std::int64_t prices = 0, sizes = 0, asks = 0, ask_sizes = 0, times = 0;

  void add(const logged_trade& trade) {
    const std::int64_t id = trade.value.trade_id.value_or(-1);
    ASSERT_EQ(trade.source_sequence, id);
    if (count++ == 0)
      first = id;
    else
      ASSERT_EQ(id, last + 1);
    last = id;
    (trade.value.side == trade_side::sell ? sold : bought) += 1;
    ASSERT_NE(trade.value.side, trade_side::unknown);
    prices += trade.value.price.units();
    sizes += static_cast<std::int64_t>(trade.value.size.units());
    times += ms_of(trade.event_time);
  }
  void add(const logged_quote& quote, bool timed) {
    const std::int64_t update = quote.source_sequence.value_or(-1);
    if (count++ == 0)
      first = update;
    else
      ASSERT_GT(update, last);
    last = update;
    prices += quote.value.bid.units();
    sizes += static_cast<std::int64_t>(quote.value.bid_size.units());
    asks += quote.value.ask.units();
    ask_sizes += static_cast<std::int64_t>(quote.value.ask_size.units());
    if (timed)
      times += ms_of(quote.event_time);
    else
      ASSERT_EQ(quote.event_time, appended_at);
  }
};

TEST_P(Recordings, GiveEveryTradeAndEveryQuoteAndTheRestByKind) {
  const auto& expected = GetParam();
  sums trades, quotes;
  decode_all(decoder_kind::binance_stream,
             [&](const decode_outcome& outcome, std::string_view message) {
               if (const auto* quoted = std::get_if<decoded_quote>(&outcome)) {
                 ASSERT_EQ(quoted->symbol.view(), expected.symbol);
                 quotes.add(quoted->quote, expected.quote_times != 0);
                 return;
               }
               const auto* traded = std::get_if<decoded_trade>(&outcome);
               ASSERT_NE(traded, nullptr) << detail_of(outcome) << "\n" << message.substr(0, 300);
               ASSERT_EQ(traded->symbol.view(), expected.symbol);
               trades.add(traded->trade);
             });
  if (IsSkipped())
    return;
  EXPECT_EQ(trades.count, expected.trades);
  EXPECT_EQ(trades.first, expected.first_id);
  EXPECT_EQ(trades.last, expected.last_id);
  EXPECT_EQ(trades.sold, expected.sold);
  EXPECT_EQ(trades.bought, expected.bought);
  EXPECT_EQ(trades.prices, expected.trade_prices);
  EXPECT_EQ(trades.sizes, expected.trade_sizes);
  EXPECT_EQ(trades.times, expected.trade_times);
  EXPECT_EQ(quotes.count, expected.book_tickers);
  EXPECT_EQ(quotes.first, expected.first_update);
  EXPECT_EQ(quotes.last, expected.last_update);
  EXPECT_EQ(quotes.prices, expected.bids);
  EXPECT_EQ(quotes.sizes, expected.bid_sizes);
  EXPECT_EQ(quotes.asks, expected.asks);
  EXPECT_EQ(quotes.ask_sizes, expected.ask_sizes);
  EXPECT_EQ(quotes.times, expected.quote_times);
  EXPECT_EQ(skipped_, (std::map<std::string, std::size_t>{
                          {"depthSnapshot", 1}, {"depthUpdate", expected.depth_updates}}));
}

TEST_P(Recordings, HaveNothingForATopicOfKlinesButTheSnapshotThatIsNoEvent) {
  const auto& expected = GetParam();
  std::vector<std::string> refused;
  decode_all(decoder_kind::binance_klines, [&](const decode_outcome& outcome, std::string_view) {
    refused.push_back(detail_of(outcome));
  });
  if (IsSkipped())
    return;
  EXPECT_EQ(refused, std::vector<std::string>{"e: absent, and required"});
  EXPECT_EQ(skipped_,
            (std::map<std::string, std::size_t>{{"trade", expected.trades},
                                                {"bookTicker", expected.book_tickers},
                                                {"depthUpdate", expected.depth_updates}}));
}

INSTANTIATE_TEST_SUITE_P(Binance, Recordings, testing::ValuesIn(files), [](const auto& made) {
  return std::string(made.param.file).substr(0, 12);
});

} // namespace
} // namespace tradepulse
