#pragma once

#include <deque>

#include "actors/distribution/waiting_stream.hpp"

namespace tradepulse {

// Of a stream of which every event counts (trades, klines): each one once, in order, as the encoded
// bytes of its bursts, which are shared with all who get them and never copied; or the `gap` that
// says what cannot be had. Nothing is merged or dropped, so its owner bounds it.
class lossless_queue final : public waiting_stream {
 public:
  lossless_queue(const stream_key& stream, stream_position position, bool numbers_as_strings)
      : stream_(stream), numbers_as_strings_(numbers_as_strings), through_(position) {}

  stream_position through() const noexcept override { return through_; }
  void add(const event_burst& burst) override;
  void add_move(const stream_head& now) override;

  bool empty() const noexcept override { return pieces_.empty(); }
  std::size_t take(std::size_t bytes, handed_item& into) override;
  void put_back(handed_item item) override;

  bool is_bearable() const noexcept override { return true; }
  std::size_t lossless_bytes() const noexcept override { return bytes_; }

  // What a piece takes: its text, and what it is held with.
  static std::size_t bytes_of(const kept_frames& piece) noexcept {
    return sizeof piece + piece.frames.length;
  }

 private:
  void push(kept_frames piece);
  void push_gaps(std::string frames, std::uint32_t count, stream_position through);

  stream_key stream_;
  bool numbers_as_strings_;
  std::deque<kept_frames> pieces_;
  std::size_t bytes_ = 0; // of them
  stream_position through_;
};

} // namespace tradepulse
