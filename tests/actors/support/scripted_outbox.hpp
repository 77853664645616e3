#pragma once

#include <string>
#include <utility>

#include "protocol/ports/client_connection.hpp"

namespace tradepulse::samples {

// An outbox whose socket takes nothing until the test says so: bounded in bytes like the real one
// (whole or not at all; an empty one takes any slice).
class scripted_outbox : public outbox {
 public:
  explicit scripted_outbox(std::size_t limit = 1 << 20) : limit_(limit) {}

  push_outcome push(frame_slice frames) override {
    if (closed)
      return push_outcome::closed;
    if (refuse_next > 0 || (!queued_.empty() && queued_.size() + frames.length > limit_)) {
      refuse_next -= refuse_next > 0 ? 1 : 0;
      owes_drained_ = true;
      ++refused;
      return push_outcome::refused;
    }
    queued_ += frames.view();
    ++pushes;
    return push_outcome::accepted;
  }
  void flush() override { ++flushes; }
  std::size_t queued_bytes() const noexcept override { return queued_.size(); }
  void close(close_code, std::string_view) override { closed = true; }

  // Everything reaches the client. True where on_drained() is due.
  bool drain(std::string& into) {
    into += std::exchange(queued_, {});
    return std::exchange(owes_drained_, false);
  }
  std::string drained() {
    std::string out;
    drain(out);
    return out;
  }

  int refuse_next = 0;
  int refused = 0;
  int pushes = 0;
  int flushes = 0;
  bool closed = false;

 private:
  std::size_t limit_;
  std::string queued_;
  bool owes_drained_ = false;
};

} // namespace tradepulse::samples
