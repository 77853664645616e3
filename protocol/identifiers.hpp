#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "protocol/result.hpp"
#include "protocol/strong.hpp"

namespace tradepulse {

// Which owner's turn it is: rises with every claim of a partition.
using generation = strong<struct generation_tag>;
// The offset of the first record that is not applied yet; what ingest_offsets keeps.
using next_offset = strong<struct next_offset_tag>;
// What lag tools see in Kafka; never decides anything.
using committed_offset = strong<struct committed_offset_tag>;
// The offset one past the end of a partition's log.
using high_watermark = strong<struct high_watermark_tag>;
// A record's own place in its partition.
using record_offset = strong<struct record_offset_tag>;
// One client connection of this process; never used again.
using connection_id = strong<struct connection_id_tag, std::uint64_t>;

// 1 to 32 characters of A-Za-z0-9._:/=^&+- , held in place (no allocation).
class symbol {
 public:
  static constexpr std::size_t max_size = 32;

  constexpr symbol() noexcept = default;
  // Errors: symbol_invalid, with the text (shortened) and the rule.
  static result<symbol> parse(std::string_view text);
  static bool valid(std::string_view text) noexcept;

  std::string_view view() const noexcept { return {text_.data(), size_}; }
  std::string str() const { return std::string(view()); }
  bool empty() const noexcept { return size_ == 0; }
  friend bool operator==(const symbol& a, const symbol& b) noexcept { return a.view() == b.view(); }
  friend auto operator<=>(const symbol& a, const symbol& b) noexcept {
    return a.view() <=> b.view();
  }

 private:
  std::array<char, max_size> text_{};
  std::uint8_t size_ = 0;
};

struct topic_partition {
  std::string topic;
  std::int32_t partition = 0;

  friend auto operator<=>(const topic_partition&, const topic_partition&) = default;
  // `price-ticks/3`, for logs and metrics.
  std::string to_string() const { return topic + "/" + std::to_string(partition); }
};

} // namespace tradepulse

template <>
struct std::hash<tradepulse::symbol> {
  std::size_t operator()(const tradepulse::symbol& s) const noexcept {
    return std::hash<std::string_view>{}(s.view());
  }
};

template <>
struct std::hash<tradepulse::topic_partition> {
  std::size_t operator()(const tradepulse::topic_partition& tp) const noexcept {
    return std::hash<std::string>{}(tp.topic) * 31 + static_cast<std::size_t>(tp.partition);
  }
};
