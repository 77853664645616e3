#include "protocol/native_dialect.hpp"
#include "protocol/native_line.hpp"

// Hand-written on purpose: an event is written once per dialect and burst, and its members are
// known. Symbols need no escaping by their rule, numbers and times none by their form.
namespace tradepulse::native {
namespace {

// `{"type":..,"data":{"symbol":..,"stream":..,"epoch":..,"sequence":..,"timestamp":..`: of every
// kind but `price`.
void put_head(line& to, std::string_view type, std::string_view stream, const symbol& name, epoch e,
              sequence seq, time_ms event_time) noexcept {
  to.text(R"({"type":")").text(type).text(R"(","data":{"symbol":")").text(name.view());
  to.text(R"(","stream":")").text(stream).text(R"(","epoch":)").integer(e.value());
  to.text(R"(,"sequence":)").integer(seq.value());
  to.text(R"(,"timestamp":)").integer(milliseconds_of(event_time));
}

void put_quote(line& to, const quote_value& quote, bool quotes) noexcept {
  to.text(R"(,"bid":)").decimal(quote.bid.units(), quotes);
  to.text(R"(,"bid_size":)").decimal(quote.bid_size.units(), quotes);
  to.text(R"(,"ask":)").decimal(quote.ask.units(), quotes);
  to.text(R"(,"ask_size":)").decimal(quote.ask_size.units(), quotes);
}

void put_end(line& to, bool late, std::string& out) {
  if (late)
    to.text(R"(,"late":true)");
  to.text("}}").append_to(out);
}

void put_known(line& to, std::string_view member, const std::optional<std::int64_t>& value) {
  if (value)
    to.text(member).integer(*value);
}
void put_known(line& to, std::string_view member, const std::optional<int128>& value,
               bool quotes) noexcept {
  if (value)
    to.text(member).decimal(*value, quotes);
}

} // namespace

void append_price_update(std::string& out, const symbol& name, epoch e, const numbered_event& event,
                         bool numbers_as_strings) {
  line to;
  to.text(R"({"type":"price_update","data":{)");
  put_event(to, name, event.price, event.volume, event.event_time, numbers_as_strings);
  put_position(to, event.seq, e);
  put_source_sequence(to, event.source_sequence);
  if (event.late)
    to.text(R"(,"late":true)");
  to.text("}}").append_to(out);
}

void append_merged_update(std::string& out, const merged_update& update, bool numbers_as_strings) {
  const bool several = update.first_seq != update.last_seq;
  line to;
  to.text(R"({"type":"price_update","data":{)");
  put_event(to, update.symbol, update.price, update.volume, update.event_time, numbers_as_strings);
  put_position(to, update.last_seq, update.epoch);
  if (several)
    to.text(R"(,"first_seq":)").integer(update.first_seq.value());
  if (update.price_seq != update.last_seq)
    to.text(R"(,"price_seq":)").integer(update.price_seq.value());
  put_source_sequence(to, update.source_sequence);
  if (several) {
    to.text(R"(,"n":)").integer(static_cast<std::int64_t>(update.count));
    to.text(R"(,"o":)").decimal(update.open.units(), numbers_as_strings);
    to.text(R"(,"h":)").decimal(update.high.units(), numbers_as_strings);
    to.text(R"(,"l":)").decimal(update.low.units(), numbers_as_strings);
    to.text(R"(,"c":)").decimal(update.close.units(), numbers_as_strings);
  }
  if (update.late)
    to.text(R"(,"late":true)");
  to.text("}}").append_to(out);
}

void append_snapshot(std::string& out, const price_snapshot& snapshot, bool numbers_as_strings) {
  line to;
  to.text(R"({"type":"price_update","snapshot":true,"data":{)");
  put_event(to, snapshot.symbol, snapshot.price, snapshot.volume, snapshot.event_time,
            numbers_as_strings);
  put_position(to, snapshot.position.seq, snapshot.position.epoch);
  if (snapshot.price_seq != snapshot.position.seq)
    to.text(R"(,"price_seq":)").integer(snapshot.price_seq.value());
  put_source_sequence(to, snapshot.source_sequence);
  to.text("}}").append_to(out);
}

void append_trade(std::string& out, const symbol& name, epoch e, const numbered_trade& event,
                  bool numbers_as_strings) {
  const auto& trade = event.value;
  line to;
  put_head(to, "trade", "trade", name, e, event.seq, event.event_time);
  to.text(R"(,"price":)").decimal(trade.price.units(), numbers_as_strings);
  to.text(R"(,"size":)").decimal(trade.size.units(), numbers_as_strings);
  if (trade.side != trade_side::unknown)
    to.text(trade.side == trade_side::buy ? R"(,"side":"buy")" : R"(,"side":"sell")");
  put_known(to, R"(,"trade_id":)", trade.trade_id);
  put_source_sequence(to, event.source_sequence);
  put_end(to, event.late, out);
}

void append_quote(std::string& out, const symbol& name, epoch e, const numbered_quote& event,
                  bool numbers_as_strings) {
  line to;
  put_head(to, "quote", "quote", name, e, event.seq, event.event_time);
  put_quote(to, event.value, numbers_as_strings);
  put_source_sequence(to, event.source_sequence);
  put_end(to, event.late, out);
}

void append_merged_quote(std::string& out, const merged_quote& quote, bool numbers_as_strings) {
  const bool several = quote.first_seq != quote.last_seq;
  line to;
  put_head(to, "quote", "quote", quote.symbol, quote.epoch, quote.last_seq, quote.event_time);
  put_quote(to, quote.value, numbers_as_strings);
  if (several)
    to.text(R"(,"first_seq":)").integer(quote.first_seq.value());
  if (quote.quote_seq != quote.last_seq)
    to.text(R"(,"quote_seq":)").integer(quote.quote_seq.value());
  put_source_sequence(to, quote.source_sequence);
  if (several)
    to.text(R"(,"n":)").integer(static_cast<std::int64_t>(quote.count));
  put_end(to, quote.late, out);
}

void append_kline(std::string& out, const symbol& name, stream_kind kind, epoch e,
                  const numbered_kline& event, bool numbers_as_strings) {
  const auto& kline = event.value;
  line to;
  put_head(to, "kline", name_of(kind), name, e, event.seq, event.event_time);
  to.text(R"(,"start":)").integer(milliseconds_of(kline.start));
  to.text(R"(,"end":)").integer(milliseconds_of(kline.end));
  to.text(R"(,"open":)").decimal(kline.open.units(), numbers_as_strings);
  to.text(R"(,"high":)").decimal(kline.high.units(), numbers_as_strings);
  to.text(R"(,"low":)").decimal(kline.low.units(), numbers_as_strings);
  to.text(R"(,"close":)").decimal(kline.close.units(), numbers_as_strings);
  to.text(R"(,"volume":)").decimal(kline.volume.units(), numbers_as_strings);
  put_known(to, R"(,"quote_volume":)", kline.quote_volume, numbers_as_strings);
  put_known(to, R"(,"taker_buy_volume":)", kline.taker_buy_volume, numbers_as_strings);
  put_known(to, R"(,"taker_buy_quote_volume":)", kline.taker_buy_quote_volume, numbers_as_strings);
  put_known(to, R"(,"trades":)", kline.trades);
  put_known(to, R"(,"first_trade_id":)", kline.first_trade_id);
  put_known(to, R"(,"last_trade_id":)", kline.last_trade_id);
  to.text(kline.closed ? R"(,"closed":true)" : R"(,"closed":false)");
  put_source_sequence(to, event.source_sequence);
  put_end(to, event.late, out);
}

} // namespace tradepulse::native
