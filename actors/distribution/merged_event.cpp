#include "actors/distribution/merged_event.hpp"

#include <algorithm>

#include "protocol/expects.hpp"
#include "protocol/native_dialect.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse {
namespace {

merged_update begin(const event_burst& of, const numbered_event& event) {
  merged_update out;
  out.symbol = of.symbol();
  out.epoch = of.epoch();
  out.first_seq = out.last_seq = out.price_seq = event.seq;
  out.price = out.open = out.high = out.low = out.close = event.price;
  out.volume = event.volume;
  out.event_time = event.event_time;
  out.source_sequence = event.source_sequence;
  out.count = 1;
  out.late = event.late;
  return out;
}

merged_quote begin(const event_burst& of, const numbered_quote& event) {
  merged_quote out;
  out.symbol = of.symbol();
  out.epoch = of.epoch();
  out.first_seq = out.last_seq = out.quote_seq = event.seq;
  out.event_time = event.event_time;
  out.source_sequence = event.source_sequence;
  out.value = event.value;
  out.count = 1;
  out.late = event.late;
  return out;
}

void extend(merged_update& m, const numbered_event& event) {
  m.last_seq = event.seq;
  m.count += 1;
  m.high = std::max(m.high, event.price);
  m.low = std::min(m.low, event.price);
  m.close = event.price;
  m.late = m.late && event.late;
  if (event.event_time >= m.event_time) {
    m.price = event.price;
    m.volume = event.volume;
    m.event_time = event.event_time;
    m.source_sequence = event.source_sequence;
    m.price_seq = event.seq;
  }
}

void extend(merged_quote& m, const numbered_quote& event) {
  m.last_seq = event.seq;
  m.count += 1;
  m.late = m.late && event.late;
  if (event.event_time >= m.event_time) {
    m.value = event.value;
    m.event_time = event.event_time;
    m.source_sequence = event.source_sequence;
    m.quote_seq = event.seq;
  }
}

merged_update joined(const merged_update& older, const merged_update& newer) {
  merged_update out = newer.event_time >= older.event_time ? newer : older;
  out.first_seq = older.first_seq;
  out.last_seq = newer.last_seq;
  out.count = older.count + newer.count;
  out.open = older.open;
  out.high = std::max(older.high, newer.high);
  out.low = std::min(older.low, newer.low);
  out.close = newer.close;
  out.late = older.late && newer.late;
  return out;
}

merged_quote joined(const merged_quote& older, const merged_quote& newer) {
  merged_quote out = newer.event_time >= older.event_time ? newer : older;
  out.first_seq = older.first_seq;
  out.last_seq = newer.last_seq;
  out.count = older.count + newer.count;
  out.late = older.late && newer.late;
  return out;
}

template <class Merged, class Burst>
void swallow_all(merged_event& into, const Burst& burst, std::size_t first) {
  const auto& events = burst.events();
  if (first < events.size() && is_empty(into))
    into = begin(burst, events[first++]);
  auto& all = std::get<Merged>(into);
  for (std::size_t i = first; i < events.size(); ++i)
    extend(all, events[i]);
}

void append(std::string& text, const merged_update& of, bool strings) {
  native::append_merged_update(text, of, strings);
}
void append(std::string& text, const merged_quote& of, bool strings) {
  native::append_merged_quote(text, of, strings);
}

// Of what is not empty.
template <class Result, class Visit>
Result visit_merged(const merged_event& of, Visit&& visit) {
  TRADEPULSE_EXPECTS(!is_empty(of));
  if (const auto* price = std::get_if<merged_update>(&of))
    return visit(*price);
  return visit(std::get<merged_quote>(of));
}

} // namespace

void swallow(merged_event& into, const event_burst& burst, std::size_t first) {
  if (burst.kind() == stream_kind::quote)
    swallow_all<merged_quote>(into, static_cast<const quote_burst&>(burst), first);
  else
    swallow_all<merged_update>(into, prices_of(burst), first);
}

merged_event merged(const merged_event& older, const merged_event& newer) {
  return visit_merged<merged_event>(older, [&](const auto& before) -> merged_event {
    return joined(before, std::get<std::decay_t<decltype(before)>>(newer));
  });
}

sequence first_of(const merged_event& of) {
  return visit_merged<sequence>(of, [](const auto& each) { return each.first_seq; });
}

void append_frame(std::string& out, const merged_event& of, bool numbers_as_strings) {
  if (is_empty(of))
    return;
  websocket::append_text_frame(out, [&](std::string& text) {
    visit_merged<void>(of, [&](const auto& each) { append(text, each, numbers_as_strings); });
  });
}

} // namespace tradepulse
