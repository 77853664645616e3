#include "actors/ingest/ingest_supervisor.hpp"

#include <map>
#include <set>

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/actor_rules.hpp"
#include "actors/message_types.hpp"
#include "actors/supervision/backoff.hpp"

namespace tradepulse {
namespace {

class supervisor {
 public:
  using self_type = ingest_supervisor::pointer;

  void begin(std::shared_ptr<supervisor_options> options, self_type self) {
    options_ = std::move(options);
    self_ = self;
    card_ = options_->parts.board->make("supervisor", "ingest");
    failures_.emplace(options_->restarts, options_->restart_window);
    writers_.resize(options_->writers);
    for (std::size_t i = 0; i < writers_.size(); ++i)
      start_writer(i, false);
    show();
  }

  void assign(const assignment_changed& change) {
    if (draining_)
      return; // the group is about to be left
    assigned_ = {change.assigned.begin(), change.assigned.end()};
    options_->parts.directory->set_assignment(change.assigned);
    options_->credit->set_partitions(change.assigned.size());
    for (const auto& [source, each] : partitions_)
      if (!assigned_.contains(source))
        caf::anon_send(each, give_up_partition{});
    for (const auto& source : assigned_)
      if (!partitions_.contains(source))
        start_partition(source, false);
    show();
  }

  void ended(const partition_ended& what) {
    const auto& source = what.source;
    forget(source);
    if (draining_) {
      all_committed_ = all_committed_ && what.events_left == 0;
      if (partitions_.empty())
        options_->drained(all_committed_);
    } else if (assigned_.contains(source)) {
      start_partition(source, false); // taken away and given back meanwhile
    }
    show();
  }

  void tell_all(const second_passed& what) {
    for (const auto& source : std::exchange(restart_, {}))
      if (assigned_.contains(source) && !partitions_.contains(source) && !draining_)
        start_partition(source, true);
    for (const auto& [source, each] : partitions_)
      caf::anon_send(each, what);
  }

  void tell_all(const broker_back& what) {
    for (const auto& [source, each] : partitions_)
      caf::anon_send(each, what);
  }

  void drain() {
    draining_ = true;
    card_->set_state("draining");
    if (partitions_.empty())
      options_->drained(true);
    for (const auto& [source, each] : partitions_)
      caf::anon_send(each, give_up_partition{});
  }

  void down(const caf::down_msg& gone) {
    for (std::size_t i = 0; i < writers_.size(); ++i)
      if (writers_[i] == gone.source) {
        if (!may_restart("writer " + std::to_string(i)))
          return;
        start_writer(i, true);
        // Its partitions begin anew with the new one.
        for (const auto& [source, each] : partitions_)
          if (writer_of(source) == i)
            caf::anon_send_exit(each, caf::exit_reason::kill);
        return;
      }
    for (const auto& [source, each] : partitions_)
      if (each == gone.source) {
        const topic_partition failed = source;
        if (!gone.reason)
          return; // partition_ended says the rest
        // One that was ended with its writer is that writer's failure, counted once.
        const bool own = gone.reason != caf::exit_reason::kill;
        if (own && !draining_ && !may_restart("partition " + failed.to_string()))
          return;
        options_->parts.reader->stop(failed);
        forget(failed);
        if (draining_) {
          all_committed_ = false; // nobody knows what it had
          if (partitions_.empty())
            options_->drained(false);
          return;
        }
        restart_.insert(failed); // at the next second: a pause between attempts
        return;
      }
  }

  void stop() {
    for (auto& each : writers_)
      caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
    for (const auto& [source, each] : partitions_)
      caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
  }

 private:
  std::size_t writer_of(const topic_partition& source) const {
    return std::hash<topic_partition>{}(source) % writers_.size();
  }

  void start_writer(std::size_t index, bool restarted) {
    auto card = options_->parts.board->make("writer", std::to_string(index), restarted);
    writers_[index] = options_->make_writer(index, std::move(card));
    self_->monitor(writers_[index]);
  }

  void start_partition(const topic_partition& source, bool restarted) {
    partition_options each;
    each.source = source;
    each.rules = options_->rules;
    each.parts = options_->parts;
    each.decoder = options_->make_decoder(source.topic);
    if (options_->candles_of)
      each.candles = options_->candles_of(source.topic);
    each.card = options_->parts.board->make("partition", source.to_string(), restarted);
    each.writer = writers_[writer_of(source)];
    each.supervisor = ingest_supervisor{self_};
    each.routes = options_->routes;
    auto actor = spawn_partition_actor(self_->system(), std::move(each));
    self_->monitor(actor);
    partitions_.emplace(source, std::move(actor));
  }

  void forget(const topic_partition& source) {
    options_->routes->remove(source);
    partitions_.erase(source);
  }

  bool may_restart(const std::string& who) {
    log::error("actor_down", {{"actor", who}, {"action", "restart"}});
    if (!failures_->too_many(std::chrono::steady_clock::now()))
      return true;
    options_->fatal(who + " failed more than " + std::to_string(options_->restarts) +
                    " times within " + std::to_string(options_->restart_window.count()) + " ms");
    return false;
  }

  void show() {
    card_->queue_depth = partitions_.size();
    card_->set_state(std::to_string(partitions_.size()) + " partitions, " +
                     std::to_string(writers_.size()) + " writers");
  }

  std::shared_ptr<supervisor_options> options_;
  self_type self_ = nullptr;
  std::shared_ptr<actor_card> card_;
  std::optional<failure_window> failures_;
  std::set<topic_partition> assigned_;
  std::set<topic_partition> restart_;
  std::map<topic_partition, partition_actor> partitions_;
  std::vector<writer_actor> writers_;
  bool draining_ = false;
  bool all_committed_ = true; // by the partitions that ended while draining
};

struct shell {
  static constexpr const char* name = "ingest_supervisor";
  supervisor mine;
};

ingest_supervisor::behavior_type behavior(ingest_supervisor::stateful_pointer<shell> self,
                                          std::shared_ptr<supervisor_options> options) {
  obey_house_rules(self);
  auto& mine = self->state.mine;
  mine.begin(std::move(options), self);
  self->set_down_handler([&mine](caf::scheduled_actor*, caf::down_msg& gone) { mine.down(gone); });
  self->set_exit_handler([&mine, self](caf::scheduled_actor*, caf::exit_msg& why) {
    mine.stop();
    self->quit(std::move(why.reason));
  });
  return {
      [&mine](const assignment_changed& change) { mine.assign(change); },
      [&mine](const broker_back& what) { mine.tell_all(what); },
      [&mine](const partition_ended& what) { mine.ended(what); },
      [&mine](const second_passed& what) { mine.tell_all(what); },
      [&mine](const begin_drain&) { mine.drain(); },
  };
}

} // namespace

ingest_supervisor spawn_ingest_supervisor(caf::actor_system& system, supervisor_options options) {
  return system.spawn(behavior, std::make_shared<supervisor_options>(std::move(options)));
}

} // namespace tradepulse
