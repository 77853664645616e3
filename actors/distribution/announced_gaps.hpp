#pragma once

#include <string>
#include <string_view>

#include "actors/distribution/subscriber.hpp"

namespace tradepulse {

// Whether the burst, from its event `first` on, does not simply follow the subscription's position.
inline bool needs_gap(const subscription& of, const event_burst& burst, std::size_t first) {
  const sequence comes = burst.number_of(first);
  return burst.epoch() == of.position.epoch ? comes.value() != of.position.seq.value() + 1
                                            : of.position.epoch.value() > 0 || comes.value() != 1;
}

// The `gap` messages that must come before something, as frames: the end of an epoch, and numbers
// that nobody here can give (only their position was stored). Never silence.
struct gaps_before {
  std::string frames;
  std::uint32_t count = 0;
};
// Behind `position`, and before number `comes` of an epoch; `reason` is of what is missing within
// one.
gaps_before gaps_between(const stream_key& stream, stream_position position, stream_position comes,
                         std::string_view reason);
gaps_before announce(const subscription& of, const event_burst& burst, std::size_t first,
                     std::string_view reason = "missed");
// Up to `to` nothing can be had any more, whatever comes behind.
gaps_before announce_expired(const subscription& of, stream_position to);
// The stream has gone on elsewhere and stands at `now`. Of a price its snapshot comes behind the
// gap; it alone says where a later epoch stands.
gaps_before gaps_of_move(const stream_key& stream, stream_position position,
                         const stream_head& now);

} // namespace tradepulse
