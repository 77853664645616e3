#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "actors/distribution/answer_queue.hpp"
#include "actors/engine_metrics.hpp"
#include "actors/messages.hpp"
#include "protocol/ports/client_connection.hpp"

namespace tradepulse {

// What the table tells the owner of a connection. Must not block.
class connection_owner {
 public:
  virtual ~connection_owner() = default;
  virtual void tell(events_diverted what) = 0;
  virtual void tell(move_diverted what) = 0;
  virtual void tell(handed_back what) = 0;
  virtual void tell(control_refused what) = 0;
};

// Who gets what on one I/O thread: streams, their subscriptions, each one's position. Judges each
// event by the subscription's own position, so nothing comes twice and no hole is silent. A burst
// that an outbox refuses diverts that subscription to the connection's owner until it hands a
// merged update back; nobody else notices.
// Thread: the I/O thread.
class delivery_table {
 public:
  // `schedule_flush` is asked once per pass, when something was pushed; it calls flush() later on
  // this thread, after all that came in the same pass.
  delivery_table(engine_metrics& metrics, std::function<void()> schedule_flush);
  ~delivery_table();

  void attach(connection_id id, std::shared_ptr<outbox> out,
              std::shared_ptr<connection_owner> owner, bool numbers_as_strings);
  void detach(connection_id id);

  void open(const open_group& request);
  void joined(const stream_joined& answer);
  void deliver(const burst_ptr& burst);
  void moved(const stream_moved& to);
  void away(const stream_away& what);
  void back(const stream_back& what);
  void leave(const leave_streams& request);
  void take_back(const hand_back& handed);
  // Behind every answer that still waits.
  void control(const control_frame& frame);
  // The outbox has refused something and is empty now.
  void drained(connection_id id);
  void flush();

  std::size_t connections() const noexcept { return connections_.size(); }

 private:
  struct connection;
  enum class phase : std::uint8_t { joining, live, diverted };
  // What a subscription is to be told of its partition, when the outbox takes it.
  enum class notice : std::uint8_t { none, away, snapshot };
  struct subscription {
    connection* owner = nullptr;
    stream_index index;
    tradepulse::symbol symbol;
    phase state = phase::joining;
    std::uint64_t group = 0;
    bool answered = false; // while joining: the stream has said where it stands
    bool away = false;     // while joining: its partition is
    notice due = notice::none;
    // While joining; then of a partition that was away, to be sent when it is back.
    std::shared_ptr<const price_snapshot> snapshot;
    stream_position position;         // of what was delivered
    stream_position diverted_through; // of what the owner has got since
    std::size_t slot = 0;             // in its stream's list
  };
  struct connection {
    connection_id id;
    std::shared_ptr<outbox> out;
    std::shared_ptr<connection_owner> owner;
    bool numbers_as_strings = false;
    bool dirty = false;
    std::unordered_map<stream_index, std::unique_ptr<subscription>> subscriptions;
    answer_queue answers;
    bool answer_refused = false; // the oldest; until the outbox has drained bursts are folded
    std::unordered_set<stream_index> notices; // of subscriptions that have one due
    bool notice_refused = false;
  };

  connection* find(connection_id id);
  std::vector<subscription*>& subscribers(stream_index index);
  void remove(connection& from, stream_index index);
  void write_answers(connection& to);
  push_outcome push_answer(connection& to, const answer_queue::answer& due);
  push_outcome push_joins(connection& to, const join_request& request);
  static void tell_waiting(connection& to);
  void notify(subscription& whom, notice what);
  void write_notices(connection& to);
  void push_burst(subscription& to, const burst_ptr& burst, std::size_t& delivered);
  push_outcome push(connection& to, frame_slice frames);
  void mark_dirty(connection& to);

  engine_metrics& metrics_;
  std::function<void()> schedule_flush_;
  bool flush_scheduled_ = false;
  std::unordered_map<connection_id, std::unique_ptr<connection>> connections_;
  std::vector<std::vector<subscription*>> streams_; // by stream_index
  std::vector<connection_id> dirty_;
  struct pushed {
    time_ms append;
    std::size_t events;
  };
  std::vector<pushed> pushed_; // in this pass, for the latency
};

} // namespace tradepulse
