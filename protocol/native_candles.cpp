#include "protocol/native_dialect.hpp"
#include "protocol/native_line.hpp"

// Candles in the native dialect: numbered facts, and views of what is still open.
namespace tradepulse::native {
namespace {

void put_quotes(line& to, std::string_view member, const std::optional<int128>& units,
                bool quotes) {
  if (units)
    to.text(member).quote_volume(*units, quotes);
}

void put_known(line& to, std::string_view member, const std::optional<int128>& units, bool quotes) {
  if (units)
    to.text(member).decimal(*units, quotes);
}

void put_known(line& to, std::string_view member, const std::optional<std::int64_t>& value) {
  if (value)
    to.text(member).integer(*value);
}

void put_candle(line& to, const candle& candle, bool quotes) {
  to.text(R"(,"start":)").integer(milliseconds_of(candle.start));
  to.text(R"(,"end":)").integer(milliseconds_of(candle.end()));
  to.text(R"(,"open":)").decimal(candle.open.units(), quotes);
  to.text(R"(,"high":)").decimal(candle.high.units(), quotes);
  to.text(R"(,"low":)").decimal(candle.low.units(), quotes);
  to.text(R"(,"close":)").decimal(candle.close.units(), quotes);
  put_known(to, R"(,"volume":)", candle.volume(), quotes);
  put_quotes(to, R"(,"quote_volume":)", candle.quote_volume(), quotes);
  put_known(to, R"(,"taker_buy_volume":)", candle.taker_buy_volume(), quotes);
  put_quotes(to, R"(,"taker_buy_quote_volume":)", candle.taker_buy_quote_volume(), quotes);
  to.text(R"(,"trades":)").integer(candle.trades);
  put_known(to, R"(,"first_trade_id":)", candle.opening_trade_id());
  put_known(to, R"(,"last_trade_id":)", candle.closing_trade_id());
  to.text(candle.closed() ? R"(,"closed":true)" : R"(,"closed":false)");
  if (candle.partial())
    to.text(R"(,"partial":true)");
  to.text(R"(,"source_epoch":)").integer(candle.source_epoch.value());
  if (candle.trades > 0) {
    to.text(R"(,"first_seq":)").integer(candle.first_seq.value());
    to.text(R"(,"last_seq":)").integer(candle.last_seq.value());
  }
}

} // namespace

void append_candle(std::string& out, const symbol& name, stream_kind kind, epoch e,
                   const numbered_candle& event, bool numbers_as_strings) {
  line to;
  to.text(R"({"type":"candle","data":{"symbol":")").text(name.view());
  to.text(R"(","stream":")").text(name_of(kind)).text(R"(","epoch":)").integer(e.value());
  to.text(R"(,"sequence":)").integer(event.seq.value());
  to.text(R"(,"timestamp":)").integer(milliseconds_of(event.event_time));
  put_candle(to, event.value, numbers_as_strings);
  to.text(R"(,"revision":)").integer(event.value.revision);
  to.text("}}").append_to(out);
}

void append_candle_view(std::string& out, const symbol& name, stream_kind source,
                        const candle_view& view, bool numbers_as_strings) {
  line to;
  to.text(R"({"type":"candle_view","data":{"symbol":")").text(name.view());
  to.text(R"(","stream":")").text(name_of(stream_kind::candle(view.candle.interval)));
  to.text(R"(","source":")").text(name_of(source)).text(R"(","through":{)");
  put_place(to, view.through).text("}");
  put_candle(to, view.candle, numbers_as_strings);
  if (view.provisional)
    to.text(R"(,"provisional":true)");
  else if (view.withdraws)
    to.text(R"(,"provisional":false)");
  to.text("}}").append_to(out);
}

} // namespace tradepulse::native
