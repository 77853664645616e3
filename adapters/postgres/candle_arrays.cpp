#include "adapters/postgres/candle_arrays.hpp"

#include "adapters/postgres/binary_array.hpp"
#include "adapters/postgres/candle_state_codec.hpp"
#include "protocol/expects.hpp"

namespace tradepulse {
namespace {

using type = binary_array::type;

void add_source(binary_array& to, stream_kind kind) {
  kind == stream_kind::price ? to.add_absent() : to.add_text(name_of(kind));
}

void add_unless(binary_array& to, std::int64_t usual, std::int64_t value) {
  value == usual ? to.add_absent() : to.add_integer(value);
}

void add_known(binary_array& to, const std::optional<std::int64_t>& value) {
  value ? to.add_integer(*value) : to.add_absent();
}

void add_known(binary_array& to, const std::optional<int128>& value, int places) {
  value ? to.add_decimal(*value, places) : to.add_absent();
}

// What the engine knows where nothing is shown.
void add_hidden(binary_array& to, const std::optional<int128>& shown, int128 known, int places) {
  shown || known == 0 ? to.add_absent() : to.add_decimal(known, places);
}

} // namespace

std::vector<candle_row> candle_rows(const range_commit& work) {
  std::vector<candle_row> out;
  for (const auto& update : work.candles)
    for (const auto& closed : update.closed)
      out.push_back({update.source, &closed});
  return out;
}

std::vector<std::string> candle_state_arrays(std::span<const candle_update> updates) {
  binary_array symbols{type::text};
  binary_array streams{type::text};
  binary_array states{type::bytea};
  binary_array epochs{type::int8};
  for (const auto& each : updates) {
    TRADEPULSE_EXPECTS(each.state != nullptr);
    symbols.add_text(each.source.symbol.view());
    add_source(streams, each.source.kind);
    states.add_bytes(encode_candle_state(*each.state));
    epochs.add_integer(each.source_epoch.value());
  }
  return {symbols.take(), streams.take(), states.take(), epochs.take()};
}

std::vector<std::string> candle_arrays(std::span<const candle_row> rows) {
  binary_array symbols{type::text};
  binary_array intervals{type::text};
  binary_array times{type::timestamptz};
  binary_array epochs{type::int8};
  binary_array sequences{type::int8};
  binary_array revisions{type::int4};
  binary_array opens{type::numeric};
  binary_array highs{type::numeric};
  binary_array lows{type::numeric};
  binary_array closes{type::numeric};
  binary_array volumes{type::numeric};
  binary_array quote_volumes{type::numeric};
  binary_array taker_volumes{type::numeric};
  binary_array taker_quotes{type::numeric};
  binary_array trades{type::int8};
  binary_array first_ids{type::int8};
  binary_array last_ids{type::int8};
  binary_array sources{type::text};
  binary_array source_epochs{type::int8};
  binary_array first_seqs{type::int8};
  binary_array last_seqs{type::int8};
  binary_array flags{type::int2};
  binary_array open_after{type::int4};
  binary_array close_after{type::int4};
  binary_array open_seqs{type::int8};
  binary_array close_seqs{type::int8};
  binary_array known_volumes{type::numeric};
  binary_array known_quotes{type::numeric};
  for (const auto& [source, closed] : rows) {
    const auto& row = closed->row;
    const auto& c = row.candle;
    symbols.add_text(source.symbol.view());
    intervals.add_text(name_of(c.interval));
    times.add_time(c.start);
    add_unless(epochs, 1, closed->position.epoch.value());
    sequences.add_integer(closed->position.seq.value());
    add_unless(revisions, 0, c.revision);
    opens.add_decimal(c.open.units());
    highs.add_decimal(c.high.units());
    lows.add_decimal(c.low.units());
    closes.add_decimal(c.close.units());
    add_known(volumes, c.volume(), decimal_places);
    add_known(quote_volumes, c.quote_volume(), quote_places);
    add_known(taker_volumes, c.taker_buy_volume(), decimal_places);
    add_known(taker_quotes, c.taker_buy_quote_volume(), quote_places);
    trades.add_integer(c.trades);
    add_known(first_ids, c.opening_trade_id());
    add_known(last_ids, c.closing_trade_id());
    add_source(sources, source.kind);
    add_unless(source_epochs, 1, c.source_epoch.value());
    first_seqs.add_integer(c.first_seq.value());
    last_seqs.add_integer(c.last_seq.value());
    flags.add_integer(static_cast<std::uint16_t>(c.flags));
    open_after.add_integer(row.open_after_ms);
    close_after.add_integer(row.close_after_ms);
    add_unless(open_seqs, c.first_seq.value(), row.open_seq.value());
    add_unless(close_seqs, c.last_seq.value(), row.close_seq.value());
    add_hidden(known_volumes, c.taker_buy_volume(), c.taker_buy_volume_units, decimal_places);
    add_hidden(known_quotes, c.taker_buy_quote_volume(), c.taker_buy_quote_units, quote_places);
  }
  std::vector<std::string> out;
  for (binary_array* array :
       {&symbols,       &intervals,    &times,         &epochs,      &sequences,  &revisions,
        &opens,         &highs,        &lows,          &closes,      &volumes,    &quote_volumes,
        &taker_volumes, &taker_quotes, &trades,        &first_ids,   &last_ids,   &sources,
        &source_epochs, &first_seqs,   &last_seqs,     &flags,       &open_after, &close_after,
        &open_seqs,     &close_seqs,   &known_volumes, &known_quotes})
    out.push_back(array->take());
  return out;
}

} // namespace tradepulse
