#pragma once

// Private to adapters/web.
#include <string_view>

#include "adapters/web/frame_counter.hpp"
#include "adapters/web/limits.hpp"
#include "adapters/web/net.hpp"
#include "adapters/web/token_bucket.hpp"

namespace tradepulse::web {

// What one WebSocket client sends, measured: whether it is alive, and whether it says too much.
// Thread: one.
class inbound_meter {
 public:
  inbound_meter(const connection_limits& limits, time_point now) noexcept;

  // Bytes as they came. False: this is a flood.
  bool take_bytes(std::string_view bytes, time_point now) noexcept;
  // A text message. False: one too many.
  bool take_message() noexcept { return messages_.take(1, last_heard_); }
  // When a frame last came. Any frame is life; a frame that never ends is not.
  time_point last_heard() const noexcept { return last_heard_; }

 private:
  time_point last_heard_;
  frame_counter counter_;
  token_bucket messages_;
  token_bucket frames_;
  token_bucket bytes_;
};

} // namespace tradepulse::web
