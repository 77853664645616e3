#pragma once

#include <string_view>

#include "protocol/ports/http_service.hpp"
#include "runtime/rest/bar_stream.hpp"

namespace tradepulse {

// GET /bars/latest?symbols=A,B&interval, or of all symbols ?interval&limit&after: the newest bar of
// each, which may be open.
// {"interval","count","data":[{"symbol","source",<append_bar>,"position":{"epoch","seq"}|null}],
//  "missing":[..],"not_owner":[..]?,"next"?}
// `position`: of the stream; go on from there. `missing`: symbols that were asked for and have no
// bar of that length. `next`: the `after` of the symbols behind these. Answers later.
http_response latest_bars(const bar_parts& parts, std::string_view query);

} // namespace tradepulse
