#include "tests/simulation/client.hpp"

#include <algorithm>
#include <charconv>

#include "tests/actors/support/checking_client.hpp"
#include "tests/actors/support/samples.hpp"

namespace tradepulse::simulation {
namespace {

using samples::integer;
using samples::member;

std::string text_of(stream_position at) {
  return std::to_string(at.epoch.value()) + "/" + std::to_string(at.seq.value());
}
std::string text_of(const stream_key& stream) {
  return stream.symbol.str() + " " + name_of(stream.kind);
}

stream_key stream_of(std::string_view json) {
  const auto kind = member(json, "stream").value_or("price");
  return {samples::named(*member(json, "symbol")), *parse_stream_kind(kind)};
}

} // namespace

// --- the socket ------------------------------------------------------------------------------

push_outcome simulated_outbox::push(frame_slice frames) {
  if (sealed || cut)
    return push_outcome::closed;
  if (!queued_.empty() && queued_.size() + frames.length > limit_) {
    owes_drained_ = true;
    return push_outcome::refused;
  }
  queued_ += frames.view();
  return push_outcome::accepted;
}

bool simulated_outbox::drain(std::string& into) {
  into += std::exchange(queued_, {});
  return std::exchange(owes_drained_, false);
}

// --- what the client says --------------------------------------------------------------------

void client::connected() {
  moved_.clear();
  for (auto& [stream, each] : subscriptions_)
    each = {false, false, {}, false, each.position, false, false, false, 0, {}};
}

client_message client::subscribe(const stream_key& stream, bool with_position,
                                 std::optional<time_ms> since) {
  auto& mine = subscriptions_[stream];
  mine.asked = true;
  mine.with = with_position && mine.position.epoch.value() > 0;
  subscribe_request out;
  out.symbols.push_back(stream.symbol);
  out.streams.push_back(stream.kind);
  if (mine.with)
    out.since.emplace_back(since_point{mine.position});
  mine.since = mine.with ? std::nullopt : since;
  if (mine.since)
    out.since.emplace_back(since_point{*mine.since});
  return out;
}

client_message client::unsubscribe(const stream_key& stream) {
  ++subscriptions_.at(stream).left;
  unsubscribe_request out;
  out.symbols.push_back(stream.symbol);
  out.streams.push_back(stream.kind);
  return out;
}

bool client::is_subscribed(const stream_key& stream) const {
  const auto found = subscriptions_.find(stream);
  return found != subscriptions_.end() && (found->second.asked || found->second.answered);
}

bool client::may_leave(const stream_key& stream) const {
  const auto found = subscriptions_.find(stream);
  return found != subscriptions_.end() && found->second.answered && found->second.left == 0;
}

bool client::has_all(const stream_key& stream) {
  const auto found = subscriptions_.find(stream);
  if (found == subscriptions_.end() || !found->second.answered || found->second.left > 0)
    return false;
  const auto end = log_.end_of(stream);
  return (end == stream_position{} || found->second.position == end) &&
         is_shown(stream, found->second);
}

std::string client::where(const stream_key& stream) const {
  const auto found = subscriptions_.find(stream);
  return name_ + ", " + text_of(stream) + ": " +
         (found == subscriptions_.end()
              ? std::string("never asked")
              : text_of(found->second.position) + (found->second.answered ? "" : ", no answer"));
}

// --- what it is told -------------------------------------------------------------------------

void client::fail(json text, const std::string& what) {
  found_.fail(name_ + ": " + what + ": " + std::string(text));
}

void client::receive(std::string_view frames) {
  for (const auto& text : samples::payloads_of(frames)) {
    found_.happened(name_ + ": " + text);
    if (!found_.failed())
      told(text);
  }
}

void client::told(json text) {
  const auto type = member(text, "type").value_or("");
  if (type == "subscribed")
    return subscribed(text);
  if (type == "unsubscribed")
    return unsubscribed(text);
  if (type == "gap")
    return missed(text);
  if (type == "error")
    return failed(text);
  if (type == "pong")
    return;
  const auto stream = stream_of(text);
  auto* mine = live(text, stream);
  if (!mine)
    return;
  if (type == "price_update" && member(text, "snapshot"))
    snapshot(text, stream, *mine);
  else if (type == "candle")
    closed(text, stream, *mine);
  else if (type == "candle_view")
    view(text, stream, *mine);
  else
    update(text, stream, *mine);
}

client::subscription* client::live(json text, const stream_key& stream) {
  const auto found = subscriptions_.find(stream);
  if (found != subscriptions_.end() && found->second.answered)
    return &found->second;
  fail(text, "not subscribed");
  return nullptr;
}

void client::subscribed(json text) {
  const auto stream = stream_of(text.substr(text.find("\"positions\":[")));
  auto& mine = subscriptions_[stream];
  if (!std::exchange(mine.asked, false))
    return fail(text, "an answer that nobody asked for");
  mine.answered = true;
  mine.epoch_ended = mine.snapshot_due = mine.refused = false;
  mine.candles = {};
  const stream_position at{epoch{integer(text, "epoch")}, sequence{integer(text, "seq")}};
  if (member(text, "recovered") == "true") {
    if (!mine.with && !mine.since)
      return fail(text, "recovered, and no position was given");
    const auto from = text.substr(text.find("\"from\":{"));
    const stream_position first{epoch{integer(from, "epoch")}, sequence{integer(from, "seq")}};
    if (mine.since)
      placed(text, stream, mine, first);
    expect(text,
           first == stream_position{mine.position.epoch, sequence{mine.position.seq.value() + 1}},
           "it does not go on behind " + text_of(mine.position));
    expect(text, at >= mine.position, "it joins below its position");
    return;
  }
  expect(text, !mine.since, "nobody can be ahead with a time");
  if (mine.with) { // an error and a snapshot follow
    mine.refused = true;
    return;
  }
  mine.position = at;
  mine.snapshot_due = member(text, "known") == "true" && stream.kind == stream_kind::price;
  expect(text, member(text, "known") == "true" || at == stream_position{}, "unknown, and a place");
}

// It may begin earlier than its time asks for, and skips nothing that was committed then or later.
void client::placed(json text, const stream_key& stream, subscription& of, stream_position first) {
  of.position = {first.epoch, sequence{first.seq.value() - 1}};
  if (const auto due = stored_.first_since(stream, *of.since))
    expect(text, first <= *due, text_of(*due) + " was committed at that time or later");
}

void client::unsubscribed(json text) {
  const auto name = text.substr(text.find("\"symbols\":[\"") + 12);
  stream_key stream{samples::named(name.substr(0, name.find('"')))};
  if (const auto kinds = text.find("\"streams\":[\""); kinds != json::npos) {
    const auto kind = text.substr(kinds + 12);
    stream.kind = *parse_stream_kind(kind.substr(0, kind.find('"')));
  }
  auto& mine = subscriptions_[stream];
  if (mine.left == 0)
    return fail(text, "it did not leave");
  --mine.left;
  mine.answered = false;
}

void client::failed(json text) {
  const auto code = static_cast<errc>(integer(text, "code"));
  if (code == errc::not_owner) { // its snapshot comes when the partition is back
    if (member(text, "symbol"))
      subscriptions_[stream_of(text)].snapshot_due = false;
    return;
  }
  if (code != errc::out_of_range)
    return fail(text, "an error");
  const auto stream = stream_of(text);
  auto* mine = live(text, stream);
  if (!mine)
    return;
  // Above all there is: possible only where what it saw was of a log that is no more.
  if (log_.epoch_now(stream) <= mine->position.epoch.value() && !stored_.is_loose(stream))
    return fail(text, text_of(mine->position) + " was refused, and it exists");
  std::int64_t e = 0;
  std::int64_t seq = 0;
  const auto at = text.substr(text.rfind('{') + 1);
  const auto comma = at.find(", ");
  std::from_chars(at.data(), at.data() + comma, e);
  std::from_chars(at.data() + comma + 2, at.data() + at.size(), seq);
  mine->position = {epoch{e}, sequence{seq}};
  mine->refused = true;
}

void client::is_moved(stream_position from, const stream_head& to) {
  for (auto e = from.epoch.value(); e < to.position.epoch.value(); ++e)
    moved_.insert({{to.symbol, to.kind}, epoch{e}});
}

void client::look_back() {
  for (const auto& each : endings_)
    expect(each.said, stored_.kept_of(each.stream, each.of) <= each.last,
           "what is kept was said to be lost");
}

void client::missed(json text) {
  const auto stream = stream_of(text);
  auto* mine = live(text, stream);
  if (!mine)
    return;
  expect(text, !mine->snapshot_due, "before its snapshot");
  const auto reason = member(text, "reason").value_or("");
  const epoch e{integer(text, "epoch")};
  if (mine->epoch_ended) { // of the next epoch not even the first event comes
    expect(text, e > mine->position.epoch, "its epoch has ended");
    mine->position = {e, sequence{0}};
    mine->epoch_ended = false;
  } else if (mine->position.epoch.value() > 0) {
    expect(text, e == mine->position.epoch, "another epoch than " + text_of(mine->position));
  }
  expect(text, integer(text, "from") == mine->position.seq.value() + 1,
         "not behind " + text_of(mine->position));
  const bool over = log_.epoch_now(stream) > e.value();
  // A move into a later epoch takes what it has passed of the one before with it.
  if (stream.kind.events() == event_kind::candle && reason != "moved" &&
      !moved_.contains({stream, e}))
    expect(text, log_.is_whole(stream, {e, sequence{integer(text, "from") - 1}}),
           "what is kept is said to be lost");
  if (member(text, "to") == "null") {
    expect(text, reason == "new_epoch" && over, "the epoch goes on");
    // Of prices a slow reader's pending update goes with its epoch.
    if (is_kept(stream.kind) && stream.kind != stream_kind::price &&
        !moved_.contains({stream, e}))
      endings_.push_back({stream, e, integer(text, "from") - 1, std::string(text)});
    mine->epoch_ended = true;
    return;
  }
  // Of a price whose row was refused a process that starts knows the position alone.
  expect(text,
         reason == "moved" || (reason == "expired" && (over || !is_kept(stream.kind))) ||
             (reason == "missed" && stored_.is_loose(stream)),
         "what is kept is said to be lost");
  expect(text, integer(text, "to") > mine->position.seq.value(), "an empty gap");
  mine->position = {e, sequence{integer(text, "to")}};
  mine->snapshot_due = reason == "moved" && stream.kind == stream_kind::price;
}

} // namespace tradepulse::simulation
