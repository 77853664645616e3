#pragma once

#include <string>

#include "actors/distribution/subscriber.hpp"

namespace tradepulse {

// Whether the burst, from its event `first` on, does not simply follow the subscription's position.
inline bool needs_gap(const subscription& of, const price_burst& burst, std::size_t first) {
  const sequence comes = burst.events()[first].seq;
  return burst.epoch() == of.position.epoch ? comes.value() != of.position.seq.value() + 1
                                            : of.position.epoch.value() > 0 || comes.value() != 1;
}

// The `gap` messages that must come before it, as frames: the end of an epoch, and numbers that
// nobody here can give (only their position was stored). Never silence.
struct gaps_before {
  std::string frames;
  std::uint32_t count = 0;
};
gaps_before announce(const subscription& of, const price_burst& burst, std::size_t first);

} // namespace tradepulse
