#include <memory>
#include <type_traits>
#include <variant>
#include <vector>

#include "adapters/json/decoders.hpp"
#include "tests/fuzz/fuzz.hpp"

// Payloads of Kafka records, for each decoder: the same bytes give the same event, an accepted
// price is one that can be written and read again, a kline does not contradict itself, and a
// refusal names its reason in 200 bytes.

using namespace tradepulse;

namespace {

void check_price(price value) {
  const auto written = price::parse(value.to_string());
  fuzz::claim(written && *written == value, "a price that can be written");
}

void check(const tick& value) {
  check_price(value.price);
}
void check(const logged_trade& trade) {
  check_price(trade.value.price);
  fuzz::claim(trade.value.trade_id.value_or(0) >= 0, "an id that is a count");
}
void check(const logged_quote& quote) {
  check_price(quote.value.bid);
  check_price(quote.value.ask);
}
void check(const logged_kline& kline) {
  const kline_value& value = kline.value;
  for (const price each : {value.open, value.high, value.low, value.close})
    check_price(each);
  fuzz::claim(value.low <= value.open && value.low <= value.close && value.open <= value.high &&
                  value.close <= value.high,
              "low and high are around open and close");
  fuzz::claim(value.start < value.end, "a kline ends after its start");
  for (const auto& amount :
       {value.quote_volume, value.taker_buy_volume, value.taker_buy_quote_volume})
    fuzz::claim(amount.value_or(0) >= 0, "no negative sum");
}

bool same(const tick& a, const tick& b) {
  return a.price == b.price && a.volume == b.volume && a.event_time == b.event_time;
}
template <class Value>
bool same(const logged_event<Value>& a, const logged_event<Value>& b) {
  return a.value == b.value && a.event_time == b.event_time &&
         a.source_sequence == b.source_sequence;
}

const tick& event_of(const decoded_tick& each) {
  return each.tick;
}
const logged_trade& event_of(const decoded_trade& each) {
  return each.trade;
}
const logged_quote& event_of(const decoded_quote& each) {
  return each.quote;
}
const logged_kline& event_of(const decoded_kline& each) {
  return each.kline;
}

void decode(tick_decoder& decoder, std::string_view payload) {
  record r;
  r.offset = record_offset{7};
  r.append_time = time_ms{std::chrono::milliseconds{1'700'000'000'000}};
  r.value = payload;
  const auto first = decoder.decode(r);
  const auto second = decoder.decode(r);
  fuzz::claim(first.index() == second.index(), "a record has one outcome");
  if (const auto* refused = std::get_if<rejected_record>(&first))
    fuzz::claim(!refused->detail.empty() && refused->detail.size() <= 200, "a reason in 200 bytes");
  std::visit(
      [&](const auto& got) {
        if constexpr (requires { event_of(got); }) {
          const auto& again = std::get<std::decay_t<decltype(got)>>(second);
          fuzz::claim(got.symbol == again.symbol && same(event_of(got), event_of(again)),
                      "a record has one event");
          fuzz::claim(symbol::valid(got.symbol.view()), "only valid symbols");
          check(event_of(got));
        }
      },
      first);
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto decoders = [] {
    std::vector<std::unique_ptr<tick_decoder>> all;
    for (const auto kind : all_decoder_kinds())
      all.push_back(make_decoder(kind, {.max_record_bytes = 4'096}));
    all.push_back(make_decoder(decoder_kind::binance_stream,
                               {.max_record_bytes = 4'096, .aggregate_trades = true}));
    return all;
  }();
  for (const auto& each : decoders)
    decode(*each, fuzz::text_of(data, size));
  return 0;
}
