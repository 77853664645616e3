#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "adapters/json/value_kind.hpp"

namespace tradepulse::json {

// A member that a decoder wants, and what the text had for it. `text` is the value of a string
// (unescaped) or of a number (as written); it lives until the next reading or the end of the JSON
// text it was read from.
struct member {
  std::string_view name;
  value_kind kind = value_kind::absent;
  std::string_view text{};
};

// Reads wanted members of an object, and of one object in it. A doubled member: the last one wins,
// wholly. Members that are not wanted are checked as JSON and ignored.
// Thread: one at a time (it keeps buffers).
class member_reader {
 public:
  static constexpr std::size_t max_depth = 32;
  static constexpr std::size_t max_members = 16;

  // Wants `top`, and `inner` of the object that `inner_of` (one of `top`, or empty) names.
  // Requires: at most max_members in all.
  member_reader(std::span<const std::string_view> top, std::string_view inner_of,
                std::span<const std::string_view> inner);
  ~member_reader();
  member_reader(const member_reader&) = delete;
  member_reader& operator=(const member_reader&) = delete;

  // The scanner first, the parser where it declines.
  parse_fault read(std::string_view json);
  // By RapidJSON alone.
  parse_fault read_by_parser(std::string_view json);
  // The common shape only: ASCII, no escapes, no exponents, no arrays, no other nested object.
  // False for everything else, good or bad: then nothing is said about the text. What it accepts,
  // the parser accepts with the same members (a test holds the two against each other).
  bool read_by_scanner(std::string_view json);

  // The kind of the text itself; the members are those of an object.
  value_kind root() const noexcept { return root_; }
  const member& top(std::size_t index) const noexcept { return top_[index]; }
  const member& inner(std::size_t index) const noexcept { return inner_[index]; }

 private:
  class visitor;
  struct parser;

  void reset() noexcept;

  value_kind root_ = value_kind::absent;
  member top_[max_members];
  member inner_[max_members];
  std::size_t top_size_;
  std::size_t inner_size_;
  std::size_t inner_of_; // index into top_, max_members where there is none
  std::unique_ptr<parser> parser_;
};

} // namespace tradepulse::json
