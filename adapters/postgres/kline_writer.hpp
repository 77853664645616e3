#pragma once

#include <chrono>
#include <cstdint>
#include <span>

#include "adapters/postgres/kline_rows.hpp"

namespace tradepulse {

// What a connection knows of where klines go, and when it asks again.
// Thread: one at a time.
class kline_writer {
 public:
  using clock = std::chrono::steady_clock;

  // What the rows' numbers will be.
  explicit kline_writer(kline_numbers numbers = kline_numbers::engine) : numbers_(numbers) {}

  // Before the transaction: asks on a new connection, after forget(), and once a minute while
  // klines wait. Where the operator has dropped the key that kept them out, what waited is brought
  // in, in a transaction of its own; where that fails it is tried again a minute later, and
  // target().waiting says so. Throws: what libpqxx throws. Blocks: three calls at most.
  void make_ready(database_session::call& db, clock::time_point now);
  // Within the transaction. Requires: make_ready(), keep_newest_of_each().
  kline_counts write(database_session::call& db, std::span<const kline_row> rows);
  // The transaction failed with 42P01: `tradepulse migrate` has moved the table. Make it again.
  void forget() noexcept { connection_ = 0; }

  const kline_target& target() const noexcept { return target_; }

 private:
  void release(database_session::call& db);

  static constexpr std::chrono::minutes ask_again_after{1};

  kline_numbers numbers_;
  std::uint64_t connection_ = 0; // the one that target_ is of; 0: none
  clock::time_point asked_{};
  kline_target target_;
};

} // namespace tradepulse
