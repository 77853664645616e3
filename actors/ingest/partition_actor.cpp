#include "actors/ingest/partition_actor.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/actor_rules.hpp"
#include "actors/ingest/partition.hpp"
#include "actors/message_types.hpp"

namespace tradepulse {
namespace {

struct shell {
  static constexpr const char* name = "partition";
  partition mine;
};

partition_actor::behavior_type behavior(partition_actor::stateful_pointer<shell> self,
                                        std::shared_ptr<partition_options> options) {
  obey_house_rules(self);
  auto& mine = self->state.mine;
  mine.begin(std::move(options), self_of<partition_actor, retry_due>(self));
  self->set_exit_handler([&mine, self](caf::scheduled_actor*, caf::exit_msg& why) {
    mine.cut_off();
    self->quit(std::move(why.reason));
  });
  return handlers_of(mine);
}

} // namespace

partition_actor::behavior_type handlers_of(partition& mine) {
  return {
      [&mine](const batch_arrived& what) { mine.arrived(what); },
      [&mine](const fault_reported& what) { mine.faulted(what); },
      [&mine](const log_inspected& what) { mine.inspected(what); },
      [&mine](const letter_refused& what) { mine.letter_failed(what); },
      [&mine](const partition_claimed& what) { mine.claimed(what); },
      [&mine](const streams_loaded& what) { mine.loaded(what); },
      [&mine](const range_committed& what) { mine.committed(what); },
      [&mine](const claim_lost& what) { mine.lost(what); },
      [&mine](const row_changed& what) { mine.row_changed_to(what); },
      [&mine](const range_failed& what) { mine.failed(what); },
      [&mine](const stream_failed& what) { mine.died(what); },
      [&mine](const retry_due& due) { mine.retry(due); },
      [&mine](const second_passed&) { mine.second(); },
      [&mine](const broker_back&) { mine.broker_returned(); },
      [&mine](const give_up_partition&) { mine.give_up(); },
  };
}

partition_actor spawn_partition_actor(caf::actor_system& system, partition_options options) {
  return system.spawn(behavior, std::make_shared<partition_options>(std::move(options)));
}

} // namespace tradepulse
