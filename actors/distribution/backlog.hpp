#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "actors/distribution/waiting_stream.hpp"

namespace tradepulse {

// What one slow reader has not been sent, of all its streams. Each stream has its turn: what it has
// leaves in its order, a part at a time, oldest stream first.
// Bounded: merged streams by the number of subscriptions, lossless ones by bytes. Never by time.
class backlog {
 public:
  backlog(bool numbers_as_strings, std::size_t max_lossless_bytes)
      : numbers_as_strings_(numbers_as_strings), max_lossless_bytes_(max_lossless_bytes) {}

  // `before` is the subscription's delivered position, `group` its request: they rise, and what
  // waits is of the latest alone. Something: the bound is reached by this stream, and the reader
  // must be sent away.
  [[nodiscard]] std::optional<resume_point> add(const event_burst& burst, stream_position before,
                                                std::uint64_t group);
  [[nodiscard]] std::optional<resume_point> add_move(stream_index index, const stream_head& now,
                                                     stream_position before, std::uint64_t group);
  void forget(stream_index index);
  void clear();

  // Moves what waits into items worth about `bytes`; one a stream.
  std::vector<handed_item> take(std::size_t bytes);
  // The items of the last take() were written, but for the refused ones: these come before what has
  // arrived since.
  void taken(std::vector<handed_item> refused);

  bool empty() const noexcept { return line_.empty(); }
  std::size_t streams() const noexcept { return entries_.size(); }
  // Of lossless streams, as it counts against the bound: what waits, and what is on its way.
  std::size_t lossless_bytes() const noexcept { return waiting_bytes_ + bytes_on_their_way_; }

 private:
  struct entry {
    std::unique_ptr<waiting_stream> stream;
    std::uint64_t group = 0;
    std::optional<std::list<stream_index>::iterator> turn; // its place in line_
    bool on_its_way = false;                               // something, with the last take()
  };
  // Null where a later request's events have come.
  entry* entry_for(stream_index index, const stream_key& stream, stream_position before,
                   std::uint64_t group);
  template <class Change>
  void change(entry& at, Change&& what);
  std::optional<resume_point> keep(stream_index index, entry& at, const stream_key& stream,
                                   stream_position before);
  void drop_idle(stream_index index);

  bool numbers_as_strings_;
  std::size_t max_lossless_bytes_;
  // A stream that waits or is on its way. Each is left, begun anew or taken in constant time,
  // however many there are.
  std::unordered_map<stream_index, entry> entries_;
  std::list<stream_index> line_; // oldest first
  std::vector<stream_index> on_their_way_;
  std::size_t waiting_bytes_ = 0;
  std::size_t bytes_on_their_way_ = 0;
};

} // namespace tradepulse
