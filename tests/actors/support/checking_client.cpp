#include "tests/actors/support/checking_client.hpp"

#include <algorithm>
#include <charconv>

#include <gtest/gtest.h>

namespace tradepulse::samples {

std::vector<std::string> payloads_of(std::string_view frames) {
  std::vector<std::string> out;
  auto byte = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(frames.at(i)));
  };
  while (!frames.empty()) {
    EXPECT_EQ(byte(0), 0x81u); // one final text frame
    std::size_t length = byte(1);
    std::size_t head = 2;
    if (length == 126) {
      length = byte(2) << 8 | byte(3);
      head = 4;
    } else if (length == 127) {
      length = 0;
      for (std::size_t i = 2; i < 10; ++i)
        length = length << 8 | byte(i);
      head = 10;
    }
    if (head + length > frames.size()) {
      ADD_FAILURE() << "a torn frame";
      return out;
    }
    out.emplace_back(frames.substr(head, length));
    frames.remove_prefix(head + length);
  }
  return out;
}

std::optional<std::string> member(std::string_view json, std::string_view key) {
  const std::string sought = '"' + std::string(key) + "\":";
  auto at = json.find(sought);
  if (at == std::string_view::npos)
    return std::nullopt;
  json.remove_prefix(at + sought.size());
  if (json.front() == '"')
    return std::string(json.substr(1, json.find('"', 1) - 1));
  return std::string(json.substr(0, json.find_first_of(",}]")));
}

std::int64_t integer(std::string_view json, std::string_view key) {
  const auto text = member(json, key);
  std::int64_t out = -1;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), out).ec != std::errc{})
    ADD_FAILURE() << "no integer " << key << " in " << json;
  return out;
}

const numbered_event& newest_of(const std::vector<numbered_event>& events, sequence through) {
  const auto end = events.begin() + through.value();
  auto newest = events.begin();
  for (auto it = events.begin(); it != end; ++it)
    if (it->event_time >= newest->event_time)
      newest = it;
  return *newest;
}

void checking_client::receive(std::string_view frames) {
  for (const auto& json : payloads_of(frames)) {
    const auto type = member(json, "type").value_or("");
    if (type == "subscribed")
      subscribed_to(json);
    else if (type == "price_update")
      updated(json);
    else if (type == "quote")
      quoted(json);
    else if (type == "trade")
      one_event(json, "price");
    else if (type == "kline")
      one_event(json, "close");
    else if (type == "gap")
      missed(json);
    else if (type == "error")
      errors_.push_back(json);
  }
}

void checking_client::subscribed_to(std::string_view json) {
  ++answers_;
  auto at = json.find("\"positions\":[");
  ASSERT_NE(at, std::string_view::npos) << json;
  for (at = json.find("{\"symbol\":", at); at != std::string_view::npos;
       at = json.find("{\"symbol\":", at + 1)) {
    const auto one = json.substr(at, json.find('}', at) - at + 1);
    subscription fresh;
    fresh.position = {epoch{integer(one, "epoch")}, sequence{integer(one, "seq")}};
    fresh.stream = member(one, "stream").value_or("");
    const bool known = member(one, "known") == "true";
    fresh.snapshot_due = known && fresh.stream == "price";
    if (!known) {
      EXPECT_EQ(fresh.position, stream_position{}) << one;
    }
    subscriptions_[*member(one, "symbol")] = fresh;
  }
}

std::span<const numbered_event> checking_client::covered(std::string_view json,
                                                         std::string_view stream) {
  const auto name = member(json, "symbol").value_or("");
  auto found = subscriptions_.find(name);
  std::span<const numbered_event> out;
  const auto cover = [&] {
    ASSERT_NE(found, subscriptions_.end()) << "not subscribed: " << json;
    auto& sub = found->second;
    ASSERT_EQ(stream, sub.stream) << json;
    ++updates_;
    ASSERT_FALSE(sub.snapshot_due) << "live before the snapshot: " << json;
    const epoch e{integer(json, "epoch")};
    const sequence last{integer(json, "sequence")};
    const bool several = member(json, "first_seq").has_value();
    const sequence first = several ? sequence{integer(json, "first_seq")} : last;
    if (e == sub.position.epoch) {
      ASSERT_FALSE(sub.epoch_ended) << json;
      ASSERT_EQ(first.value(), sub.position.seq.value() + 1) << json;
    } else {
      ASSERT_GT(e, sub.position.epoch) << json;
      ASSERT_EQ(first.value(), 1) << json;
      if (sub.position.epoch.value() > 0) {
        ASSERT_TRUE(sub.epoch_ended) << "an epoch that no gap announced: " << json;
      }
    }
    sub.position = {e, last};
    sub.epoch_ended = false;
    const auto& events = truth_.at(name).at(e.value());
    ASSERT_LE(last.value(), static_cast<std::int64_t>(events.size())) << json;
    out = {events.data() + first.value() - 1,
           static_cast<std::size_t>(last.value() - first.value() + 1)};
  };
  cover();
  return out;
}

