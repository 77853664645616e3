#pragma once

#include <string>

#include "protocol/event_burst.hpp"
#include "protocol/ports/source_history.hpp"
#include "runtime/rest/missed_answer.hpp"
#include "runtime/rest/missed_klines_request.hpp"

namespace tradepulse {

// What GET /api/v1/klines/missed says: {"symbol","fromSeq","toSeq","count","data":[{"seq","symbol",
// "timestamp","kline":{"t","T","s","o","h","l","c","v"},"revision"?,"partial"?}],"stream",
// "numbering","epoch"?,"next"?,"gaps":[{"from","to","reason"}]}. Each number above fromSeq and up
// to toSeq (up to `next` where there is one) is in `data` or in `gaps`.

// By the engine's numbers, of `from`: klines or candles. Requires: its events are spelled by
// spelling_of(from).
std::string missed_klines_body(const missed_klines_request& asked, stream_kind from,
                               const missed_answer& gathered);

// By upstream's. Reasons: upstream (it sent none of that number), not_kept (below the first number
// of the journal, of a stream of which something was taken away; or below all that other programs
// have stored, of one that the engine does not know), unusable (another program stored a row of
// that number of which no kline can be made), not_committed (subscribers may have it, the database
// has not yet: above all that is stored, and each one where events of an epoch before wait),
// not_yet (above all that came).
std::string missed_klines_body(const missed_klines_request& asked, const source_page& page,
                               const source_published& published);

// How the events of a stream of klines or of candles are written:
// {"seq","symbol","timestamp","kline":{..}}. Of a candle `T` is the start + the interval, and `v`
// is null where no event of it has a size; there is `revision`, which is 0 for a close and 1, 2,
// ... for what corrects it, with the same `t`, and `partial` where it is that.
missed_answer::spelling spelling_of(stream_kind from);

} // namespace tradepulse
