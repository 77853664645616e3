#pragma once

#include <string_view>

#include "actors/market/symbol_directory.hpp"
#include "protocol/ports/history.hpp"
#include "protocol/ports/http_service.hpp"

namespace tradepulse {

// GET /api/v1/events/missed?symbol&stream&epoch&fromSeq&toSeq&limit; answers later.
// Requires: `history` answers every question before it ends.
http_response missed_events(const symbol_directory& directory, history_source& history,
                            std::string_view query);

} // namespace tradepulse
