#include "actors/market/symbol_actor.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/actor_rules.hpp"
#include "actors/market/stream_worker.hpp"
#include "actors/message_types.hpp"

namespace tradepulse {
namespace {

struct shell {
  static constexpr const char* name = "symbol";
  stream_worker mine;
};

symbol_actor::behavior_type behavior(symbol_actor::stateful_pointer<shell> self,
                                     symbol_entry* entry, std::shared_ptr<symbol_state> state,
                                     const symbol_actor_options& options) {
  obey_house_rules(self);
  auto& mine = self->state.mine;
  mine.begin(*entry, std::move(state), options, self->id(), [self] { self->quit(); });
  at_unasked_end(self,
                 [entry, options, id = self->id()] { stream_worker::failed(*entry, options, id); });
  return handlers_of(mine);
}

} // namespace

symbol_actor::behavior_type handlers_of(stream_worker& mine) {
  return {
      [&mine](const symbol_work& what) { mine.work(what); },
      [&mine](const restore_stream& claim) { mine.restore(claim); },
      [&mine](const candle_work& what) { mine.candles(what); },
      [&mine](const candles_loaded& answer) { mine.loaded(answer); },
      [&mine](const candles_idle& what) { mine.idle(what); },
      [&mine](const epoch_committed& done) { mine.committed(done); },
      [&mine](const recall_events& question) { mine.recall(question); },
      [&mine](const passivate_symbol& asked) { mine.rest(asked); },
  };
}

symbol_actor spawn_symbol_actor(caf::actor_system& system, symbol_entry& entry,
                                std::shared_ptr<symbol_state> state,
                                const symbol_actor_options& options) {
  return system.spawn(behavior, &entry, std::move(state), options);
}

} // namespace tradepulse
