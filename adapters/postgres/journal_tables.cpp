#include "adapters/postgres/journal_tables.hpp"

#include <algorithm>
#include <array>

#include "protocol/expects.hpp"

namespace tradepulse {
namespace {

constexpr std::array tables{
    journal_table{event_kind::price, "price", "journal_prices",
                  "price, size, event_time, commit_time, kafka_offset, seq, source_sequence, "
                  "stream_id, epoch, partition_id, size_rest, flags",
                  "price, size, size_rest"},
    journal_table{event_kind::trade, "trade", "journal_trades",
                  "price, size, event_time, commit_time, kafka_offset, seq, source_sequence, "
                  "trade_id, stream_id, epoch, partition_id, size_rest, flags",
                  "price, size, size_rest, (flags >> 1) & 3, trade_id"},
    journal_table{event_kind::quote, "quote", "journal_quotes",
                  "bid, bid_size, ask, ask_size, event_time, commit_time, kafka_offset, seq, "
                  "source_sequence, stream_id, epoch, partition_id, bid_size_rest, ask_size_rest, "
                  "flags",
                  "bid, bid_size, bid_size_rest, ask, ask_size, ask_size_rest"},
    journal_table{event_kind::kline, "kline", "journal_klines",
                  "start_time, end_time, open, high, low, close, event_time, commit_time, "
                  "kafka_offset, seq, source_sequence, trades, first_trade_id, last_trade_id, "
                  "stream_id, epoch, partition_id, flags, closed, volume, quote_volume, "
                  "taker_buy_volume, taker_buy_quote_volume",
                  "start_time, end_time, open, high, low, close, volume, quote_volume, "
                  "taker_buy_volume, taker_buy_quote_volume, trades, first_trade_id, "
                  "last_trade_id, closed"},
    journal_table{event_kind::candle, "candle", "journal_candles",
                  "start_time, open, high, low, close, event_time, commit_time, kafka_offset, seq, "
                  "source_sequence, trades, first_trade_id, last_trade_id, source_epoch, "
                  "first_seq, last_seq, stream_id, epoch, partition_id, revision, flags, "
                  "candle_flags, volume, quote_volume, taker_buy_volume, taker_buy_quote_volume",
                  "start_time, open, high, low, close, volume, quote_volume, taker_buy_volume, "
                  "taker_buy_quote_volume, trades, first_trade_id, last_trade_id, source_epoch, "
                  "first_seq, last_seq, revision, candle_flags"}};

} // namespace

std::span<const journal_table> journals() noexcept {
  return tables;
}

const journal_table& journal_of(event_kind kind) {
  TRADEPULSE_EXPECTS(journal_kinds::all().contains(kind));
  return *std::ranges::find(tables, kind, &journal_table::kind);
}

const journal_table* find_journal(std::string_view word) noexcept {
  const auto found = std::ranges::find(tables, word, &journal_table::word);
  return found == tables.end() ? nullptr : &*found;
}

std::string label_of(const stream_key& key) {
  return key.kind == stream_kind::price ? key.symbol.str() : key.to_string();
}

} // namespace tradepulse
