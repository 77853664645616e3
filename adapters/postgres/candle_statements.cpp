#include "adapters/postgres/candle_statements.hpp"

#include <array>
#include <string_view>

#include "adapters/postgres/statement_text.hpp"

namespace tradepulse::sql {
namespace {

constexpr std::string_view if_moved =
    "EXISTS (SELECT FROM ingest_offsets WHERE topic = $1::text AND partition = $2::int AND "
    "generation = $3::bigint AND next_offset = $4::bigint)";

struct column {
  std::string_view name;
  std::string_view type;
  std::string_view usual; // what an absent element stands for; empty: NULL
};

// In the order of candle_arrays.
constexpr std::array candle_columns{column{"symbol", "text", ""},
                                    column{"interval", "text", ""},
                                    column{"time", "timestamptz", ""},
                                    column{"epoch", "bigint", "1"},
                                    column{"sequence", "bigint", ""},
                                    column{"revision", "int", "0"},
                                    column{"open", "numeric", ""},
                                    column{"high", "numeric", ""},
                                    column{"low", "numeric", ""},
                                    column{"close", "numeric", ""},
                                    column{"volume", "numeric", ""},
                                    column{"quote_volume", "numeric", ""},
                                    column{"taker_buy_volume", "numeric", ""},
                                    column{"taker_buy_quote_volume", "numeric", ""},
                                    column{"trades", "bigint", ""},
                                    column{"first_trade_id", "bigint", ""},
                                    column{"last_trade_id", "bigint", ""},
                                    column{"source", "text", "'price'"},
                                    column{"source_epoch", "bigint", "1"},
                                    column{"first_seq", "bigint", ""},
                                    column{"last_seq", "bigint", ""},
                                    column{"flags", "smallint", ""},
                                    column{"open_after_ms", "int", ""},
                                    column{"close_after_ms", "int", ""},
                                    column{"open_seq", "bigint", "a.first_seq"},
                                    column{"close_seq", "bigint", "a.last_seq"},
                                    column{"known_taker_buy_volume", "numeric", ""},
                                    column{"known_taker_buy_quote", "numeric", ""}};

// `first` is the number of the first array's parameter. Sets in a select list run in step.
std::string candles_from(int first, std::string_view condition) {
  std::string names;
  std::string values;
  std::string sets;
  std::string updates;
  for (const auto& [name, type, usual] : candle_columns) {
    const std::string_view comma = names.empty() ? "" : ", ";
    names += join({comma, name});
    sets += join({comma, "unnest($", std::to_string(first++), "::", type, "[]) AS ", name});
    values += usual.empty() ? join({comma, "a.", name})
                            : join({comma, "coalesce(a.", name, ", ", usual, ")"});
    updates += join({name, " = EXCLUDED.", name, ", "});
  }
  return join({"INSERT INTO candles AS t (", names, ", partial)\nSELECT ", values,
               ", a.flags & 2 <> 0\nFROM (SELECT ", sets, ") a WHERE ", condition,
               "\nON CONFLICT (symbol, interval, time) DO UPDATE SET ", updates,
               "partial = EXCLUDED.partial\n"
               "WHERE (EXCLUDED.epoch, EXCLUDED.sequence) > (t.epoch, t.sequence)"});
}

} // namespace

// An UPDATE first, as in commit(): all but a symbol's first state are there already. A partition
// that has lost a stream's home may commit behind the one that has it now.
std::string write_candle_states() {
  constexpr std::string_view rows =
      "(SELECT unnest($5::text[]) AS symbol, unnest($6::text[]) AS stream, "
      "unnest($7::bytea[]) AS state, unnest($8::bigint[]) AS source_epoch) a";
  constexpr std::string_view stream = "coalesce(a.stream, 'price')";
  return join({"WITH known AS (\n  UPDATE candle_states t SET state = a.state, "
               "source_epoch = a.source_epoch FROM ",
               rows, "\n  WHERE t.symbol = a.symbol AND t.stream = ", stream,
               " AND t.source_epoch <= a.source_epoch AND ", if_moved,
               "\n  RETURNING t.symbol, t.stream)\n"
               "INSERT INTO candle_states AS t (symbol, stream, state, source_epoch)\n"
               "SELECT a.symbol, ",
               stream, ", a.state, a.source_epoch FROM ", rows,
               "\nWHERE (SELECT count(*) FROM known) < cardinality($5::text[])\n"
               "  AND (a.symbol, ",
               stream, ") NOT IN (SELECT symbol, stream FROM known) AND ", if_moved,
               "\nON CONFLICT (symbol, stream) DO UPDATE SET state = EXCLUDED.state, "
               "source_epoch = EXCLUDED.source_epoch\n"
               "WHERE t.source_epoch <= EXCLUDED.source_epoch"});
}

std::string write_candles() {
  return candles_from(5, if_moved);
}

std::string try_candles() {
  return candles_from(1, "true");
}

std::string candles_of_keys() {
  return R"(SELECT c.interval, (extract(epoch FROM c.time) * 1000)::bigint, c.revision, c.open, c.high,
  c.low, c.close, c.volume, c.quote_volume, coalesce(c.taker_buy_volume, c.known_taker_buy_volume),
  coalesce(c.taker_buy_quote_volume, c.known_taker_buy_quote), c.trades, c.first_trade_id,
  c.last_trade_id, c.source_epoch, c.first_seq, c.last_seq, c.flags, c.open_after_ms,
  c.close_after_ms, c.open_seq, c.close_seq
FROM unnest($3::text[], $4::timestamptz[]) AS k(interval, time)
JOIN candles c ON c.symbol = $1::text AND c.interval = k.interval AND c.time = k.time
WHERE c.source = $2::text)";
}

} // namespace tradepulse::sql
