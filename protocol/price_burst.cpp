#include "protocol/price_burst.hpp"

#include <algorithm>

#include "protocol/expects.hpp"
#include "protocol/native_dialect.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse {

price_burst::price_burst(stream_index index, const tradepulse::symbol& name, tradepulse::epoch e,
                         std::vector<numbered_event> events, time_ms oldest_append)
    : index_(index), symbol_(name), epoch_(e), events_(std::move(events)),
      oldest_append_(oldest_append) {
  TRADEPULSE_EXPECTS(!events_.empty());
}

std::size_t price_burst::first_above(sequence seq) const noexcept {
  const auto skipped = seq.value() - first().value() + 1;
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(skipped, 0, static_cast<std::int64_t>(events_.size())));
}

const encoded_burst& price_burst::encoded(bool numbers_as_strings) const {
  const std::size_t spelling = numbers_as_strings ? 1 : 0;
  std::call_once(once_[spelling], [&] { encoded_[spelling] = encode(numbers_as_strings); });
  return encoded_[spelling];
}

encoded_burst price_burst::encode(bool numbers_as_strings) const {
  constexpr std::size_t usual_frame_bytes = 160;
  auto bytes = std::make_shared<std::string>();
  bytes->reserve(events_.size() * usual_frame_bytes);
  encoded_burst out;
  out.ends.reserve(events_.size());
  for (const auto& event : events_) {
    websocket::append_text_frame(*bytes, [&](std::string& text) {
      native::append_price_update(text, symbol_, epoch_, event, numbers_as_strings);
    });
    out.ends.push_back(static_cast<std::uint32_t>(bytes->size()));
  }
  out.bytes = std::move(bytes);
  return out;
}

} // namespace tradepulse
