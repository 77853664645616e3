#pragma once

#include <cstddef>
#include <string>
#include <variant>

#include "protocol/event_burst.hpp"

namespace tradepulse {

// One message in place of consecutive events of one stream and one epoch: a price with its
// extremes, or the newest quote. Nothing where there were none.
using merged_event = std::variant<std::monostate, merged_update, merged_quote>;

inline bool is_empty(const merged_event& of) noexcept {
  return of.index() == 0;
}

// Swallows what follows it directly: the events of the burst from `first` on.
// Requires: there is one; the burst's kind is price or quote, and that of what is in it already.
void swallow(merged_event& into, const event_burst& burst, std::size_t first);
// `newer` follows `older` directly. Requires: neither is empty, both are of one kind.
merged_event merged(const merged_event& older, const merged_event& newer);
// Requires: it is not empty.
sequence first_of(const merged_event& of);
// As a WebSocket frame; nothing where it is empty.
void append_frame(std::string& out, const merged_event& of, bool numbers_as_strings);

} // namespace tradepulse