namespace {

const numbered_event& newest_in(std::span<const numbered_event> covered) {
  const numbered_event* shown = &covered.front();
  for (const auto& each : covered)
    if (each.event_time >= shown->event_time)
      shown = &each;
  return *shown;
}

// What every kind says of the event that it shows.
void expect_shown(std::string_view json, std::span<const numbered_event> covered,
                  std::string_view number_of_it) {
  const auto& shown = newest_in(covered);
  const bool all_late = std::ranges::all_of(covered, &numbered_event::late);
  EXPECT_EQ(integer(json, "timestamp"), shown.event_time.time_since_epoch().count()) << json;
  EXPECT_EQ(member(json, "late").has_value(), all_late) << json;
  const auto number =
      member(json, number_of_it) ? integer(json, number_of_it) : covered.back().seq.value();
  EXPECT_EQ(number, shown.seq.value()) << json;
}

} // namespace

void checking_client::updated(std::string_view json) {
  const auto name = member(json, "symbol").value_or("");
  if (auto found = subscriptions_.find(name);
      found != subscriptions_.end() && member(json, "snapshot")) {
    snapshot(json, found->second);
    return;
  }
  const auto events = covered(json, "price");
  if (events.empty())
    return;
  expect_shown(json, events, "price_seq");
  EXPECT_EQ(member(json, "price"), newest_in(events).price.to_string()) << json;
  if (!member(json, "first_seq"))
    return;
  ++merged_;
  const auto [low, high] = std::ranges::minmax(events, {}, &numbered_event::price);
  EXPECT_EQ(integer(json, "n"), static_cast<std::int64_t>(events.size())) << json;
  EXPECT_EQ(member(json, "o"), events.front().price.to_string()) << json;
  EXPECT_EQ(member(json, "h"), high.price.to_string()) << json;
  EXPECT_EQ(member(json, "l"), low.price.to_string()) << json;
  EXPECT_EQ(member(json, "c"), events.back().price.to_string()) << json;
}

void checking_client::quoted(std::string_view json) {
  const auto events = covered(json, "quote");
  if (events.empty())
    return;
  expect_shown(json, events, "quote_seq");
  const auto bid = newest_in(events).price;
  EXPECT_EQ(member(json, "bid"), bid.to_string()) << json;
  EXPECT_EQ(member(json, "ask"), price{bid.units() + decimal_unit}.to_string()) << json;
  EXPECT_EQ(member(json, "n").has_value(), member(json, "first_seq").has_value()) << json;
  if (!member(json, "n"))
    return;
  ++merged_quotes_;
  EXPECT_EQ(integer(json, "n"), static_cast<std::int64_t>(events.size())) << json;
}

// Of a stream that is never merged.
void checking_client::one_event(std::string_view json, std::string_view value) {
  EXPECT_FALSE(member(json, "first_seq")) << json;
  EXPECT_FALSE(member(json, "n")) << json;
  const auto events = covered(json, member(json, "stream").value_or(""));
  if (events.empty())
    return;
  ++lossless_;
  expect_shown(json, events, "-");
  EXPECT_EQ(member(json, value), events.front().price.to_string()) << json;
}

void checking_client::snapshot(std::string_view json, subscription& sub) {
  const stream_position at{epoch{integer(json, "epoch")}, sequence{integer(json, "sequence")}};
  if (sub.snapshot_due) {
    ASSERT_EQ(at, sub.position) << json;
  } else {
    ASSERT_TRUE(sub.epoch_ended) << "a snapshot that nothing announced: " << json;
    ASSERT_GT(at.epoch, sub.position.epoch) << json;
    sub.position = at;
  }
  sub.snapshot_due = sub.epoch_ended = false;
  const auto& events = truth_.at(*member(json, "symbol")).at(at.epoch.value());
  ASSERT_LE(at.seq.value(), static_cast<std::int64_t>(events.size())) << json;
  const auto& shown = newest_of(events, at.seq);
  EXPECT_EQ(member(json, "price"), shown.price.to_string()) << json;
  const auto price_seq = member(json, "price_seq") ? integer(json, "price_seq") : at.seq.value();
  EXPECT_EQ(price_seq, shown.seq.value()) << json;
}

void checking_client::missed(std::string_view json) {
  ++gaps_;
  auto found = subscriptions_.find(member(json, "symbol").value_or(""));
  ASSERT_NE(found, subscriptions_.end()) << "not subscribed: " << json;
  auto& sub = found->second;
  ASSERT_FALSE(sub.snapshot_due) << json;
  ASSERT_EQ(member(json, "stream"), sub.stream) << json;
  const epoch e{integer(json, "epoch")};
  if (sub.epoch_ended) { // of the next epoch not even the first event comes
    ASSERT_GT(e, sub.position.epoch) << json;
    sub.position = {e, sequence{0}};
    sub.epoch_ended = false;
  } else if (sub.position.epoch.value() > 0) {
    ASSERT_EQ(e, sub.position.epoch) << json;
  }
  ASSERT_EQ(integer(json, "from"), sub.position.seq.value() + 1) << json;
  if (member(json, "to") == "null") {
    EXPECT_EQ(member(json, "reason"), "new_epoch") << json;
    sub.epoch_ended = true;
  } else {
    sub.position = {e, sequence{integer(json, "to")}};
    sub.snapshot_due = member(json, "reason") == "moved" && sub.stream == "price";
  }
}

} // namespace tradepulse::samples
