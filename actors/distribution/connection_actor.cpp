#include "actors/distribution/connection_actor.hpp"

#include <map>

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/actor_rules.hpp"
#include "actors/distribution/conflation.hpp"
#include "actors/distribution/request_refusals.hpp"
#include "actors/message_types.hpp"
#include "protocol/native_dialect.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse {
namespace {

class session {
 public:
  session() = default;
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  void begin(connection_options options) {
    options_ = std::move(options);
    pending_ = conflation(options_.numbers_as_strings);
    options_.card->set_state("open, 0 subscriptions");
  }

  // --- what the client says ---

  void hear(const client_message& message) {
    if (!given_up_) // nothing more is kept for it
      std::visit([this](const auto& each) { said(each); }, message);
  }

  void said(const subscribe_request& request) {
    refuse(request.id, request.refused);
    if (request.streams.empty())
      return;
    open_group opened{options_.id, ++last_group_, request.id, {}};
    request_refusals beyond;
    std::size_t fresh = 0;
    bool beyond_limit = false;
    for (const auto& name : request.symbols) {
      const bool anew = subscriptions_.contains(name);
      if (!anew && subscriptions_.size() + fresh >= options_.max_subscriptions) {
        beyond_limit = true;
        beyond.add(errc::too_many_subscriptions, name.str() + ": a connection has at most " +
                                                     std::to_string(options_.max_subscriptions) +
                                                     " subscriptions (limits.subscriptions)");
        continue;
      }
      const auto ticket = options_.directory->enter(name, options_.io_thread);
      if (ticket.refused) {
        beyond.add(errc::too_many_subscriptions,
                   name.str() + ": too many symbols that nobody has seen (symbols.max_unknown)");
        continue;
      }
      fresh += anew ? 0 : 1;
      opened.members.push_back({ticket.index, name});
    }
    refuse(request.id, beyond.take());
    count_beyond_limit(beyond_limit);
    if (opened.members.empty())
      return; // nothing to confirm: each symbol was answered by an error
    const auto group = opened.group;
    const auto members = opened.members;
    caf::anon_send(fan_out(), std::move(opened));
    for (const auto& member : members) {
      options_.directory->join(member.index, options_.io_thread, options_.id, group);
      // Of a subscription that begins anew the interest was counted before.
      if (!subscriptions_.emplace(member.symbol, member.index).second)
        options_.directory->leave(member.index, options_.io_thread);
      pending_.forget(member.index);
    }
    show();
  }

  void said(const unsubscribe_request& request) {
    refuse(request.id, request.refused);
    if (request.streams.empty())
      return;
    std::vector<symbol> left;
    std::vector<stream_index> streams;
    request_refusals absent;
    for (const auto& name : request.symbols) {
      auto found = subscriptions_.find(name);
      if (found == subscriptions_.end()) {
        absent.add(errc::not_subscribed, name.str() + ": not subscribed");
        continue;
      }
      streams.push_back(found->second);
      pending_.forget(found->second);
      left.push_back(name);
      subscriptions_.erase(found);
    }
    refuse(request.id, absent.take());
    if (left.empty())
      return;
    leave(std::move(streams));
    reply([&](std::string& out) { native::append_unsubscribed(out, request.id, left); });
    show();
  }

  void said(const list_request& request) {
    std::vector<symbol> symbols;
    symbols.reserve(subscriptions_.size());
    for (const auto& [name, index] : subscriptions_)
      symbols.push_back(name);
    reply([&](std::string& out) { native::append_subscriptions(out, request.id, symbols); });
  }

  void said(const ping_message& request) {
    reply([&](std::string& out) { native::append_pong(out, request.id, wall_now()); });
  }
  void said(const pong_message&) {}
  void said(const invalid_request& request) {
    refuse_one(request.id, request.code, request.detail);
  }

  // --- a slow reader ---

  void diverted(const events_diverted& what) {
    full_ = full_ || what.outbox_full;
    if (!pending_.add(*what.burst, what.before))
      give_up();
    hand_on();
  }

  void diverted(const move_diverted& what) {
    if (!pending_.add_move(what.moved.index, *what.moved.snapshot, what.before))
      give_up();
    hand_on();
  }

  void handed(const handed_back& answer) {
    handing_ = false;
    if (answer.refused.empty()) {
      pending_.taken();
    } else {
      pending_.put_back(answer.refused);
      full_ = true;
    }
    hand_on();
  }

