#pragma once

#include <functional>
#include <memory>

#include "actors/distribution/connection_owner.hpp"
#include "actors/distribution/recovery_desk.hpp"
#include "actors/distribution/subscription_book.hpp"
#include "actors/distribution/view_desk.hpp"
#include "actors/distribution/write_pass.hpp"
#include "actors/engine_metrics.hpp"

namespace tradepulse {

// Who gets what on one I/O thread: streams, their subscriptions, each one's position. Judges each
// event by the subscription's own position, so nothing comes twice and no hole is silent. A burst
// that an outbox refuses diverts that subscription to the connection's owner until it hands a
// merged update back; nobody else notices. One that comes back with a position catches up first, at
// the pace of its socket (recovery_desk).
// Thread: the I/O thread.
class delivery_table {
 public:
  // `schedule_flush` is asked once per pass, when something was pushed; it calls flush() later on
  // this thread, after all that came in the same pass.
  delivery_table(engine_metrics& metrics, std::function<void()> schedule_flush,
                 recovery_options recovery = {});
  ~delivery_table();

  void attach(connection_id id, std::shared_ptr<outbox> out,
              std::shared_ptr<connection_owner> owner, bool numbers_as_strings);
  void detach(connection_id id);

  void open(const open_group& request);
  void joined(const stream_joined& answer);
  void recalled(const stream_recalled& answer);
  void settled(const partition_settled& what);
  void deliver(const burst_ptr& burst);
  void show(const candle_shown& what);
  void moved(const stream_moved& to);
  void away(const stream_away& what);
  void back(const stream_back& what);
  void recall(const recall_again& what);
  void leave(const leave_streams& request);
  void take_back(const hand_back& handed);
  // Behind every answer that still waits.
  void control(const control_frame& frame);
  // The outbox has refused something and is empty now.
  void drained(connection_id id);
  void flush();

  std::size_t connections() const noexcept { return book_.connections(); }

 private:
  void remove(subscriber& from, stream_index index);
  void write_answers(subscriber& to);
  push_outcome push_answer(subscriber& to, const answer_queue::answer& due);
  static void tell_waiting(subscriber& to);
  void write_notices(subscriber& to);
  void push_burst(subscription& to, const burst_ptr& burst, std::size_t& delivered);
  static void divert(subscription& from, stream_position through);

  engine_metrics& metrics_;
  write_pass pass_;
  subscription_book book_;
  view_desk views_;
  recovery_desk recovery_;
};

} // namespace tradepulse
