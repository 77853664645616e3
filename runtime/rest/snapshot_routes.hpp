#pragma once

#include <string_view>

#include "actors/market/symbol_directory.hpp"
#include "protocol/ports/http_service.hpp"

namespace tradepulse {

// GET /api/snapshots/{symbol}; `segment` still percent-encoded.
http_response get_snapshot(const symbol_directory& directory, std::string_view segment);
// GET /api/snapshots?limit&after: in the order of the symbols, in slices.
http_response list_snapshots(const symbol_directory& directory, std::string_view query);
// POST /api/snapshots/query {"symbols":[..]}
http_response query_snapshots(const symbol_directory& directory, const http_request& request);

} // namespace tradepulse
