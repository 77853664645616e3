#include <memory>
#include <variant>
#include <vector>

#include "adapters/json/decoders.hpp"
#include "tests/fuzz/fuzz.hpp"

// Payloads of Kafka records, for each decoder: the same bytes give the same outcome, an accepted
// price is one that can be written and read again, and a refusal names its reason in 200 bytes.

using namespace tradepulse;

namespace {

void decode(tick_decoder& decoder, std::string_view payload) {
  record r;
  r.offset = record_offset{7};
  r.append_time = time_ms{std::chrono::milliseconds{1'700'000'000'000}};
  r.value = payload;
  const auto first = decoder.decode(r);
  const auto second = decoder.decode(r);
  fuzz::claim(first.index() == second.index(), "a record has one outcome");
  if (const auto* refused = std::get_if<rejected_record>(&first)) {
    fuzz::claim(!refused->detail.empty() && refused->detail.size() <= 200, "a reason in 200 bytes");
  } else if (const auto* got = std::get_if<decoded_tick>(&first)) {
    const auto* again = std::get_if<decoded_tick>(&second);
    fuzz::claim(got->symbol == again->symbol && got->tick.price == again->tick.price,
                "a record has one tick");
    fuzz::claim(symbol::valid(got->symbol.view()), "only valid symbols");
    const auto written = price::parse(got->tick.price.to_string());
    fuzz::claim(written && *written == got->tick.price, "a price that can be written");
  }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto decoders = [] {
    std::vector<std::unique_ptr<tick_decoder>> all;
    for (const auto kind : all_decoder_kinds())
      all.push_back(make_decoder(kind, {.max_record_bytes = 4'096}));
    return all;
  }();
  for (const auto& each : decoders)
    decode(*each, fuzz::text_of(data, size));
  return 0;
}
