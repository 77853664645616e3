#pragma once

#include <string>

#include "protocol/since_point.hpp"
#include "protocol/stream_kind.hpp"

namespace tradepulse {

// As errors and logs name it: a symbol alone is its price.
std::string named(const stream_key& stream);

// Why a client is sent away, as a close frame says it, so that it knows how to come back:
// {"retry_after_ms","symbol","stream"?,"epoch","seq"} (or "time" in place of the position); the
// stream where it is not `price`. Never longer than a close frame takes: where numbers are so long
// that it would be, retry_after_ms is left out.
std::string resume_reason(const stream_key& stream, const since_point& reached);

} // namespace tradepulse
