#include "actors/ingest/partition_actor.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/actor_rules.hpp"
#include "actors/ingest/partition.hpp"
#include "actors/message_types.hpp"
#include "protocol/log.hpp"

namespace tradepulse {

void partition::begin(std::shared_ptr<partition_options> options, self_type self) {
  options_ = std::move(options);
  self_ = self;
  const auto& rules = options_->rules;
  builder_.emplace(options_->decoder);
  by_topic_ = parts().metrics->for_topic(options_->source.topic);
  retry_.emplace(rules.claim_retry_first, rules.claim_retry_most);
  failing_.emplace(rules.symbol_failures, rules.symbol_failure_window);
  dispatcher_.emplace(range_dispatcher::parts{options_->source, parts().directory,
                                              parts().dead_letters, parts().metrics, me(),
                                              options_->writer});
  options_->routes->set(options_->source, me());
  claim();
}

void partition::second() {
  dispatcher_->retry_letters();
  const auto now = std::chrono::steady_clock::now();
  if (now - last_check_ < options_->rules.identity_check_interval)
    return;
  last_check_ = now;
  if (state_ == state::reading)
    inspect(true);
  else if (state_ == state::stopped)
    caf::anon_send(options_->writer, watch_row{options_->source, gen_, me()});
}

void partition::broker_returned() {
  if (state_ == state::reading)
    inspect(true);
}

void partition::give_up() {
  leaving_ = true;
  parts().reader->stop(options_->source);
  options_->card->set_state("leaving");
  if (dispatcher_->in_flight() == 0 || state_ != state::reading)
    end();
}

void partition::cut_off() {
  if (std::exchange(state_, state::ended) != state::ended)
    tell_what_is_left();
}

void partition::degraded(const std::string& why) {
  parts().health->set(health_key(), why);
  options_->card->set_error(why);
}

void partition::enter(state next, std::string_view text) {
  state_ = next;
  options_->card->set_state(text);
}

void partition::stop_reading() {
  reading_ = false;
  parts().reader->stop(options_->source);
}

void partition::tell_what_is_left() const {
  if (dispatcher_->in_flight() > 0)
    log::warning("left_to_the_log", {{"partition", name()},
                                     {"next_offset", committed_.value()},
                                     {"events", dispatcher_->events_in_flight()}});
}

void partition::end() {
  if (std::exchange(state_, state::ended) == state::ended)
    return;
  tell_what_is_left();
  caf::anon_send(options_->writer, release_partition{options_->source, gen_});
  parts().health->clear(health_key());
  parts().board->remove(*options_->card);
  caf::anon_send(options_->supervisor,
                 partition_ended{options_->source, dispatcher_->events_in_flight()});
  self_->quit();
}

namespace {

struct shell {
  static constexpr const char* name = "partition";
  partition mine;
};

partition_actor::behavior_type behavior(partition_actor::stateful_pointer<shell> self,
                                        std::shared_ptr<partition_options> options) {
  obey_house_rules(self);
  auto& mine = self->state.mine;
  mine.begin(std::move(options), self);
  self->set_exit_handler([&mine, self](caf::scheduled_actor*, caf::exit_msg& why) {
    mine.cut_off();
    self->quit(std::move(why.reason));
  });
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
      [&mine](const retry_due& due) { mine.retry(due); },
      [&mine](const second_passed&) { mine.second(); },
      [&mine](const broker_back&) { mine.broker_returned(); },
      [&mine](const give_up_partition&) { mine.give_up(); },
  };
}

} // namespace

partition_actor spawn_partition_actor(caf::actor_system& system, partition_options options) {
  return system.spawn(behavior, std::make_shared<partition_options>(std::move(options)));
}

} // namespace tradepulse
