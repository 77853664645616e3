#pragma once

#include <string_view>

#include "protocol/ports/history.hpp"
#include "protocol/ports/http_service.hpp"
#include "protocol/ports/source_history.hpp"
#include "runtime/rest/bar_stream.hpp"

namespace tradepulse {

// What GET /api/v1/klines/missed is answered from; all of it answers every question before it ends.
struct missed_klines_parts {
  const bar_parts* bars = nullptr; // which stream it is; not used any more once a route returns
  history_source* history = nullptr;
  source_history* source = nullptr; // null: clients count klines by the engine's numbers
};

// GET /api/v1/klines/missed?symbol&fromSeq&toSeq&limit&interval, of klines or of candles
// (find_missed_stream); answers later.
http_response missed_klines(const missed_klines_parts& parts, std::string_view query);

} // namespace tradepulse
