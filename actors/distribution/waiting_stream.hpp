#pragma once

#include <cstddef>
#include <memory>

#include "actors/messages.hpp"
#include "protocol/event_burst.hpp"

namespace tradepulse {

// Where a client that is sent away goes on with a stream.
struct resume_point {
  stream_key stream;
  stream_position reached; // it was sent all up to here
};

// What one slow reader has not been sent of one stream, behind the `gap` messages that must come
// first. How much of it stays is decided by the stream's kind: prices and quotes become one message
// (conflation), of all others nothing is ever dropped (lossless_queue).
class waiting_stream {
 public:
  virtual ~waiting_stream() = default;

  // Where the reader stands once it has all that waits here, or is on its way to it.
  virtual stream_position through() const noexcept = 0;
  // Requires: the last event of the burst is above through().
  virtual void add(const event_burst& burst) = 0;
  // Requires: `now` is above through().
  virtual void add_move(const stream_head& now) = 0;

  virtual bool empty() const noexcept = 0;
  // Moves what comes first, worth about `bytes`, into the item; returns its bytes.
  // Requires: !empty().
  virtual std::size_t take(std::size_t bytes, handed_item& into) = 0;
  // It was not written: it comes before what has arrived since.
  virtual void put_back(handed_item item) = 0;

  // It may be kept for the reader. Otherwise the reader has to go.
  virtual bool is_bearable() const noexcept = 0;
  // What of the bound on lossless streams it takes.
  virtual std::size_t lossless_bytes() const noexcept = 0;
};

// As the stream's kind asks for.
std::unique_ptr<waiting_stream>
make_waiting_stream(const stream_key& stream, stream_position position, bool numbers_as_strings);

} // namespace tradepulse
