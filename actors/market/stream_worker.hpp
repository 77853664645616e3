#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "actors/ingest/made_candles.hpp"
#include "actors/market/symbol_actor.hpp"
#include "actors/market/symbol_state.hpp"
#include "actors/messages.hpp"
#include "protocol/shown_candle.hpp"

namespace tradepulse {

// What a symbol actor does with the state of its stream; the actor itself is a shell around it.
class stream_worker {
 public:
  // `id`: its actor's, by which the directory knows it. `end`: nothing more reaches it.
  void begin(symbol_entry& entry, std::shared_ptr<symbol_state> state,
             const symbol_actor_options& options, std::uint64_t id, std::function<void()> end);

  void work(const symbol_work& what);
  void restore(const restore_stream& claim);
  void committed(const epoch_committed& done);
  void recall(const recall_events& question);
  void rest(const passivate_symbol&);

  // --- candles (stream_candles.cpp) ---
  // Of its own stream: numbered by the worker of their source.
  void candles(const candle_work& what);
  // As their source: what it waits for, and what is over by the clock.
  void loaded(const candles_loaded& answer);
  void idle(const candles_idle& what);
  // That actor has ended, and nobody asked it to: the directory answers joins itself until a claim
  // restores the stream.
  static void failed(const symbol_entry& entry, const symbol_actor_options& options,
                     std::uint64_t id);

 private:
  void heard() { entry_->queued.fetch_sub(1, std::memory_order_relaxed); }
  event_room& room() const;
  void take(const symbol_work& what);
  void give_up(const ingest_range& range);
  bool is_given_up(const symbol_work& what) const;
  // Acknowledges when all is done, now or when the database has answered.
  void make_candles(const symbol_work& what);
  bool connect(candle_intervals intervals);
  void go_on_from(const restore_stream& claim);
  void move_home(const stored_stream& row);
  bool hand_on(const symbol_work& what, made_candles& made) const;
  void count_candles() const;
  void show_changed();
  void show_all();
  void show(std::span<const candle_view> views) const;
  void alarm_unordered(const stored_stream& row);
  // `on`: what its batch holds of the delivery window, until everybody is done with the bursts.
  void publish(symbol_state::outcome done, const event_room& room,
               const std::shared_ptr<passage>& on = {});
  bool somebody_listens() const;
  void send(const burst_ptr& burst, const std::shared_ptr<passage>& on) const;

  symbol_entry* entry_ = nullptr;
  std::optional<candle_outlets> outlets_; // where its candles go; made with the first
  // A slot that waits for candles of the database, and those behind it.
  std::optional<symbol_work> waiting_;
  std::deque<symbol_work> later_;
  // A claim of which a slot came to nothing: what else was read under it does so too.
  std::optional<std::pair<topic_partition, generation>> given_up_;
  symbol_actor_options options_;
  std::shared_ptr<symbol_state> state_;
  std::uint64_t id_ = 0;
  std::function<void()> end_;
};

} // namespace tradepulse
