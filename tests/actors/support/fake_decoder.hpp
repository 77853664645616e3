#pragma once

#include <charconv>
#include <memory>
#include <string>
#include <vector>

#include "protocol/ports/tick_decoder.hpp"
#include "tests/actors/support/samples.hpp"

namespace tradepulse::samples {

// A record in a test: its offset and its value, which the fake decoder reads:
//   "SYMBOL PRICE MS"  a tick (whole units, milliseconds after some_time)
//   "@trade SYMBOL PRICE MS", "@quote SYMBOL BID MS", "@kline SYMBOL CLOSE MS" (of a minute)
//   "!reason"          not usable, "~kind" skipped, "" a tombstone
struct line {
  std::int64_t offset;
  std::string value;
};

inline std::shared_ptr<const record_batch> batch_of(topic_partition source, generation gen,
                                                    const std::vector<line>& lines) {
  auto out = std::make_shared<record_batch>();
  out->source = std::move(source);
  out->gen = gen;
  std::size_t bytes = 0;
  for (const auto& each : lines)
    bytes += each.value.size();
  out->bytes.reserve(bytes);
  for (const auto& each : lines) {
    record r;
    r.offset = record_offset{each.offset};
    r.append_time = at(some_time);
    if (!each.value.empty()) {
      const std::size_t begin = out->bytes.size();
      out->bytes += each.value;
      r.value = std::string_view{out->bytes}.substr(begin);
    }
    out->records.push_back(r);
  }
  return out;
}

class fake_decoder : public tick_decoder {
 public:
  decode_outcome decode(const record& r) override {
    if (!r.value)
      return tombstone{};
    const std::string_view text = *r.value;
    if (text.front() == '~')
      return skipped_record{"aggTrade"};
    if (text.front() == '!') {
      for (std::size_t i = 0; i < reject_reason_names.size(); ++i)
        if (text.substr(1) == reject_reason_names[i])
          return rejected_record{static_cast<reject_reason>(i), "as the test wants it"};
      return rejected_record{reject_reason::bad_json, "unknown reason in a test"};
    }
    if (text.front() == '@')
      return of_kind(r, text.substr(1, text.find(' ') - 1), text.substr(text.find(' ') + 1));
    return price(r, text);
  }

 private:
  static decoded_tick price(const record& r, std::string_view text) {
    const auto name_end = text.find(' ');
    const auto price_end = text.find(' ', name_end + 1);
    tick out =
        tick_at(r.offset.value(), number(text.substr(name_end + 1, price_end - name_end - 1)),
                number(text.substr(price_end + 1)));
    out.append_time = r.append_time;
    return {named(text.substr(0, name_end)), out};
  }
  static decode_outcome of_kind(const record& r, std::string_view kind, std::string_view text) {
    const auto [name, t] = price(r, text);
    if (kind == "trade")
      return decoded_trade{name, trade_at(t)};
    if (kind == "quote")
      return decoded_quote{name, quote_at(t)};
    return decoded_kline{name, kline_interval::m1, kline_at(t)};
  }
  static std::int64_t number(std::string_view text) {
    std::int64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
  }
};

} // namespace tradepulse::samples
