#pragma once

#include <cstdint>

#include "actors/distribution/subscriber.hpp"
#include "protocol/frame_slice.hpp"

namespace tradepulse {

// One piece of a recovery as it goes to the client of a subscription that stands at its position.
struct recovery_frames {
  frame_slice frames; // empty: its client has all of it
  std::size_t events = 0;
  std::uint32_t gaps = 0;
};
recovery_frames frames_of(const subscription& of, const recovery::item& due);

} // namespace tradepulse
