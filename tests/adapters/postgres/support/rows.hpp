#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/ports/range_store.hpp"

// Values for tests, short to write.
namespace tradepulse::test {

inline const topic_partition part0{"price-ticks", 0};
inline const topic_partition part1{"price-ticks", 1};

inline symbol sym(std::string_view text) {
  return symbol::parse(text).value();
}
inline time_ms at_ms(std::int64_t ms) {
  return time_ms{std::chrono::milliseconds{ms}};
}

// A row whose last event, number `seq` of epoch `e`, is the one shown.
inline stream_row row(std::string_view name, std::int64_t e, std::int64_t seq,
                      std::string_view price_text, std::int64_t ms,
                      const topic_partition& home = part0) {
  stream_row out;
  out.stream.symbol = sym(name);
  out.stream.position = {epoch{e}, sequence{seq}};
  out.stream.home = home;
  out.stream.snapshot = price_snapshot{{sym(name), out.stream.position, stream_kind::price},
                                       price::parse(price_text).value(),
                                       std::nullopt,
                                       at_ms(ms),
                                       sequence{seq},
                                       std::nullopt};
  return out;
}

inline range_commit range(const topic_partition& source, std::int64_t gen, std::int64_t from,
                          std::int64_t to, std::vector<stream_row> rows) {
  return {.source = source,
          .gen = generation{gen},
          .from = next_offset{from},
          .to = next_offset{to},
          .cluster_id = "cluster-1",
          .last_applied = std::nullopt,
          .rows = std::move(rows),
          .events = {}};
}

// A claim and, where the partition was never seen, its first position.
inline generation own(range_store& store, const topic_partition& source, std::int64_t start = 0,
                      std::string_view owner = "node-1") {
  auto claimed = store.claim(source, owner);
  if (!claimed)
    throw std::runtime_error(claimed.failure().detail);
  if (!claimed->next) {
    auto moved = store.reposition({.source = source,
                                   .gen = claimed->gen,
                                   .next = next_offset{start},
                                   .cluster_id = "cluster-1"});
    if (!moved)
      throw std::runtime_error(moved.failure().detail);
  }
  return claimed->gen;
}

// What a commit came to, as a word: expectations read better than variant indices.
inline std::string word(const commit_outcome& outcome) {
  struct {
    std::string operator()(const committed& c) { return "committed " + std::to_string(c.rows); }
    std::string operator()(const fenced&) { return "fenced"; }
    std::string operator()(const try_again& t) { return "try_again: " + t.why.detail; }
    std::string operator()(const outcome_unknown& u) { return "outcome_unknown: " + u.why.detail; }
    std::string operator()(const rows_refused& r) {
      std::string out = "rows_refused";
      for (const auto& one : r.rows)
        out += " " +
               (one.stream.kind == stream_kind::price ? one.stream.symbol.str()
                                                      : one.stream.to_string()) +
               "/" + one.sqlstate;
      return out;
    }
  } say;
  return std::visit(say, outcome);
}

} // namespace tradepulse::test
