#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "protocol/result.hpp"

namespace tradepulse::config {

struct endpoint {
  std::string host; // without the brackets of an IPv6 address
  std::uint16_t port = 0;

  friend bool operator==(const endpoint&, const endpoint&) = default;
};

// `host:port`, `[::1]:9092`. Errors: configuration, with what is expected.
result<endpoint> parse_endpoint(std::string_view text);
std::string to_string(const endpoint& where);
// Comma between them, as librdkafka's bootstrap.servers wants it.
std::string to_string(std::span<const endpoint> list);

} // namespace tradepulse::config
