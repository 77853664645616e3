#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "actors/distribution/connection_owner.hpp"
#include "actors/distribution/subscriber.hpp"
#include "actors/distribution/write_pass.hpp"
#include "actors/engine_metrics.hpp"

namespace tradepulse {

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
  subscriber* find(connection_id id);
  std::vector<subscription*>& subscribers(stream_index index);
  void remove(subscriber& from, stream_index index);
  void write_answers(subscriber& to);
  push_outcome push_answer(subscriber& to, const answer_queue::answer& due);
  static void tell_waiting(subscriber& to);
  void write_notices(subscriber& to);
  void push_burst(subscription& to, const burst_ptr& burst, std::size_t& delivered);

  engine_metrics& metrics_;
  write_pass pass_;
  std::unordered_map<connection_id, std::unique_ptr<subscriber>> connections_;
  std::vector<std::vector<subscription*>> streams_; // by stream_index
};

} // namespace tradepulse
