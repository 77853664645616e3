#include "actors/distribution/connection_session.hpp"

#include <utility>

#include "actors/distribution/request_refusals.hpp"
#include "actors/distribution/resume_reason.hpp"
#include "actors/tell.hpp"
#include "protocol/native_dialect.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse {
namespace {

constexpr unsigned most_beyond_limit = 16;

} // namespace

connection_session::connection_session(connection_options options)
    : options_(std::move(options)),
      slow_(options_.numbers_as_strings, {options_.lossless_bytes, options_.hand_back_bytes}) {
  options_.card->set_state("open, 0 subscriptions");
}

// --- what the client says ----------------------------------------------------------------------

void connection_session::hear(const client_message& message) {
  if (!given_up_ && !slow_.given_up()) // nothing more is kept for it
    std::visit([this](const auto& each) { said(each); }, message);
}

void connection_session::said(const subscribe_request& request) {
  refuse(request.id, request.refused);
  if (request.streams.empty())
    return;
  open_group opened{options_.id, ++last_group_, request.id, {}};
  request_refusals beyond;
  std::size_t fresh = 0;
  bool beyond_limit = false;
  for (std::size_t i = 0; i < request.symbols.size() * request.streams.size(); ++i) {
    const stream_key name{request.symbols[i / request.streams.size()],
                          request.streams[i % request.streams.size()]};
    const bool anew = subscriptions_.contains(name);
    if (!anew && subscriptions_.size() + fresh >= options_.max_subscriptions) {
      beyond_limit = true;
      beyond.add(errc::too_many_subscriptions, [&] {
        return named(name) + ": a connection has at most " +
               std::to_string(options_.max_subscriptions) + " subscriptions (limits.subscriptions)";
      });
      continue;
    }
    const auto ticket = options_.directory->enter(name, options_.io_thread);
    if (ticket.refused) {
      beyond.add(errc::too_many_subscriptions, [&] {
        return named(name) + ": too many symbols that nobody has seen (symbols.max_unknown)";
      });
      continue;
    }
    fresh += anew ? 0 : 1;
    opened.members.push_back({ticket.index, name});
    if (!request.since.empty())
      opened.members.back().since = request.since[i];
  }
  refuse(request.id, beyond.take());
  count_beyond_limit(beyond_limit);
  if (opened.members.empty())
    return; // nothing to confirm: each symbol was answered by an error
  const auto group = opened.group;
  const auto members = opened.members;
  tell(fan_out(), std::move(opened));
  for (const auto& member : members) {
    if (!member.since) // else its I/O thread asks, again and again
      options_.directory->join(member.index, options_.io_thread, options_.id, group);
    const subscribed made{member.index, group};
    // Of a subscription that begins anew the interest was counted before.
    if (!subscriptions_.insert_or_assign(member.stream, made).second)
      options_.directory->leave(member.index, options_.io_thread);
    slow_.forget(member.index);
  }
  show();
}

void connection_session::said(const unsubscribe_request& request) {
  refuse(request.id, request.refused);
  if (request.streams.empty())
    return;
  std::vector<stream_key> left;
  std::vector<stream_index> streams;
  request_refusals absent;
  for (const auto& name : request.symbols)
    for (const auto kind : request.streams) {
      auto found = subscriptions_.find({name, kind});
      if (found == subscriptions_.end()) {
        absent.add(errc::not_subscribed, [&] { return named({name, kind}) + ": not subscribed"; });
        continue;
      }
      streams.push_back(found->second.index);
      slow_.forget(found->second.index);
      left.push_back(found->first);
      subscriptions_.erase(found);
    }
  refuse(request.id, absent.take());
  if (left.empty())
    return;
  leave(std::move(streams));
  reply([&](std::string& out) { native::append_unsubscribed(out, request.id, left); });
  show();
}

void connection_session::said(const list_request& request) {
  std::vector<stream_key> streams;
  streams.reserve(subscriptions_.size());
  for (const auto& [name, at] : subscriptions_)
    streams.push_back(name);
  reply([&](std::string& out) { native::append_subscriptions(out, request.id, streams); });
}

void connection_session::said(const ping_message& request) {
  reply([&](std::string& out) { native::append_pong(out, request.id, options_.time->wall()); });
}

