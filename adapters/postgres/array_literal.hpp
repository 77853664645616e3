#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/decimal.hpp"

namespace tradepulse {

// The text of a one-dimensional PostgreSQL array, built element by element: `{1,NULL,"a"}`.
// Texts are always quoted: an unquoted symbol named NULL would be no value at all.
class array_literal {
 public:
  void add_null() { next() += "NULL"; }
  void add_integer(std::int64_t value) { next() += std::to_string(value); }
  void add_integer(std::optional<std::int64_t> value) { value ? add_integer(*value) : add_null(); }
  void add_decimal(int128 units) { append_decimal(next(), units); }
  // Requires: no NUL in it.
  void add_text(std::string_view value);

  // Closes the array and gives it away.
  std::string take() {
    text_ += text_.empty() ? "{}" : "}";
    return std::move(text_);
  }

 private:
  std::string& next() { return text_ += text_.empty() ? '{' : ','; }

  std::string text_;
};

} // namespace tradepulse
