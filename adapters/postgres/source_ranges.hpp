#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "protocol/stream_position.hpp"

namespace tradepulse {

// Which leaves of the journal of klines can hold which of upstream's numbers, as far as a reader
// has learned it: numbers may be anywhere, so each leaf of a stream has to be looked into once, and
// those that get no more rows never again. Pure. Thread: one at a time.
class source_ranges {
 public:
  struct range {
    std::int64_t low;
    std::int64_t high;
  };
  // A stream's rows of journal_leaves: which epochs are in which leaf ("YYYYMMDD").
  struct place {
    tradepulse::epoch epoch;
    std::string leaf;
  };
  struct leaf {
    std::string name;
    std::size_t epochs = 0;
    bool closed = false; // of each epoch in it there is a later leaf: it gets no more rows
  };
  // In the order of days. Requires: `places` is in the order of (epoch, leaf).
  static std::vector<leaf> leaves_of(const std::vector<place>& places);

  // What is known of a leaf; the inner one is absent where it has no numbers.
  std::optional<std::optional<range>> find(std::int32_t stream_id, const leaf& of) const;
  void learn(std::int32_t stream_id, const leaf& of, std::optional<range> numbers);

 private:
  static constexpr std::size_t most = 200'000; // leaves; then it begins anew
  struct known {
    std::size_t epochs;
    std::optional<range> numbers;
  };
  std::unordered_map<std::int32_t, std::map<std::string, known>> streams_;
  std::size_t count_ = 0;
};

} // namespace tradepulse
