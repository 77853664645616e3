#pragma once

#include <string>
#include <string_view>

#include "protocol/ports/http_service.hpp"
#include "runtime/rest/bar_stream.hpp"

namespace tradepulse {

// `path` below /bars or /api/bars, without it: "" for none of its routes.
//   /{symbol}?interval&end&limit              the newest ones before `end`
//   /{symbol}/range?start&end&interval&limit  from `start` on
//   /latest?symbols&interval or ?interval&limit&after   the newest of each symbol (latest_bars)
// The first two answer with bars_body(); all of them answer later.
// Errors: bad_request, symbol_invalid; unknown_symbol where a symbol has no bars of that length;
// not_owner; those of the database.
// Requires: parts.stored answers every question before it ends.
http_response bars_route(const bar_parts& parts, std::string_view path, std::string_view query);

} // namespace tradepulse
