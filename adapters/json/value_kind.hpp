#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/reject_reason.hpp"

namespace tradepulse::json {

enum class value_kind : std::uint8_t { absent, null, boolean, number, string, object, array };

// With its article: "a number".
std::string_view to_string(value_kind kind) noexcept;

// Why a text is not usable JSON: bad_utf8, bad_json, bad_number, out_of_range or too_deep; no
// reason where it is.
struct parse_fault {
  std::optional<reject_reason> reason;
  std::string detail;

  explicit operator bool() const noexcept { return reason.has_value(); }
};

// What an error shows of a hostile text: quoted, at most 40 characters, printable ones only.
std::string shown(std::string_view text);

// The fault of a text with a byte that is NUL or no UTF-8 at `offset`.
parse_fault utf8_fault(std::string_view text, std::size_t offset);

// Translates a parser's error. NaN and Infinity, no JSON, are told apart where a value was due.
// `exceeded_depth` is 0 or the limit that was exceeded.
parse_fault explain_fault(std::string_view text, std::size_t offset, bool value_expected,
                          bool number_too_big, std::size_t exceeded_depth,
                          std::string_view message);

} // namespace tradepulse::json
