#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tradepulse {

// Why something failed. The number is what clients see in an `error` message and stays for ever;
// the name is what they see in REST (`{"error":{"code":"<name>",...}}`).
enum class errc : std::uint16_t {
  internal = 1000,
  bad_request = 1001,     // a message or a parameter against its form
  unknown_message = 1002, // a `type` that is not known
  unsupported = 1003,     // known, and not offered (yet)
  symbol_invalid = 1004,  // against the rule for symbols
  unknown_symbol = 1005,  // nobody has ever seen it
  not_owner = 1006,       // this node does not hold the symbol's partition now
  too_many_subscriptions = 1007,
  too_many_connections = 1008,
  too_large = 1009,
  rate_limited = 1010,
  not_subscribed = 1011,
  unauthorized = 1012,
  forbidden = 1013,
  not_found = 1014,
  method_not_allowed = 1015,
  unsupported_media_type = 1016,
  not_ready = 1017,
  // Values in records and files.
  bad_number = 1100,
  out_of_range = 1101,
  too_precise = 1102,
  bad_time = 1103,
  bad_json = 1104,
  bad_utf8 = 1105,
  missing_member = 1106,
  // Start-up and dependencies.
  configuration = 1200,
  database_unavailable = 1210, // absent, overloaded, cut: try again
  database_refused = 1211,     // it answered no; the detail has the SQLSTATE
  database_busy = 1212,        // overloaded, a lock, a timeout; the connection is good: try again
  log_unavailable = 1220,
  io = 1230,
};

// `errc::not_owner` -> "not_owner".
std::string_view to_string(errc code) noexcept;

// Whether the same request may succeed later without being changed.
bool retryable(errc code) noexcept;

// The HTTP status that goes with the code.
int http_status(errc code) noexcept;

struct errc_entry {
  errc code;
  std::string_view name;
  bool retryable;
  int http_status;
  std::string_view meaning;
};
// Every code; the documentation is compared with it by a test.
std::span<const errc_entry> all_error_codes() noexcept;

// WebSocket close codes, one registry for every dialect.
enum class close_code : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  unsupported_data = 1003,
  invalid_utf8 = 1007,
  policy = 1008,
  too_big = 1009,
  internal = 1011,
  service_restart = 1012,
  try_again_later = 1013,
  bad_request = 4400,
  unauthenticated = 4401,
  forbidden = 4403,
  heartbeat_timeout = 4408,
  replaced = 4409,
  too_many_subscriptions = 4413,
  rate_limited = 4429,
  slow_consumer = 4503,
};

struct close_code_entry {
  close_code code;
  std::string_view meaning;
};
std::span<const close_code_entry> all_close_codes() noexcept;

} // namespace tradepulse
