#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/result.hpp"

// Whole numbers, durations and sizes as text. Fractions are taken where they come out whole
// (`1.5s` is 1500 ms); nothing is rounded and nothing passes through a double.
namespace tradepulse::config {

// Errors: bad_number, with what is expected; out_of_range beyond 64 bit.
result<std::int64_t> parse_integer(std::string_view text);
// In milliseconds: a number alone, or with ns, us, ms, s, m, h, d or the long names of HOCON.
result<std::int64_t> parse_duration(std::string_view text);
// In bytes: a number alone, or with B, kB, MB, GB, TB (1000), KiB, MiB, GiB, TiB, K, M, G, T
// (1024) or the long names of HOCON.
result<std::int64_t> parse_size(std::string_view text);

// In the greatest unit that leaves a whole number: "250ms", "1m", "64KiB", "1MB".
std::string format_duration(std::int64_t milliseconds);
std::string format_size(std::int64_t bytes);

} // namespace tradepulse::config
