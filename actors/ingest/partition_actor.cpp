#include "actors/ingest/partition_actor.hpp"

#include <unordered_set>

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/actor_rules.hpp"
#include "actors/ingest/range_builder.hpp"
#include "actors/ingest/range_dispatcher.hpp"
#include "actors/ingest/stopped_symbols.hpp"
#include "actors/message_types.hpp"
#include "actors/supervision/backoff.hpp"

namespace tradepulse {
namespace {

// The states and what leads from one to the next:
//   claiming -> loading -> verifying -> (repositioning) -> reading
//   reading -> waiting -> claiming     fenced, a failed symbol, a fault of the log
//   reading -> claiming                the connection to the database is lost: records go on
//   verifying -> stopped -> claiming   a replaced log, until an operator moves it
class partition {
 public:
  using self_type = partition_actor::pointer;

  void begin(std::shared_ptr<partition_options> options, self_type self) {
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
    claim();
  }

  // --- the claim ---

  void claimed(const partition_claimed& answer) {
    const auto& grant = *answer.grant;
    gen_ = grant.gen;
    grant_ = {grant.source,     grant.gen,          grant.next, grant.epoch_floor,
              grant.cluster_id, grant.last_applied, {}};
    dispatcher_->forget_all();
    failing_->claimed();
    if (leaving_) {
      end();
      return;
    }
    enter(state::loading, "loading its streams");
    for (const auto& stream : grant.streams)
      restore(stream);
    // What memory has of this partition and the database does not was never committed.
    load_streams missing{grant.source, gen_, {}, me()};
    std::unordered_set<symbol> granted;
    for (const auto& stream : grant.streams)
      granted.insert(stream.symbol);
    for (const auto& each : parts().directory->active_at(grant.source))
      if (!granted.contains(each))
        missing.symbols.push_back(each);
    if (missing.symbols.empty())
      verify();
    else
      caf::anon_send(options_->writer, std::move(missing));
  }

  void loaded(const streams_loaded& answer) {
    if (answer.gen != gen_ || state_ != state::loading)
      return;
    std::unordered_set<symbol> found;
    for (const auto& stream : answer.found) {
      found.insert(stream.symbol);
      restore(stream);
    }
    for (const auto& name : answer.asked)
      if (!found.contains(name)) {
        stored_stream nothing;
        nothing.symbol = name;
        restore(nothing);
      }
    verify();
  }

  void inspected(const log_inspected& answer) {
    if (answer.gen != gen_)
      return;
    if (answer.periodic) {
      compare(answer);
      return;
    }
    if (state_ != state::verifying)
      return;
    if (!answer.state) {
      degraded("its log cannot be looked into: " + answer.state.failure().detail);
      self_->delayed_send(self_, retry_->next(), retry_due{gen_});
      return;
    }
    const auto& log = *answer.state;
    cluster_id_ = log.cluster_id.empty() ? grant_.cluster_id : log.cluster_id;
    auto verdict = judge_log(grant_, log, options_->rules.start);
    // What was read of the new log before the check saw it may be committed by now, and that record
    // matches. A raised floor says that somebody has dealt with it: the operator's command.
    if (auto seen = std::exchange(changed_log_, {}); seen &&
                                                     seen->epoch_floor == grant_.epoch_floor &&
                                                     verdict.what != log_verdict::kind::replaced)
      verdict = {log_verdict::kind::replaced, log.begin, 0, seen->why};
    using kind = log_verdict::kind;
    switch (verdict.what) {
    case kind::proceed:
      read_from(verdict.next);
      return;
    case kind::unverified:
      log::info("log_unverified", {{"partition", name()},
                                   {"offset", grant_.last_applied->offset.value()},
                                   {"next_offset", verdict.next.value()}});
      read_from(verdict.next);
      return;
    case kind::first_seen:
      move_to(verdict.next, false);
      return;
    case kind::expired:
      parts().metrics->expired_records.add(static_cast<std::uint64_t>(verdict.count));
      log::error("records_expired_unread", {{"partition", name()},
                                            {"next_offset", grant_.next->value()},
                                            {"log_start", verdict.next.value()},
                                            {"records", verdict.count},
                                            {"action", "new_epoch"}});
      move_to(verdict.next, true);
      return;
    case kind::replaced:
      replaced(verdict);
      return;
    }
  }

