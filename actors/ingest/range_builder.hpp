#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "actors/ingest/ingest_range.hpp"
#include "protocol/ports/dead_letter_sink.hpp"
#include "protocol/ports/tick_decoder.hpp"

namespace tradepulse {

// Turns a batch into a range: decodes, groups by symbol, sets aside what cannot be used.
class range_builder {
 public:
  explicit range_builder(std::shared_ptr<tick_decoder> decoder);

  struct built {
    std::shared_ptr<ingest_range> range; // not opened yet
    std::vector<dead_letter> letters;
    std::size_t ticks = 0;
    std::size_t skipped = 0;
    std::size_t tombstones = 0;
  };
  // `from`: where the range begins (the end of the one before). Records of `stopped` symbols
  // become dead letters.
  built build(std::shared_ptr<const record_batch> batch, next_offset from,
              const std::unordered_set<symbol>& stopped);

 private:
  std::shared_ptr<tick_decoder> decoder_;
  std::unordered_map<symbol, std::uint32_t> ids_; // dense, so that grouping is counting
  std::vector<symbol> names_;
  // Buffers that keep their memory from batch to batch.
  std::vector<std::uint32_t> counts_; // by id
  std::vector<std::uint32_t> present_;
  std::vector<std::pair<std::uint32_t, tick>> decoded_;
};

} // namespace tradepulse
