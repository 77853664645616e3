#include <string>

#include "protocol/native_dialect.hpp"
#include "tests/actors/support/checking_client.hpp"
#include "tests/actors/support/samples.hpp"
#include "tests/simulation/client.hpp"

// Candles: the numbered ones, and how open ones are shown.
namespace tradepulse::simulation {

using samples::integer;
using samples::member;

void client::shown_candles::begin(epoch source) {
  if (source > through.epoch)
    *this = {{source, sequence{0}}, time_ms::min(), {}, {}};
}

void client::closed(json text, const stream_key& stream, subscription& of) {
  const stream_position at{epoch{integer(text, "epoch")}, sequence{integer(text, "sequence")}};
  if (!goes_on(text, stream, of, at, at))
    return;
  const auto found = log_.candles(stream, at.epoch.value());
  const auto& fact = (*found.facts)[static_cast<std::size_t>(at.seq.value() - 1)];
  if (!stored_.is_loose(stream)) {
    std::string truth;
    native::append_candle(truth, stream.symbol, stream.kind, at.epoch,
                          {at.seq, fact.time, {}, false, fact.candle}, false);
    expect(text, text == truth, "it is " + truth);
  }
  const auto era = eras_.try_emplace({stream, at.epoch.value()}, found.era).first->second;
  expect(text, era == found.era, "an epoch that was one of another log");
  auto& shown = of.candles;
  shown.begin(fact.candle.source_epoch);
  if (fact.candle.source_epoch < shown.through.epoch || fact.candle.start <= shown.closed)
    return;
  shown.closed = fact.candle.start;
  shown.newest.erase(shown.newest.begin(), shown.newest.upper_bound(shown.closed));
  shown.provisional.erase(shown.provisional.begin(), shown.provisional.upper_bound(shown.closed));
}

// Not numbered: the newest that is known, never open behind its close, never older than before;
// what was shown as provisional is taken back before it goes on.
void client::view(json text, const stream_key& stream, subscription& of) {
  const auto place = text.substr(text.find("\"through\":{"));
  const stream_position through{epoch{integer(place, "epoch")}, sequence{integer(place, "seq")}};
  const auto start = samples::at(integer(text, "start"));
  auto& shown = of.candles;
  shown.begin(through.epoch);
  expect(text, start > shown.closed, "open behind its close");
  expect(text, through.epoch >= shown.through.epoch, "of an epoch that is over");
  const auto said = member(text, "provisional");
  expect(text, said || !shown.provisional.contains(start), "it is not provisional any more");
  expect(text, !member(text, "sequence"), "a view with a number");
  const auto* book = log_.book(stream, through.epoch.value());
  const auto truth = book ? book->open_at(stream, start, through) : std::nullopt;
  if (!truth)
    return fail(text, "no such candle is open");
  std::string due;
  native::append_candle_view(due, stream.symbol, book->source(),
                             {*truth, through, said == "true", said == "false"}, false);
  expect(text, text == due, "it is " + due);
  const auto before = shown.newest.find(start);
  expect(text, before == shown.newest.end() || truth->trades >= before->second.trades,
         "older than what was shown");
  shown.newest[start] = *truth;
  if (said == "true")
    shown.provisional.insert(start);
  else
    shown.provisional.erase(start);
}

// At rest: the candle that is open last, as it is.
bool client::is_shown(const stream_key& stream, const subscription& of) {
  if (stream.kind.events() != event_kind::candle)
    return true;
  const auto* book = log_.book_now(stream);
  const auto open = book ? book->newest_open(stream) : std::nullopt;
  if (!open)
    return true;
  const auto found = of.candles.newest.find(open->start);
  return found != of.candles.newest.end() && found->second == *open;
}

} // namespace tradepulse::simulation
