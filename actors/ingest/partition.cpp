#include "actors/ingest/partition.hpp"

#include <utility>

#include "actors/tell.hpp"
#include "protocol/log.hpp"

// Its beginning, its end, and what it does once a second.
namespace tradepulse {

void partition::begin(std::shared_ptr<partition_options> options, partition_self self) {
  options_ = std::move(options);
  self_ = std::move(self);
  const auto& rules = options_->rules;
  builder_.emplace(options_->decoder, options_->candles);
  by_topic_ = parts().metrics->for_topic(options_->source.topic);
  retry_.emplace(rules.claim_retry_first, rules.claim_retry_most, parts().time->seed());
  last_batch_ = last_check_ = parts().time->now();
  failing_.emplace(rules.symbol_failures, rules.symbol_failure_window);
  dispatcher_.emplace(range_dispatcher::parts{options_->source, parts().directory,
                                              parts().dead_letters, parts().metrics, me(),
                                              options_->writer});
  options_->routes->set(options_->source, me());
  parts().directory->set_partition(options_->source, me());
  claim();
}

void partition::second() {
  dispatcher_->retry_letters();
  const auto now = parts().time->now();
  show_what_is_over(now);
  look_for_the_end();
  if (now - last_check_ < options_->rules.identity_check_interval)
    return;
  last_check_ = now;
  if (state_ == state::reading) {
    inspect(log_question::check);
    // Nothing else would use the connection: another server may have taken over.
    if (dispatcher_->in_flight() == 0)
      tell(options_->writer, watch_row{options_->source, gen_, me()});
  } else if (state_ == state::stopped) {
    tell(options_->writer, watch_row{options_->source, gen_, me()});
  }
}

void partition::broker_returned() {
  if (state_ == state::reading)
    inspect(log_question::check);
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
  tell(options_->writer, release_partition{options_->source, gen_});
  parts().health->clear(health_key());
  parts().board->remove(*options_->card);
  parts().directory->let_go(options_->source);
  parts().directory->remove_partition(options_->source, me());
  tell(options_->supervisor, partition_ended{options_->source, dispatcher_->events_in_flight()});
  self_.end();
}

} // namespace tradepulse
