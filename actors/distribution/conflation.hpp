#pragma once

#include <string>

#include "actors/distribution/waiting_stream.hpp"

namespace tradepulse {

// Of a stream of prices or quotes: at most one message with the extremes of all it swallowed, never
// of two epochs, behind the `gap` messages and join snapshots that must come first. So its size
// does not grow with time.
class conflation final : public waiting_stream {
 public:
  // Frames that may wait before the update; a stream that changes its epoch or its home more often
  // than a reader reads is not worth keeping.
  static constexpr std::size_t max_preface_bytes = 16 * 1'024;

  conflation(const stream_key& stream, stream_position position, bool numbers_as_strings)
      : stream_(stream), numbers_as_strings_(numbers_as_strings), through_(position) {}

  stream_position through() const noexcept override { return through_; }
  void add(const event_burst& burst) override;
  void add_move(const stream_head& now) override;

  bool empty() const noexcept override { return !waits_; }
  std::size_t take(std::size_t bytes, handed_item& into) override;
  void put_back(handed_item item) override;

  bool is_bearable() const noexcept override { return preface_.size() <= max_preface_bytes; }
  std::size_t lossless_bytes() const noexcept override { return 0; }

 private:
  // Where the client stands if what is pending is dropped, as it is where a gap follows.
  stream_position drop_update();

  stream_key stream_;
  bool numbers_as_strings_;
  std::string preface_;
  std::uint32_t gaps_ = 0; // in it
  merged_event update_;
  stream_position through_;
  bool waits_ = false; // also where it is only the position: a move from nowhere says nothing
};

} // namespace tradepulse
