#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "protocol/stream_kind.hpp"

// Which table holds the events of which streams. Each is partitioned by day, its leaves are called
// <table>_YYYYMMDD.
namespace tradepulse {

// A set of kinds of streams: those that are journalled.
class journal_kinds {
 public:
  constexpr journal_kinds() noexcept = default;
  constexpr journal_kinds(std::initializer_list<event_kind> each) noexcept {
    for (const auto kind : each)
      insert(kind);
  }
  static constexpr journal_kinds all() noexcept {
    return {event_kind::price, event_kind::trade, event_kind::quote, event_kind::kline,
            event_kind::candle};
  }

  constexpr void insert(event_kind kind) noexcept { bits_ |= bit(kind); }
  constexpr bool contains(event_kind kind) const noexcept { return (bits_ & bit(kind)) != 0; }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  friend constexpr bool operator==(journal_kinds, journal_kinds) noexcept = default;

 private:
  static constexpr unsigned bit(event_kind kind) noexcept {
    return 1U << static_cast<unsigned>(kind);
  }
  unsigned bits_ = 0;
};

struct journal_table {
  event_kind kind;
  std::string_view word;    // "trade": what its streams begin with, in tables and configuration
  std::string_view name;    // "journal_trades"
  std::string_view written; // columns of COPY, in the order of journal_rows
  std::string_view read;    // those of its events for journal_decoding, behind the common ones
};

// One of each kind.
std::span<const journal_table> journals() noexcept;
// Requires: journal_kinds::all() contains it.
const journal_table& journal_of(event_kind kind);
// By `word`; null where there is none.
const journal_table* find_journal(std::string_view word) noexcept;

// How logs and errors name a stream: "AAPL" its price, "AAPL/trade" another.
std::string label_of(const stream_key& key);

} // namespace tradepulse
