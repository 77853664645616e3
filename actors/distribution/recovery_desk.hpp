#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "actors/actor_card.hpp"
#include "actors/distribution/subscription_book.hpp"
#include "actors/distribution/view_desk.hpp"
#include "actors/distribution/write_pass.hpp"
#include "actors/engine_metrics.hpp"
#include "actors/messages.hpp"
#include "protocol/ports/history.hpp"

namespace tradepulse {

// What subscriptions that come back ask, and how much of it at once.
struct recovery_options {
  // The journal; outlives the desk and answers nothing behind its own end. Null: there is none, the
  // ladder ends at memory.
  history_source* history = nullptr;
  // Which streams it keeps: of others the ladder ends at memory as well. Absent: all. From the
  // desk's thread.
  std::function<bool(stream_kind)> is_kept;
  // Asks the directory; `stream_recalled` comes to the fan-out actor of this I/O thread.
  std::function<void(const stream_key&, stream_index, recall_events)> recall;
  // Carries out a task on the desk's thread, soon. From any thread.
  std::function<void(std::function<void()>)> post;
  // The same behind what others wait for there. From the desk's thread.
  std::function<void(std::function<void()>)> post_behind;
  std::shared_ptr<actor_card> card; // shows how many catch up; may be null
  std::size_t page_events = 1'000;
  // Subscriptions of one connection that ask, or hold a page that its outbox has refused.
  std::size_t at_once_per_connection = 8;
  // Streams of which the journal is read. All who want one of them read it together.
  std::size_t streams_at_once = 16;
  // Says to the journal since when one waits for its turn.
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

// The subscriptions of one I/O thread that catch up: asks for them what their `recovery` decides,
// writes what comes when the outbox takes it, and lets them go when they are live. A page is kept
// until it is taken, and meanwhile nothing more is asked for that connection: a slow client makes
// nobody wait and nothing grow. Connections take turns, some steps at a time, behind the events of
// those who are live.
// Thread: the I/O thread.
class recovery_desk {
 public:
  recovery_desk(engine_metrics& metrics, write_pass& pass, subscription_book& book,
                view_desk& views, recovery_options options);

  // A new subscription; it is `joining` until `subscribed` was written.
  void begin(subscription& of, const since_point& since);
  // True: it was its first answer, and the request may be answered now.
  bool recalled(const stream_recalled& answer);
  // `subscribed` was written.
  void opened(subscription& of);
  // The outbox has drained, or subscriptions were left: there may be room.
  void go_on(subscriber& whose);
  void drained(subscriber& whose);
  // What it has asked may get no answer, or has another one by now.
  void recall_again(subscription& of);
  // Its stream stands further on than was known. True: it was live where the stream did not stand,
  // and what it has missed may be had; it catches up, a diverted one once it is handed back.
  bool moved(subscription& of);
  // A partition is settled: what was waited for is there, or never will be.
  void settled();
  // It ends, or begins anew.
  void forget(subscription& gone);

 private:
  struct reader { // whose read it is
    connection_id connection;
    std::uint64_t group;
    std::uint64_t ask;
    std::chrono::steady_clock::time_point since;
  };
  bool has_journal(const subscription& of) const;
  subscription* find(connection_id id, stream_index index, std::uint64_t group, std::uint64_t ask);
  void open(subscription& of); // asks what has to be known before `subscribed`
  void ask(subscription& of, std::size_t limit);
  void advance(subscription& of);
  void line_up(subscription& of);
  void release(subscription& of);
  void await_turn(subscription& of); // to be opened, or advanced
  void await_turn(subscriber& whose);
  void post_turns();
  void take_turns();
  std::size_t serve(subscriber& whose, std::size_t most);
  bool may_ask(const subscriber& whose) const;
  void live(subscription& of);
  void end(subscription& of);
  void count(std::int64_t more);
  void ask_again(subscription& of);
  bool write(subscription& of);

  void read(subscription& of);
  void start_read(subscription& of, const reader& whose);
  void have_read(stream_index index, const reader& whose,
                 const result<std::shared_ptr<const history_page>>& page);

  engine_metrics& metrics_;
  write_pass& pass_;
  subscription_book& book_;
  view_desk& views_;
  recovery_options options_;
  // Those of one connection stand together, so that who is told first does not hang on addresses.
  struct in_order {
    bool operator()(const subscription* a, const subscription* b) const {
      return std::pair(a->owner->id, a->index) < std::pair(b->owner->id, b->index);
    }
  };
  using subscriptions = std::set<subscription*, in_order>;
  subscriptions returning_;
  subscriptions unsettled_; // live, and not where the stream stood
  std::set<connection_id> turns_; // of connections that have something due, or may ask
  connection_id last_served_;
  bool taking_turns_ = false; // posted
  std::map<stream_index, std::size_t> reading_;
  std::map<stream_index, std::vector<reader>> waiting_readers_;
  stream_index last_read_;
};

} // namespace tradepulse
