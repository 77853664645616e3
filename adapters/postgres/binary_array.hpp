#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/decimal.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse {

// A one-dimensional PostgreSQL array as its binary parameter (array_recv), built element by
// element. Against the text of an array it spares the server the reading of quotes and digits.
// Elements at the end that are absent are left out: an array of nothing else is empty, which
// costs nothing a row. The statement takes absent elements for a default.
class binary_array {
 public:
  enum class type : std::uint32_t {
    bytea = 17,
    int8 = 20,
    int2 = 21,
    int4 = 23,
    text = 25,
    timestamptz = 1184,
    numeric = 1700
  };

  explicit binary_array(type elements) : type_(elements) {}

  void add_absent() noexcept { ++absent_; }
  // Requires: the value fits the type.
  void add_integer(std::int64_t value);
  // Exact, with 8 decimals or with 16.
  void add_decimal(int128 units, int places = decimal_places);
  void add_time(time_ms time);
  void add_bytes(std::string_view value);
  // Requires: no NUL in it.
  void add_text(std::string_view value);

  // Closes the array and gives it away.
  std::string take();

 private:
  void begin_element(std::size_t bytes);
  void put(std::uint64_t value, std::size_t bytes);

  const type type_;
  std::string bytes_; // elements, each behind its length
  std::uint32_t count_ = 0;
  std::uint32_t absent_ = 0; // not written yet: perhaps the last ones
  bool holds_null_ = false;
};

} // namespace tradepulse