  void lost(const claim_lost& what) {
    // Waiting and claiming will claim anyway; a stopped one has given its claim up itself.
    if (what.gen != gen_ || state_ == state::claiming || state_ == state::waiting ||
        state_ == state::stopped || state_ == state::ended)
      return;
    options_->card->set_error(what.detail);
    if (leaving_)
      end(); // what is not committed is left to the log and to the next owner
    else if (what.cause == claim_loss::fenced)
      claim_later("fenced");
    else
      claim(); // the writer waits for the database; what was read goes on to clients meanwhile
  }

  void row_changed_to(const row_changed& what) {
    if (state_ == state::stopped && what.gen == gen_)
      claim();
  }

  void retry(const retry_due& due) {
    if (due.gen != gen_)
      return;
    if (state_ == state::waiting)
      claim();
    else if (state_ == state::verifying)
      inspect(false);
  }

  // --- records ---

  void arrived(const batch_arrived& what) {
    if (what.batch->gen != gen_ || !reading_ || leaving_) {
      parts().metrics->stale_batches.add();
      return;
    }
    auto built = builder_->build(what.batch, expected_, failing_->stopped());
    auto& range = *built.range;
    range.credit = what.credit;
    range.floor = grant_.epoch_floor;
    range.cluster_id = cluster_id_;
    range.extra_rows = failing_->take_rows(options_->source, range.floor);
    expected_ = range.to;
    latest_ = range.last_applied;
    parts().metrics->ticks.add(built.ticks);
    by_topic_->ticks->add(built.ticks);
    by_topic_->skipped->add(built.skipped);
    by_topic_->tombstones->add(built.tombstones);
    by_topic_->rejected->add(built.letters.size());
    parts().metrics->append_to_dispatch.observe(
        seconds_since(what.batch->records.front().append_time), built.ticks);
    dispatcher_->dispatch(built.range, std::move(built.letters));
    show_depth();
  }

  void failed(const range_failed& what) {
    if (what.gen != gen_ || state_ != state::reading)
      return;
    if (!what.failed.empty())
      count_failure(what.failed);
    claim_later("symbol_failed");
  }

  void committed(const range_committed& what) {
    if (what.gen != gen_)
      return;
    retry_->reset();
    dispatcher_->committed(what.next);
    if (!dispatcher_->letters_wait())
      parts().health->clear(health_key()); // a commit: every letter before it is confirmed
    parts().reader->commit(options_->source, what.next);
    committed_ = what.next;
    show_depth();
    if (leaving_ && dispatcher_->in_flight() == 0)
      end();
  }

  void letter_failed(const letter_refused& what) {
    if (what.ticket.range().gen != gen_)
      return;
    parts().metrics->dead_letter_retries.add();
    if (options_->rules.on_dead_letter_failure == dead_letter_policy::count) {
      log::warning("dead_letter_lost", {{"partition", name()}, {"error", what.detail}});
      what.ticket.acknowledge();
      return;
    }
    degraded("its dead-letter topic cannot be written: " + what.detail +
             " (kafka.dead_letter.on_failure = count goes on without)");
    dispatcher_->keep_letter(what);
  }

  void faulted(const fault_reported& what) {
    if (what.gen != gen_ || state_ != state::reading)
      return;
    log::warning("read_fault", {{"partition", name()}, {"error", what.detail}});
    options_->card->set_error(what.detail);
    if (what.fault == read_fault::transient) {
      inspect(true);
      return;
    }
    if (what.fault == read_fault::partition_gone)
      degraded("the partition does not exist: " + what.detail);
    claim_later("read_fault");
  }

  // --- time and supervision ---

