#pragma once

#include <memory>
#include <vector>

#include <pqxx/pqxx>

#include "protocol/candle_state.hpp"
#include "protocol/result.hpp"

// Rows of candles and of their states. Private to this folder: it shows libpqxx.
namespace tradepulse {

// Rows with the columns of sql::candles_of_keys(). Errors: database_refused with the row and the
// value that is none of ours: somebody else has changed it.
result<std::vector<stored_candle>> read_candles(const stream_key& source, const pqxx::result& rows);

// candle_states.state of a stream. Errors: database_refused; the detail names the stream and says
// what to do.
result<std::shared_ptr<const stored_candles>> read_candle_state(const stream_key& source,
                                                                const pqxx::field& state);

} // namespace tradepulse
