#include "actors/market/symbol_actor.hpp"

#include <algorithm>
#include <vector>

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/actor_rules.hpp"
#include "actors/market/symbol_state.hpp"
#include "actors/message_types.hpp"

namespace tradepulse {
namespace {

// The burst, by a pointer that owns its part of the passage too.
burst_ptr on_passage(const burst_ptr& burst, const std::shared_ptr<passage>& on) {
  struct both {
    burst_ptr burst;
    std::shared_ptr<passage> on;
  };
  if (!on)
    return burst;
  const auto kept = std::make_shared<const both>(both{burst, on});
  return {kept, burst.get()};
}

struct shell {
  static constexpr const char* name = "symbol";
  symbol_entry* entry = nullptr;
  symbol_actor_options options;
  std::shared_ptr<symbol_state> state;

  void alarm_unordered(const stored_stream& row) {
    options.metrics->unordered_streams.add();
    log::error("stream_unordered",
               {{"symbol", row.symbol.view()},
                {"home", row.home->to_string()},
                {"reason", "events come from several partitions: producers must key by symbol"},
                {"command", "tradepulse offsets clear-unordered " + row.symbol.str()}});
  }

  // `on`: what its batch holds of the delivery window, until everybody is done with the bursts.
  void publish(symbol_state::outcome done, const std::shared_ptr<passage>& on = {}) {
    auto& counted = *options.metrics;
    counted.late_ticks.add(done.late);
    counted.source_gaps.add(static_cast<std::uint64_t>(done.source_gap));
    if (done.published)
      options.directory->publish(*entry, std::move(done.published));
    for (const auto& burst : done.bursts)
      send(burst, on);
    // Asked behind the snapshot: who joins from now on is answered with it.
    if (!done.events.empty() && somebody_listens())
      send(state->burst_of(done), on);
  }

  bool somebody_listens() const {
    const auto count = options.directory->fan_outs().size();
    return std::any_of(entry->interest.begin(),
                       entry->interest.begin() + static_cast<std::ptrdiff_t>(count),
                       [](const auto& each) { return each.load() > 0; });
  }

  void send(const burst_ptr& burst, const std::shared_ptr<passage>& on) const {
    const auto& fan_outs = options.directory->fan_outs();
    burst_ptr sent;
    for (std::size_t i = 0; i < fan_outs.size(); ++i)
      if (entry->interest[i].load() > 0) {
        if (!sent) {
          burst->encoded(false); // here, not on the I/O thread
          sent = on_passage(burst, on);
        }
        caf::anon_send(fan_outs[i], sent);
      }
  }
};

// What a claim goes back to while the move is not committed.
stored_stream right_after_the_move(stored_stream row) {
  row.position.seq = sequence{0};
  row.snapshot.reset();
  return row;
}

using self_pointer = symbol_actor::stateful_pointer<shell>;

symbol_actor::behavior_type behavior(self_pointer self, symbol_entry* entry,
                                     std::shared_ptr<symbol_state> state,
                                     const symbol_actor_options& options) {
  obey_house_rules(self);
  // An end that nobody asked for: the directory answers joins itself until a claim restores it.
  self->attach_functor([entry, directory = options.directory, id = self->id(),
                        counted = options.metrics](const caf::error& why) {
    if (why && why != caf::exit_reason::user_shutdown && directory->forget_actor(entry->symbol, id))
      counted->failed_symbols.add();
  });
  self->state.entry = entry;
  self->state.options = options;
  self->state.state = std::move(state);
  return {
      [self](const symbol_work& work) {
        auto& me = self->state;
        me.entry->queued.fetch_sub(1, std::memory_order_relaxed);
        thread_local std::vector<numbered_event> room;
        auto done = me.state->apply(work.ticket.range(), work.ticket.slot(), room);
        if (work.ticket.slot().began_epoch)
          me.options.directory->move_home(*me.entry, right_after_the_move(work.ticket.slot().row));
        if (done.became_unordered)
          me.alarm_unordered(work.ticket.slot().row);
        // After this the range may be committed and gone: its ticks are not touched again.
        work.ticket.acknowledge();
        me.publish(std::move(done), work.passage);
      },
      [self](const restore_stream& claim) {
        auto& me = self->state;
        me.entry->queued.fetch_sub(1, std::memory_order_relaxed);
        auto known = me.options.directory->read(*me.entry).snapshot;
        auto restored = me.state->restore(claim.stored, std::move(known), claim.uncommitted_epoch);
        if (!restored.moved)
          return;
        me.options.directory->publish(*me.entry, restored.moved);
        const auto& fan_outs = me.options.directory->fan_outs();
        for (std::size_t i = 0; i < fan_outs.size(); ++i)
          if (me.entry->interest[i].load() > 0)
            caf::anon_send(fan_outs[i], stream_moved{me.entry->index, restored.moved});
      },
      [self](const epoch_committed& done) {
        auto& me = self->state;
        me.options.directory->home_committed(*me.entry, done.epoch);
        me.publish(me.state->commit_epoch(done.epoch));
      },
      [self](const passivate_symbol&) {
        auto& me = self->state;
        me.state->rest();
        if (!me.options.directory->passivate(*me.entry, self->id(), me.state))
          return;
        me.state.reset(); // the next actor's from here on
        self->quit();
      },
  };
}

} // namespace

symbol_actor spawn_symbol_actor(caf::actor_system& system, symbol_entry& entry,
                                std::shared_ptr<symbol_state> state,
                                const symbol_actor_options& options) {
  return system.spawn(behavior, &entry, std::move(state), options);
}

} // namespace tradepulse
