#include <algorithm>
#include <string>

#include "tests/actors/support/checking_client.hpp"
#include "tests/actors/support/samples.hpp"
#include "tests/simulation/client.hpp"

// Events and snapshots: where they stand, and what they say.
namespace tradepulse::simulation {
namespace {

using samples::integer;
using samples::member;

std::string text_of(stream_position at) {
  return std::to_string(at.epoch.value()) + "/" + std::to_string(at.seq.value());
}
std::string whole_units(std::int64_t whole) {
  return samples::costs(whole).to_string();
}

} // namespace

void client::snapshot(json text, const stream_key& stream, subscription& of) {
  const stream_position at{epoch{integer(text, "epoch")}, sequence{integer(text, "sequence")}};
  if (of.epoch_ended) {
    expect(text, at.epoch > of.position.epoch, "its epoch has ended");
    of.position = at;
  } else if (!of.refused) {
    expect(text, at == of.position, "not at " + text_of(of.position));
  }
  of.snapshot_due = of.epoch_ended = false;
  const auto* events = log_.of(stream, at.epoch.value());
  if (!events || at.seq.value() < 1 || at.seq.value() > static_cast<std::int64_t>(events->size()))
    return fail(text, "no such event");
  if (!stored_.is_loose(stream)) {
    std::int64_t newest = 1;
    for (std::int64_t i = 1; i <= at.seq.value(); ++i)
      if ((*events)[static_cast<std::size_t>(i - 1)].ms >=
          (*events)[static_cast<std::size_t>(newest - 1)].ms)
        newest = i;
    const auto& shown = (*events)[static_cast<std::size_t>(newest - 1)];
    expect(text, member(text, "price") == whole_units(shown.whole), "another price");
    expect(text,
           (member(text, "price_seq") ? integer(text, "price_seq") : at.seq.value()) == newest,
           "another event than number " + std::to_string(newest));
  }
}

bool client::goes_on(json text, const stream_key& stream, subscription& of, stream_position first,
                     stream_position last) {
  if (of.snapshot_due) {
    fail(text, "before its snapshot");
  } else if (first.epoch == of.position.epoch) {
    expect(text, !of.epoch_ended, "its epoch has ended");
    expect(text, first.seq.value() == of.position.seq.value() + 1,
           "not behind " + text_of(of.position));
  } else {
    expect(text, first.epoch > of.position.epoch && first.seq.value() == 1,
           "not behind " + text_of(of.position));
    expect(text, of.epoch_ended || of.position.epoch.value() == 0,
           "an epoch that no gap announced");
  }
  const auto there = log_.count(stream, first.epoch.value());
  expect(text, there && last.seq >= first.seq && last.seq.value() <= *there, "no such event");
  of.position = last;
  of.epoch_ended = of.refused = false;
  return !found_.failed();
}

void client::update(json text, const stream_key& stream, subscription& of) {
  const epoch e{integer(text, "epoch")};
  const sequence last{integer(text, "sequence")};
  const sequence first = member(text, "first_seq") ? sequence{integer(text, "first_seq")} : last;
  if (goes_on(text, stream, of, {e, first}, {e, last}))
    shows(text, stream, *log_.of(stream, e.value()), first.value(), last.value());
}

void client::shows(json text, const stream_key& stream, const history& events, std::int64_t first,
                   std::int64_t last) {
  const auto at = [&](std::int64_t seq) -> const happening& {
    return events[static_cast<std::size_t>(seq - 1)];
  };
  std::int64_t newest = first;
  std::int64_t low = at(first).whole;
  std::int64_t high = low;
  bool all_late = true;
  for (auto i = first; i <= last; ++i) {
    if (at(i).ms >= at(newest).ms)
      newest = i;
    low = std::min(low, at(i).whole);
    high = std::max(high, at(i).whole);
    all_late = all_late && at(i).late;
  }
  const auto& shown = at(newest);
  const bool merged = member(text, "first_seq").has_value();
  const auto is = [&](std::string_view key, std::int64_t whole) {
    expect(text, member(text, key) == whole_units(whole), key);
  };
  expect(text, integer(text, "timestamp") == samples::some_time + shown.ms, "timestamp");
  if (!stored_.is_untimed(stream)) // else it goes by what is stored, and that was refused
    expect(text, member(text, "late").has_value() == all_late, "late");
  if (merged)
    expect(text, integer(text, "n") == last - first + 1, "n");
  if (stream.kind == stream_kind::price) {
    is("price", shown.whole);
    expect(text, (member(text, "price_seq") ? integer(text, "price_seq") : last) == newest,
           "price_seq");
    if (merged) {
      is("o", at(first).whole);
      is("h", high);
      is("l", low);
      is("c", at(last).whole);
    }
  } else if (stream.kind == stream_kind::quote) {
    is("bid", shown.whole);
    expect(text, (member(text, "quote_seq") ? integer(text, "quote_seq") : last) == newest,
           "quote_seq");
  } else {
    expect(text, !merged, "it is never merged");
    is(stream.kind == stream_kind::trade ? "price" : "close", shown.whole);
    if (stream.kind == stream_kind::trade)
      expect(text, integer(text, "trade_id") == shown.offset, "trade_id");
  }
}

} // namespace tradepulse::simulation