void connection_session::said(const invalid_request& request) {
  refuse(request.id, request.code, request.detail);
}

// --- what is sent ------------------------------------------------------------------------------

const fan_out_actor& connection_session::fan_out() const {
  return options_.directory->fan_outs().at(options_.io_thread);
}

// The table first: an index that the directory has back may be another symbol's at once.
void connection_session::leave(std::vector<stream_index> streams) {
  tell(fan_out(), leave_streams{options_.id, streams});
  for (auto index : streams)
    options_.directory->leave(index, options_.io_thread);
}

template <class Write>
void connection_session::reply(Write&& write) {
  auto frame = std::make_shared<std::string>();
  websocket::append_text_frame(*frame, std::forward<Write>(write));
  tell(fan_out(), control_frame{options_.id, std::move(frame)});
}

void connection_session::refuse(const std::string& id, errc code, const std::string& detail) {
  reply([&](std::string& out) { native::append_error(out, id, code, detail); });
}

void connection_session::refuse(const std::string& id, const std::vector<refused_member>& members) {
  for (const auto& member : members)
    refuse(id, member.code, member.detail);
}

void connection_session::hand_on() {
  if (auto items = slow_.due(); !items.empty())
    tell(fan_out(), hand_back{options_.id, std::move(items)});
}

// --- a slow reader, and the end ------------------------------------------------------------------

// What was diverted before the stream was left or begun anew may arrive behind that.
bool connection_session::is_of_now(const stream_key& stream, std::uint64_t group) const {
  const auto found = subscriptions_.find(stream);
  return found != subscriptions_.end() && found->second.group == group;
}

bool connection_session::is_of_now(const events_diverted& what) const {
  return is_of_now({what.burst->symbol(), what.burst->kind()}, what.group);
}

bool connection_session::is_of_now(const move_diverted& what) const {
  return is_of_now({what.moved.snapshot->symbol, what.moved.snapshot->kind}, what.group);
}

void connection_session::handed(const handed_back& answer) {
  if (const auto beyond = slow_.handed(answer))
    send_away(*beyond);
  hand_on();
}

void connection_session::drained() {
  slow_.drained();
  hand_on();
}

void connection_session::refused(const control_refused& what) {
  if (what.waiting_bytes > options_.max_waiting_answers_bytes)
    send_away(close_code::slow_consumer, "slow consumer: the bound of what may wait was reached",
              "too much waits for this client; come back and resume");
}

// What it has by now it knows; others it does not keep waiting for.
void connection_session::failed(const recovery_failed& what) {
  send_away(close_code::try_again_later,
            "recovery of " + named(what.stream) + ": " + what.why.detail,
            resume_reason(what.stream, what.reached));
}

void connection_session::send_away(const resume_point& beyond) {
  send_away(close_code::slow_consumer,
            "slow consumer: the bound of what may wait was reached by " + named(beyond.stream),
            resume_reason(beyond.stream, beyond.reached));
}

// The errors are the warning: who does not heed it is sent away.
void connection_session::count_beyond_limit(bool one_more) {
  beyond_limit_ = one_more ? beyond_limit_ + 1 : 0;
  if (beyond_limit_ <= most_beyond_limit)
    return;
  const auto why = std::to_string(beyond_limit_) + " requests beyond limits.subscriptions = " +
                   std::to_string(options_.max_subscriptions) + ", one after the other";
  send_away(close_code::too_many_subscriptions, why, why);
}

void connection_session::send_away(close_code code, const std::string& why,
                                   const std::string& reason) {
  if (std::exchange(given_up_, true))
    return;
  slow_.give_up();
  options_.card->set_error(why);
  options_.close(code, reason);
}

void connection_session::gone() {
  std::vector<stream_index> streams;
  for (const auto& [name, at] : std::exchange(subscriptions_, {}))
    streams.push_back(at.index);
  if (!streams.empty() && options_.io_thread < options_.directory->fan_outs().size())
    leave(std::move(streams));
}

void connection_session::show() {
  options_.card->set_state("open, " + std::to_string(subscriptions_.size()) + " subscriptions");
}

} // namespace tradepulse
