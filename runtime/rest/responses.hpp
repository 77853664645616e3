#pragma once

#include <string>
#include <string_view>

#include "protocol/identifiers.hpp"
#include "protocol/ports/http_service.hpp"
#include "protocol/result.hpp"

// Answers that all routes of REST have in common.
namespace tradepulse {

http_response json_response(int status, std::string body);
// {"error":{"code","message","retryable"}}; with Retry-After where the same request may succeed.
http_response error_response(errc code, std::string_view message);

// The same as the answer of a route. Requires: `route` outlives the answer.
http_response routed(http_response out, std::string_view route);
http_response refused(const error& why, std::string_view route);

// not_owner, with the symbol.
error held_elsewhere(const symbol& name);

} // namespace tradepulse
