#pragma once

#include <string>
#include <vector>

#include "protocol/candle.hpp"
#include "protocol/ports/bars.hpp"
#include "runtime/rest/bar_request.hpp"
#include "runtime/rest/bar_stream.hpp"

namespace tradepulse {

// What is stored together with what memory has: closes that wait for their commit, and what is
// open. Of one start that counts which has the greater position, and last what has none.
// `committed` goes up to where all is there. Requires: `stored` answers `query`.
void add_memory(bars_of_symbol& stored, const bar_stream& from, const bar_query& query);

// "timestamp","start","end","open","high","low","close","volume","quote_volume"?,
// "taker_buy_volume"?,"taker_buy_quote_volume"?,"trades"?,"first_trade_id"?,"last_trade_id"?,
// "closed","epoch","seq","revision"?,"source_epoch"?,"first_seq"?,"last_seq"?,"partial"?,
// "through"?,"provisional"?
// `timestamp` is the start. null: `volume` where the source said none, `closed` where another
// program wrote the bar and did not say, `epoch` and `seq` of such a bar and of an open candle.
void append_bar(std::string& out, const bar& of);

// {"symbol","interval","source","epoch","seq","count","data":[{...}],"next"?,"gaps":[...]}
// `epoch`, `seq`: all events of the stream up to there are in `data`, as far as they are about
// these bars; go on from there. null: nothing of it is numbered.
// `next`: where bars are left, what goes on with them: as `start` of a range, else as `end`.
// Milliseconds; ISO-8601 where a query would not take them for such.
// `gaps`: numbers that subscribers have, and neither the tables nor memory.
std::string bars_body(const bar_request& asked, const bar_stream& from,
                      const bars_of_symbol& found);

} // namespace tradepulse
