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
  // ISO-8601 with a zone, or seconds or milliseconds since 1970: those of 2000 to 2100 do not
  // overlap. Errors: bad_request, naming the parameter, the value and what is allowed.
  result<std::optional<time_ms>> time(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> members_;
  std::optional<std::string> undecodable_;
};

} // namespace tradepulse
