#pragma once

#include <cstddef>

#include "actors/distribution/subscription_book.hpp"
#include "actors/distribution/write_pass.hpp"
#include "actors/engine_metrics.hpp"

namespace tradepulse {

// Views of open candles, to the subscriptions of one I/O thread. A view goes to a live subscription
// at once; where its outbox has no room, or the subscription is not live, the newest of each candle
// waits (waiting_views). Events come first: while one of a client's subscriptions is diverted, its
// views get a share of what room the hand-backs leave, and none where they find no room themselves.
// So views are not counted as events, and no client is sent away for them. A view that knows less
// of its stream than the client does is dropped. Thread: the I/O thread.
class view_desk {
 public:
  // What a slow reader is sent of them behind a hand-back, about.
  static constexpr std::size_t share_bytes = 64 * 1'024;

  view_desk(engine_metrics& metrics, write_pass& pass) : metrics_(metrics), pass_(pass) {}

  void show(subscription& to, const candle_view_ptr& view);
  // That came with the answer to a question of this subscription.
  void answered(subscription& to, const candle_view_ptr& view);
  // These came, or will come, to this subscription.
  static void numbered(subscription& of, const candle_burst& facts);
  // What waits for it is no more true.
  static void drop(subscription& of);

  // It has become live.
  void live(subscription& of);
  // The same, and there may be room later.
  static void line_up(const subscription& of);
  // There may be room: none of its subscriptions is diverted any more, or its outbox has drained.
  void go_on(subscriber& whose);
  // A hand-back was taken whole.
  void handed(subscriber& whose);

 private:
  bool write(subscription& of, std::size_t& bytes);
  void write(subscriber& to, std::size_t most);

  engine_metrics& metrics_;
  write_pass& pass_;
};

} // namespace tradepulse
