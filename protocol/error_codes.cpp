#include "protocol/error_codes.hpp"

#include <algorithm>
#include <array>

namespace tradepulse {
namespace {

constexpr std::array error_table{
    errc_entry{errc::internal, "internal", true, 500, "a fault of the server"},
    errc_entry{errc::bad_request, "bad_request", false, 400,
               "a message or a parameter against its form"},
    errc_entry{errc::unknown_message, "unknown_message", false, 400, "a `type` that is not known"},
    errc_entry{errc::unsupported, "unsupported", false, 400,
               "known, and not offered by this version"},
    errc_entry{errc::symbol_invalid, "symbol_invalid", false, 400,
               "a symbol against the rule: 1 to 32 characters of A-Za-z0-9._:/=^&+-"},
    errc_entry{errc::unknown_symbol, "unknown_symbol", false, 404,
               "a symbol that nobody has seen yet"},
    errc_entry{errc::not_owner, "not_owner", true, 503,
               "this node does not hold the symbol's partition now"},
    errc_entry{errc::too_many_subscriptions, "too_many_subscriptions", false, 429,
               "the limit of subscriptions"},
    errc_entry{errc::too_many_connections, "too_many_connections", true, 503,
               "the limit of connections, in all or per address"},
    errc_entry{errc::too_large, "too_large", false, 413, "larger than the limit"},
    errc_entry{errc::rate_limited, "rate_limited", true, 429, "too often"},
    errc_entry{errc::not_subscribed, "not_subscribed", false, 400, "there is no such subscription"},
    errc_entry{errc::unauthorized, "unauthorized", false, 401,
               "no token, or one that does not hold"},
    errc_entry{errc::forbidden, "forbidden", false, 403, "the token does not allow it"},
    errc_entry{errc::not_found, "not_found", false, 404, "there is no such route"},
    errc_entry{errc::method_not_allowed, "method_not_allowed", false, 405,
               "the route does not take this method"},
    errc_entry{errc::unsupported_media_type, "unsupported_media_type", false, 415,
               "the body must be application/json"},
    errc_entry{errc::not_ready, "not_ready", true, 503, "starting or draining"},
    errc_entry{errc::bad_number, "bad_number", false, 400, "not a number"},
    errc_entry{errc::out_of_range, "out_of_range", false, 400, "outside the allowed range"},
    errc_entry{errc::too_precise, "too_precise", false, 400, "more than 8 significant decimals"},
    errc_entry{errc::bad_time, "bad_time", false, 400, "not a time, or outside 2000..2100"},
    errc_entry{errc::bad_json, "bad_json", false, 400, "not JSON"},
    errc_entry{errc::bad_utf8, "bad_utf8", false, 400, "not UTF-8, or it contains NUL"},
    errc_entry{errc::missing_member, "missing_member", false, 400, "a required member is absent"},
    errc_entry{errc::configuration, "configuration", false, 500, "the configuration"},
    errc_entry{errc::database_unavailable, "database_unavailable", true, 503,
               "PostgreSQL does not answer"},
    errc_entry{errc::database_refused, "database_refused", false, 500,
               "PostgreSQL refused; the detail has the SQLSTATE"},
    errc_entry{errc::database_busy, "database_busy", true, 503,
               "PostgreSQL is overloaded, or somebody holds a lock"},
    errc_entry{errc::log_unavailable, "log_unavailable", true, 503, "Kafka does not answer"},
    errc_entry{errc::io, "io", false, 500, "a file or a socket"},
};

constexpr std::array close_table{
    close_code_entry{close_code::normal, "normal closure"},
    close_code_entry{close_code::going_away, "going away: the listener closes for good"},
    close_code_entry{close_code::unsupported_data, "binary where text is due"},
    close_code_entry{close_code::invalid_utf8, "invalid UTF-8"},
    close_code_entry{
        close_code::policy,
        "policy: empty frames or control frames without end, a frame against the protocol"},
    close_code_entry{close_code::too_big, "message too big"},
    close_code_entry{close_code::internal, "internal error"},
    close_code_entry{close_code::service_restart,
                     "service restart (drain); the reason says retry_after_ms"},
    close_code_entry{close_code::try_again_later, "try again later"},
    close_code_entry{close_code::bad_request, "bad request"},
    close_code_entry{close_code::unauthenticated, "unauthenticated or expired"},
    close_code_entry{close_code::forbidden, "forbidden"},
    close_code_entry{close_code::heartbeat_timeout, "nothing was received for heartbeat.timeout"},
    close_code_entry{close_code::replaced, "replaced by another connection"},
    close_code_entry{close_code::too_many_subscriptions, "too many subscriptions"},
    close_code_entry{close_code::rate_limited, "rate limited"},
    close_code_entry{close_code::slow_consumer,
                     "slow consumer: nothing could be written for the deadline, or more would wait "
                     "than may"},
};

const errc_entry& entry_of(errc code) noexcept {
  auto found = std::find_if(error_table.begin(), error_table.end(),
                            [code](const errc_entry& e) { return e.code == code; });
  return found == error_table.end() ? error_table.front() : *found;
}

} // namespace

std::string_view to_string(errc code) noexcept {
  return entry_of(code).name;
}
bool retryable(errc code) noexcept {
  return entry_of(code).retryable;
}
int http_status(errc code) noexcept {
  return entry_of(code).http_status;
}
std::span<const errc_entry> all_error_codes() noexcept {
  return error_table;
}
std::span<const close_code_entry> all_close_codes() noexcept {
  return close_table;
}

} // namespace tradepulse