  void refused(const control_refused& what) {
    if (what.waiting_bytes > options_.max_waiting_answers_bytes)
      give_up();
  }

  void drained() {
    full_ = false;
    hand_on();
  }

  // Also where the actor dies: what it has counted must not outlive it.
  void gone() {
    std::vector<stream_index> streams;
    for (const auto& [name, index] : std::exchange(subscriptions_, {}))
      streams.push_back(index);
    if (!streams.empty() && options_.io_thread < options_.directory->fan_outs().size())
      leave(std::move(streams));
  }
  ~session() { gone(); }

 private:
  const fan_out_actor& fan_out() const {
    return options_.directory->fan_outs().at(options_.io_thread);
  }

  // The table first: an index that the directory has back may be another symbol's at once.
  void leave(std::vector<stream_index> streams) {
    caf::anon_send(fan_out(), leave_streams{options_.id, streams});
    for (auto index : streams)
      options_.directory->leave(index, options_.io_thread);
  }

  template <class Write>
  void reply(Write&& write) {
    auto frame = std::make_shared<std::string>();
    websocket::append_text_frame(*frame, std::forward<Write>(write));
    caf::anon_send(fan_out(), control_frame{options_.id, std::move(frame)});
  }

  void refuse_one(const std::string& id, errc code, const std::string& detail) {
    reply([&](std::string& out) { native::append_error(out, id, code, detail); });
  }
  void refuse(const std::string& id, const std::vector<refused_member>& members) {
    for (const auto& member : members)
      refuse_one(id, member.code, member.detail);
  }

  // One hand-back at a time, and none while the outbox is known to be full.
  void hand_on() {
    if (full_ || handing_ || pending_.empty())
      return;
    handing_ = true;
    caf::anon_send(fan_out(), hand_back{options_.id, pending_.take(options_.hand_back_bytes)});
  }

  // The errors are the warning: who does not heed it is sent away.
  void count_beyond_limit(bool one_more) {
    beyond_limit_ = one_more ? beyond_limit_ + 1 : 0;
    if (beyond_limit_ <= most_beyond_limit || std::exchange(given_up_, true))
      return;
    const auto why = std::to_string(beyond_limit_) + " requests beyond limits.subscriptions = " +
                     std::to_string(options_.max_subscriptions) + ", one after the other";
    options_.card->set_error(why);
    options_.close(close_code::too_many_subscriptions, why);
  }

  void give_up() {
    if (std::exchange(given_up_, true))
      return;
    options_.card->set_error("slow consumer: the bound of what may wait was reached");
    options_.close(close_code::slow_consumer,
                   "too much waits for this client; come back and resume");
  }

  void show() {
    options_.card->set_state("open, " + std::to_string(subscriptions_.size()) + " subscriptions");
  }

  connection_options options_;
  conflation pending_{false};
  std::map<symbol, stream_index> subscriptions_;
  std::uint64_t last_group_ = 0;
  static constexpr unsigned most_beyond_limit = 16;
  unsigned beyond_limit_ = 0; // requests in succession that were refused something for the limit
  bool full_ = false;         // the outbox has refused events and has not drained since
  bool handing_ = false;      // a hand-back is under way
  bool given_up_ = false;
};

struct shell {
  static constexpr const char* name = "connection";
  session mine;
};

using self_pointer = connection_actor::stateful_pointer<shell>;

connection_actor::behavior_type behavior(self_pointer self, connection_options options) {
  obey_house_rules(self);
  // An end without the client's: nobody would hear it any more, so it is sent away.
  self->attach_functor([close = options.close](const caf::error& why) {
    if (why)
      close(close_code::internal, "internal error");
  });
  self->state.mine.begin(std::move(options));
  return {
      [self](const client_said& said) { self->state.mine.hear(*said.message); },
      [self](const outbox_drained&) { self->state.mine.drained(); },
      [self](const events_diverted& what) { self->state.mine.diverted(what); },
      [self](const move_diverted& what) { self->state.mine.diverted(what); },
      [self](const handed_back& answer) { self->state.mine.handed(answer); },
      [self](const control_refused& answer) { self->state.mine.refused(answer); },
      [self](const client_gone&) {
        self->state.mine.gone();
        self->quit();
      },
  };
}

} // namespace

connection_actor spawn_connection_actor(caf::actor_system& system, connection_options options) {
  return system.spawn(behavior, std::move(options));
}

} // namespace tradepulse
