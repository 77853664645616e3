#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/result.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse {

// Percent-decoded once; `+` is a space only where `plus_is_space`. nullopt: a bad escape or NUL.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

// Of digits up to ten are seconds since 1970 (up to 2286), twelve and more milliseconds since 1970
// (of 1973-03-03 and later); eleven may be either one mistyped.
inline constexpr std::size_t most_digits_of_seconds = 10;
inline constexpr time_ms earliest_in_milliseconds{std::chrono::milliseconds{100'000'000'000}};

// The members of a query ("limit=10&after=AAPL"), decoded. Of a doubled one the last counts; what
// cannot be decoded is left out.
class query_string {
 public:
  explicit query_string(std::string_view text);

  std::optional<std::string> value(std::string_view name) const;
  // The name of a member whose value could not be decoded.
  const std::optional<std::string>& undecodable() const noexcept { return undecodable_; }
  // Errors: bad_request, naming the parameter, the value and the range.
  result<std::optional<std::uint64_t>> number(std::string_view name, std::uint64_t least,
                                              std::uint64_t most) const;
  // ISO-8601 with a zone, of the years 1 to 9999, or seconds or milliseconds since 1970.
  // Errors: bad_request, naming the parameter, the value and what is allowed.
  result<std::optional<time_ms>> time(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> members_;
  std::optional<std::string> undecodable_;
};

} // namespace tradepulse
