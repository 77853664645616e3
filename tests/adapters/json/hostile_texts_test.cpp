#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include <gtest/gtest.h>

#include "adapters/json/client_message_parser.hpp"
#include "adapters/json/query_request.hpp"
#include "tests/adapters/json/decoder_testing.hpp"
#include "tests/adapters/json/text_mutator.hpp"

// Everything that strangers may send, changed at random: under the sanitizers nothing may be read
// outside of the text, and what is said about it keeps its promises.
namespace tradepulse {
namespace {

using namespace json_testing;

#ifdef TRADEPULSE_HARD_ASSERTIONS // under the sanitizers
constexpr int mutations = 60'000;
#else
constexpr int mutations = 300'000;
#endif

const std::array<std::string, 17> texts{
    R"({"symbol":"AAPL","price":150.25,"volume":"1e2","timestamp":1723161256543})",
    R"({"symbol":"\u00e9\ud83d\ude00","price":-1.5,"timestamp":"2024-08-08T23:54:16.543+02:00"})",
    R"({"type":"market_price","market":"BTC/USD","price":"61837.63","timestamp":1723161256543})",
    R"({"stream":"b@trade","data":{"e":"trade","s":"B","t":7,"p":"1","q":"2","T":1723161256543}})",
    R"({"stream":"b@depth","data":{"e":"depthUpdate","b":[["1","2"],["3","4"]],"a":[]}})",
    R"({"type":"subscribe","symbols":["AAPL","MSFT"],"id":"x\n1","streams":["price","trade"]})",
    R"({"type":"unsubscribe","symbol":"AAPL","id":-1.5e3,"since":{"epoch":1,"seq":2}})",
    R"({"stream":"b@bookTicker","data":{"u":7,"s":"B","b":"1","B":"2","a":"3","A":"4","T":1723161256543}})",
    R"({"e":"kline","E":1723161256543,"s":"B","sequence":7,"k":{"t":1723161240000,"T":1723161299999,"i":"1m","f":-1,"L":-1,"o":"2","c":"2","h":"3","l":"1","v":"9","n":1,"x":false,"q":"4","V":"1","Q":"2"}})",
    R"({"stream":"b@kline_1m","data":{"e":"kline","E":1723161256543,"s":"B","k":{"t":1723161240000,"T":1723161299999,"i":"1m","o":"2","c":"2","h":"3","l":"1","v":"9","x":true}}})",
    R"({"symbol":"AAPL","price":150.25,"size":100,"timestamp":1723161256543,"side":"buy","trade_id":"7"})",
    R"({"symbol":"AAPL","open":2,"high":3,"low":1,"close":2,"volume":9,"timestamp":1723161240000,"n":1})",
    R"({"type":"subscribe","symbols":["A","B"],"streams":["trade","price"],"since":{"A":{"trade":{"epoch":1,"seq":5},"price":{"time":1723161256543}},"B":null}})",
    R"({"type":"subscribe","symbol":"A","id":7,"streams":["trade","kline_1m"],"since":{"trade":{"epoch":1,"seq":5},"kline_1m":{"epoch":1,"seq":6}}})",
    R"({"type":"list","id":null})",
    R"({"type":"ping" , "id" : "\ud83d\ude00é" })",
    R"([[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[{"é":NaN,"x":"\u12"}]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]])",
};

// The text without a byte behind it that could be read by mistake.
class exact_copy {
 public:
  explicit exact_copy(const std::string& text)
      : bytes_(std::make_unique<char[]>(text.size())), size_(text.size()) {
    std::memcpy(bytes_.get(), text.data(), size_);
  }
  std::string_view view() const noexcept { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

const std::string& id_of(const client_message& message) {
  static const std::string none;
  return std::visit(
      [](const auto& m) -> const std::string& {
        if constexpr (requires { m.id; })
          return m.id;
        else
          return none;
      },
      message);
}

TEST(HostileTexts, AreDecodedOrRejectedWithAShortReason) {
  const std::uint64_t seed = printed_seed();
  text_mutator make(seed, texts);
  std::vector<std::unique_ptr<tick_decoder>> decoders;
  for (decoder_kind kind : all_decoder_kinds())
    decoders.push_back(make_decoder(kind));
  decoders.push_back(make_decoder(decoder_kind::binance_stream, {.aggregate_trades = true}));
  std::string text;
  int rejected = 0, decoded = 0;
  for (int i = 0; i < mutations && !HasFailure(); ++i) {
    make.next(text);
    const exact_copy copy(text);
    for (const auto& decoder : decoders) {
      const auto outcome = decoder->decode(record_of(copy.view()));
      if (const auto* made = std::get_if<decoded_kline>(&outcome)) {
        const kline_value& value = made->kline.value;
        EXPECT_TRUE(value.low <= value.open && value.close <= value.high && value.start < value.end)
            << text << "\nseed " << seed;
      }
      decoded += std::holds_alternative<decoded_tick>(outcome) ||
                         std::holds_alternative<decoded_trade>(outcome) ||
                         std::holds_alternative<decoded_quote>(outcome) ||
                         std::holds_alternative<decoded_kline>(outcome)
                     ? 1
                     : 0;
      if (const auto* refused = std::get_if<rejected_record>(&outcome)) {
        ++rejected;
        EXPECT_TRUE(!refused->detail.empty() && refused->detail.size() <= 200 &&
                    printable(refused->detail))
            << refused->detail << "\n"
            << text << "\nseed " << seed;
      }
    }
  }
  EXPECT_GT(decoded, mutations / 100);
  EXPECT_GT(rejected, mutations / 100);
}

TEST(HostileTexts, AreRequestsWhoseIdCanBeEchoed) {
  const std::uint64_t seed = printed_seed();
  text_mutator make(seed, texts);
  std::string text;
  int with_id = 0, with_since = 0;
  for (int i = 0; i < mutations && !HasFailure(); ++i) {
    make.next(text);
    const exact_copy copy(text);
    (void)parse_query_request(copy.view());
    const client_message message = parse_client_message(copy.view());
    if (const auto* request = std::get_if<subscribe_request>(&message)) {
      EXPECT_TRUE(request->since.empty() ||
                  request->since.size() == request->symbols.size() * request->streams.size())
          << text << "\nseed " << seed;
      with_since += request->since.empty() ? 0 : 1;
    }
    const std::string& id = id_of(message);
    if (id.empty())
      continue;
    ++with_id;
    EXPECT_LE(id.size(), 64U);
    // Put into a message, it is a whole JSON value and nothing more.
    const client_message echo = parse_client_message(R"({"type":"ping","id":)" + id + "}");
    ASSERT_TRUE(std::holds_alternative<ping_message>(echo)) << id << "\n"
                                                            << text << "\nseed " << seed;
    EXPECT_EQ(id_of(echo), id) << text << "\nseed " << seed;
  }
  EXPECT_GT(with_id, mutations / 100);
  EXPECT_GT(with_since, mutations / 5'000); // a change in it mostly refuses the request
}

} // namespace
} // namespace tradepulse