  void second() {
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

  void broker_returned() {
    if (state_ == state::reading)
      inspect(true);
  }

  void give_up() {
    leaving_ = true;
    parts().reader->stop(options_->source);
    options_->card->set_state("leaving");
    if (dispatcher_->in_flight() == 0 || state_ != state::reading)
      end();
  }

  // The process ends, and a commit is still waited for.
  void cut_off() {
    if (std::exchange(state_, state::ended) != state::ended)
      tell_what_is_left();
  }

 private:
  enum class state : std::uint8_t {
    claiming,      // the writer was asked
    loading,       // what memory has and the claim has not
    verifying,     // the log is being looked at
    repositioning, // the writer was asked to move it
    reading,
    waiting, // for the backoff before a claim
    stopped, // a replaced log; the claim was given up
    ended,
  };

  const ingest_parts& parts() const { return options_->parts; }
  partition_actor me() const { return partition_actor{self_}; }
  std::string name() const { return options_->source.to_string(); }
  std::string health_key() const { return "partition " + name(); }

  void degraded(const std::string& why) {
    parts().health->set(health_key(), why);
    options_->card->set_error(why);
  }

  void enter(state next, std::string_view text) {
    state_ = next;
    options_->card->set_state(text);
  }

  void stop_reading() {
    reading_ = false;
    parts().reader->stop(options_->source);
  }

  // --- the claim ---

  void claim() {
    enter(state::claiming, "claiming");
    repositioned_ = false;
    caf::anon_send(options_->writer, claim_partition{options_->source, me()});
  }

  // Somebody else's claim came first, or what memory has is not to be trusted: nothing is read on
  // under this claim.
  void claim_later(std::string_view why) {
    stop_reading();
    const auto delay = retry_->next();
    log::info("claim_again", {{"partition", name()},
                              {"reason", why},
                              {"attempt", retry_->attempts()},
                              {"delay_ms", delay.count()}});
    enter(state::waiting, "waiting to claim again");
    self_->delayed_send(self_, delay, retry_due{gen_});
  }

  void restore(const stored_stream& stream) {
    failing_->restored(stream);
    parts().directory->restore(options_->source, stream);
  }

  void verify() {
    if (std::exchange(repositioned_, false)) {
      read_from(grant_.next.value_or(next_offset{0}));
      return;
    }
    enter(state::verifying, "checking the log");
    inspect(false);
  }

  // A claim asks for the record that was applied last; a check of the living process for the one
  // that was remembered at the check before.
  void inspect(bool periodic) {
    const auto expected = periodic ? remembered_ : grant_.last_applied;
    if (periodic) {
      next_remembered_ = latest_;
      if (!expected) {
        remembered_ = latest_;
        return;
      }
    }
    std::optional<record_offset> offset;
    if (expected)
      offset = expected->offset;
    parts().inspector->inspect(
        options_->source, offset,
        [to = me(), gen = gen_, periodic, expected](result<log_state> found) {
          caf::anon_send(to, log_inspected{gen, periodic, expected, std::move(found)});
        });
  }

  void compare(const log_inspected& answer) {
    // Without an answer nothing is known, and the same record is asked for again.
    if (!answer.state || state_ != state::reading)
      return;
    const auto& log = *answer.state;
    const bool other = log.digest && *log.digest != answer.expected->digest;
    const bool shorter = log.end.value() <= answer.expected->offset.value();
    const bool foreign =
        !cluster_id_.empty() && !log.cluster_id.empty() && log.cluster_id != cluster_id_;
    if (!other && !shorter && !foreign) {
      remembered_ = next_remembered_;
      return;
    }
    log::error("log_changed_while_reading", {{"partition", name()},
                                             {"offset", answer.expected->offset.value()},
                                             {"action", "claim_again"}});
    const std::string record = "record " + std::to_string(answer.expected->offset.value());
    changed_log_ = {grant_.epoch_floor, other     ? record + " became another one while it was read"
                                        : shorter ? record + " lies behind the end of the log"
                                                  : "its cluster became " + log.cluster_id};
    stop_reading();
    claim();
  }

  void move_to(next_offset next, bool new_epoch) {
    enter(state::repositioning, "moving to another place in its log");
    repositioned_ = true;
    caf::anon_send(options_->writer,
                   move_partition{{options_->source, gen_, next, new_epoch, cluster_id_}, me()});
  }

  void replaced(const log_verdict& verdict) {
    parts().metrics->replaced_logs.add();
    const bool stop = options_->rules.on_replaced_log == replaced_log_policy::stop;
    const std::string command = "tradepulse offsets set " + options_->source.topic + " " +
                                std::to_string(options_->source.partition) + " OFFSET";
    log::error("log_replaced", {{"partition", name()},
                                {"reason", verdict.why},
                                {"action", stop ? "stop" : "new_epoch"},
                                {"command", command}});
    if (!stop) {
      move_to(verdict.next, true);
      return;
    }
    stop_reading();
    caf::anon_send(options_->writer, release_partition{options_->source, gen_});
    degraded("stopped, its log was replaced: " + verdict.why + "; `" + command +
             "` says where to go on (kafka.on_replaced_log)");
    enter(state::stopped, "stopped: the log was replaced");
  }

  void read_from(next_offset next) {
    expected_ = next;
    committed_ = next;
    latest_ = grant_.last_applied;
    remembered_.reset();
    last_check_ = std::chrono::steady_clock::now();
    reading_ = true;
    parts().health->clear(health_key());
    parts().reader->start(options_->source, gen_, next);
    enter(state::reading, "reading");
    log::info("partition_reading", {{"partition", name()},
                                    {"generation", gen_.value()},
                                    {"next_offset", next.value()},
                                    {"epoch_floor", grant_.epoch_floor.value()}});
  }

  void count_failure(const symbol& each) {
    parts().metrics->failed_symbols.add();
    parts().directory->forget_actor(each);
    if (failing_->failed(each, std::chrono::steady_clock::now()))
      log::error("symbol_stopped", {{"symbol", each.view()},
                                    {"partition", name()},
                                    {"action", "its records go to the dead-letter topic"}});
  }

  void show_depth() { options_->card->queue_depth = dispatcher_->in_flight(); }

  // --- the end ---

  // What is not committed is read again by the next owner, from next_offset on.
  void tell_what_is_left() const {
    if (dispatcher_->in_flight() > 0)
      log::warning("left_to_the_log", {{"partition", name()},
                                       {"next_offset", committed_.value()},
                                       {"events", dispatcher_->events_in_flight()}});
  }

  void end() {
    if (std::exchange(state_, state::ended) == state::ended)
      return;
    tell_what_is_left();
    caf::anon_send(options_->writer, release_partition{options_->source, gen_});
    parts().health->clear(health_key());
    parts().board->remove(*options_->card);
    caf::anon_send(options_->supervisor, partition_ended{options_->source});
    self_->quit();
  }

  std::shared_ptr<partition_options> options_;
  self_type self_ = nullptr;
  std::optional<range_builder> builder_;
  std::optional<range_dispatcher> dispatcher_;
  std::optional<stopped_symbols> failing_;
  std::optional<engine_metrics::topic_counters> by_topic_;
  std::optional<backoff> retry_;
  state state_ = state::claiming;
  bool reading_ = false; // records of gen_ are welcome, also while a new claim is under way
  bool leaving_ = false;
  bool repositioned_ = false; // the claim's answer is that of move_partition

  claimed_partition grant_; // without its streams
  generation gen_{-1};
  std::string cluster_id_;
  next_offset expected_;                 // where the next range begins
  next_offset committed_;                // as far as the database has told
  std::optional<applied_record> latest_; // dispatched last
  struct changed_log {
    epoch epoch_floor{1};
    std::string why;
  };
  std::optional<changed_log> changed_log_;        // a periodic check has seen it; not judged yet
  std::optional<applied_record> remembered_;      // latest_ at the check before
  std::optional<applied_record> next_remembered_; // latest_ at the check under way
  std::chrono::steady_clock::time_point last_check_ = std::chrono::steady_clock::now();
};

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
