#include "actors/persistence/writer_actor.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/actor_rules.hpp"
#include "actors/message_types.hpp"
#include "actors/persistence/writer.hpp"

namespace tradepulse {
namespace {

struct shell {
  static constexpr const char* name = "writer";
  writer mine;
};

writer_actor::behavior_type behavior(writer_actor::stateful_pointer<shell> self,
                                     std::shared_ptr<writer_options> options) {
  obey_house_rules(self);
  self->state.mine.begin(std::move(options), self_of<writer_actor, flush_due, claims_due>(self));
  return handlers_of(self->state.mine);
}

} // namespace

writer_actor::behavior_type handlers_of(writer& mine) {
  return {
      [&mine](const range_complete& done) { mine.complete(done); },
      [&mine](const claim_partition& wanted) { mine.enqueue(wanted); },
      [&mine](const move_partition& wanted) { mine.enqueue(wanted); },
      [&mine](const load_streams& wanted) { mine.enqueue(wanted); },
      [&mine](const load_candles& wanted) { mine.enqueue(wanted); },
      [&mine](const release_partition& wanted) { mine.release(wanted); },
      [&mine](const watch_row& wanted) { mine.watch(wanted); },
      [&mine](const refusal_letter_done& done) { mine.letter_done(done); },
      [&mine](const flush_due& due) { mine.flush(due); },
      [&mine](const claims_due&) { mine.work_on_claims(); },
  };
}

writer_actor spawn_writer_actor(caf::actor_system& system, writer_options options) {
  return system.spawn<caf::detached>(behavior,
                                     std::make_shared<writer_options>(std::move(options)));
}

} // namespace tradepulse
