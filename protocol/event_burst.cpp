#include "protocol/event_burst.hpp"

#include <algorithm>

#include "protocol/expects.hpp"
#include "protocol/native_dialect.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse {
namespace {

// Of a burst without events, so that the base is made before its contract is checked.
template <class Events>
const auto& checked(const Events& events) {
  TRADEPULSE_EXPECTS(!events.empty());
  return events;
}

// So that the text of a burst seldom grows: slow readers keep what was taken for it.
std::size_t usual_frame_bytes(event_kind events) noexcept {
  switch (events) {
  case event_kind::trade:
    return 200;
  case event_kind::quote:
    return 220;
  case event_kind::kline:
  case event_kind::candle:
    return 480;
  case event_kind::price:
    break;
  }
  return 160;
}

void append(std::string& out, const event_burst& of, const numbered_event& event, bool strings) {
  native::append_price_update(out, of.symbol(), of.epoch(), event, strings);
}
void append(std::string& out, const event_burst& of, const numbered_trade& event, bool strings) {
  native::append_trade(out, of.symbol(), of.epoch(), event, strings);
}
void append(std::string& out, const event_burst& of, const numbered_quote& event, bool strings) {
  native::append_quote(out, of.symbol(), of.epoch(), event, strings);
}
void append(std::string& out, const event_burst& of, const numbered_kline& event, bool strings) {
  native::append_kline(out, of.symbol(), of.kind(), of.epoch(), event, strings);
}

void append(std::string& out, const event_burst& of, const numbered_candle& event, bool strings) {
  native::append_candle(out, of.symbol(), of.kind(), of.epoch(), event, strings);
}

} // namespace

std::size_t event_burst::first_above(sequence seq) const noexcept {
  const auto skipped = seq.value() - first_.value() + 1;
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(skipped, 0, static_cast<std::int64_t>(count())));
}

const encoded_burst& event_burst::encoded(bool numbers_as_strings) const {
  const std::size_t spelling = numbers_as_strings ? 1 : 0;
  std::call_once(once_[spelling], [&] { encoded_[spelling] = encode(numbers_as_strings); });
  return encoded_[spelling];
}

encoded_burst event_burst::encode(bool numbers_as_strings) const {
  auto bytes = std::make_shared<std::string>();
  bytes->reserve(count() * usual_frame_bytes(kind().events()));
  encoded_burst out;
  out.ends.reserve(count());
  for (std::size_t i = 0; i < count(); ++i) {
    websocket::append_text_frame(
        *bytes, [&](std::string& text) { append_event(text, i, numbers_as_strings); });
    out.ends.push_back(static_cast<std::uint32_t>(bytes->size()));
  }
  out.bytes = std::move(bytes);
  return out;
}

template <class Events>
burst_of<Events>::burst_of(stream_index index, const tradepulse::symbol& name, tradepulse::epoch e,
                           std::vector<event> events, time_ms oldest_append, stream_kind kind)
    : event_burst(index, name, e, checked(events).front().seq, events.back().seq, oldest_append,
                  kind),
      events_(std::move(events)) {}

template <class Events>
void burst_of<Events>::append_event(std::string& out, std::size_t i, bool strings) const {
  append(out, *this, events_[i], strings);
}

template class burst_of<price_events>;
template class burst_of<trade_events>;
template class burst_of<quote_events>;
template class burst_of<kline_events>;
template class burst_of<candle_events>;

} // namespace tradepulse
