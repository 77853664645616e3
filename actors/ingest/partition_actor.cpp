#include "actors/ingest/partition_actor.hpp"

#include <deque>
#include <unordered_map>
#include <unordered_set>

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/actor_rules.hpp"
#include "actors/ingest/range_builder.hpp"
#include "actors/message_types.hpp"
#include "actors/supervision/backoff.hpp"

namespace tradepulse {
namespace {

class partition {
 public:
  using self_type = partition_actor::pointer;

  void begin(std::shared_ptr<partition_options> options, self_type self) {
    options_ = std::move(options);
    self_ = self;
    builder_.emplace(options_->decoder);
    by_topic_ = options_->parts.metrics->for_topic(options_->source.topic);
    retry_.emplace(options_->rules.claim_retry_first, options_->rules.claim_retry_most);
    claim();
  }

  // --- the claim ---

  void claimed(const partition_claimed& answer) {
    const auto& grant = *answer.grant;
    grant_ = answer.grant;
    gen_ = grant.gen;
    options_->parts.metrics->ranges_in_flight.add(-static_cast<std::int64_t>(in_flight_));
    in_flight_ = 0;
    in_order_.clear();
    waiting_letters_.clear();
    if (leaving_) {
      end();
      return;
    }
    for (const auto& stream : grant.streams)
      restore(stream);
    // What memory has of this partition and the database does not was never committed.
    load_streams missing{grant.source, gen_, {}, partition_actor{self_}};
    std::unordered_set<symbol> granted;
    for (const auto& stream : grant.streams)
      granted.insert(stream.symbol);
    for (const auto& each : options_->parts.directory->active_at(grant.source))
      if (!granted.contains(each))
        missing.symbols.push_back(each);
    if (missing.symbols.empty())
      verify();
    else
      caf::anon_send(options_->writer, std::move(missing));
  }

  void loaded(const streams_loaded& answer) {
    if (answer.gen != gen_)
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
        options_->parts.directory->restore(gen_, std::move(nothing));
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
    if (!answer.state) {
      degraded("its log cannot be looked into: " + answer.state.failure().detail);
      try_later();
      return;
    }
    const auto& log = *answer.state;
    cluster_id_ = log.cluster_id;
    const auto verdict = judge_log(*grant_, log, options_->rules.start);
    using kind = log_verdict::kind;
    switch (verdict.what) {
    case kind::proceed:
      read_from(verdict.next);
      return;
    case kind::unverified:
      log::info("log_unverified", {{"partition", name()},
                                   {"offset", grant_->last_applied->offset.value()},
                                   {"next_offset", verdict.next.value()}});
      read_from(verdict.next);
      return;
    case kind::first_seen:
      move_to(verdict.next, false);
      return;
    case kind::expired:
      options_->parts.metrics->expired_records.add(static_cast<std::uint64_t>(verdict.count));
      log::error("records_expired_unread", {{"partition", name()},
                                            {"next_offset", grant_->next->value()},
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
    if (what.gen != gen_ || state_ == state::claiming)
      return;
    options_->card->set_error(what.detail);
    if (leaving_) {
      end(); // what is not committed is left to the log and to the next owner
      return;
    }
    if (what.cause == claim_loss::fenced)
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
      options_->parts.metrics->stale_batches.add();
      return;
    }
    auto& counted = *options_->parts.metrics;
    auto built = builder_->build(what.batch, expected_, stopped_);
    auto& range = *built.range;
    range.credit = what.credit;
    range.floor = grant_->epoch_floor;
    range.cluster_id = cluster_id_;
    expected_ = range.to;
    latest_ = range.last_applied;
    add_rows_of_stopped(range);
    counted.ticks.add(built.ticks);
    by_topic_->ticks->add(built.ticks);
    by_topic_->skipped->add(built.skipped);
    by_topic_->tombstones->add(built.tombstones);
    by_topic_->rejected->add(built.letters.size());
    counted.append_to_dispatch.observe(seconds_since(what.batch->records.front().append_time),
                                       built.ticks);
    ++in_flight_;
    in_order_.push_back({range.to, built.ticks});
    counted.ranges_in_flight.add(1);
    show_depth();
    dispatch(built.range, std::move(built.letters));
  }

  void failed(const range_failed& what) {
    if (what.gen != gen_ || state_ == state::claiming || state_ == state::waiting)
      return;
    if (!what.failed.empty())
      count_failure(what.failed);
    claim_later("symbol_failed");
  }

  void committed(const range_committed& what) {
    if (what.gen != gen_)
      return;
    retry_->reset();
    if (waiting_letters_.empty())
      options_->parts.health->clear(health_key()); // a commit: every letter before it is confirmed
    options_->parts.reader->commit(options_->source, what.next);
    committed_ = what.next;
    // The credit and the counts of the ranges come back as they are let go.
    settled_through(what.next);
    if (leaving_ && in_flight_ == 0)
      end();
  }

  void letter_failed(const letter_refused& what) {
    if (what.ticket.range().gen != gen_)
      return;
    options_->parts.metrics->dead_letter_retries.add();
    if (options_->rules.on_dead_letter_failure == dead_letter_policy::count) {
      log::warning("dead_letter_lost", {{"partition", name()}, {"error", what.detail}});
      what.ticket.acknowledge();
      return;
    }
    degraded("its dead-letter topic cannot be written: " + what.detail +
             " (kafka.dead_letter.on_failure = count goes on without)");
    waiting_letters_.push_back(what);
  }

  void faulted(const fault_reported& what) {
    if (what.gen != gen_ || state_ != state::reading)
      return;
    log::warning("read_fault", {{"partition", name()}, {"error", what.detail}});
    options_->card->set_error(what.detail);
    if (what.fault == read_fault::transient)
      return;
    if (what.fault == read_fault::partition_gone)
      degraded("the partition does not exist: " + what.detail);
    claim_later("read_fault");
  }

  // --- time and supervision ---

  void second() {
    for (auto& letter : std::exchange(waiting_letters_, {}))
      produce(*letter.letter, letter.ticket);
    const auto now = std::chrono::steady_clock::now();
    if (now - last_check_ < options_->rules.identity_check_interval)
      return;
    last_check_ = now;
    if (state_ == state::reading)
      inspect(true);
    else if (state_ == state::stopped)
      caf::anon_send(options_->writer, watch_row{options_->source, gen_, partition_actor{self_}});
  }

  void broker_returned() {
    if (state_ == state::reading)
      inspect(true);
  }

  void give_up() {
    leaving_ = true;
    options_->parts.reader->stop(options_->source);
    options_->card->set_state("leaving");
    if (in_flight_ == 0 || state_ != state::reading)
      end();
  }

  // The process ends, and a commit is still waited for.
  void cut_off() {
    if (std::exchange(state_, state::ended) != state::ended)
      tell_what_is_left();
  }

 private:
  enum class state : std::uint8_t {
    claiming,  // the writer was asked
    verifying, // the log is being looked at
    reading,
    waiting, // for the backoff before a claim
    stopped, // a replaced log; the claim was given up
    ended,
  };

  std::string name() const { return options_->source.to_string(); }
  std::string health_key() const { return "partition " + name(); }

  void degraded(const std::string& why) {
    options_->parts.health->set(health_key(), why);
    options_->card->set_error(why);
  }

  void enter(state next, std::string_view text) {
    state_ = next;
    options_->card->set_state(text);
  }

  // --- the claim ---

  void claim() {
    enter(state::claiming, "claiming");
    repositioned_ = false;
    caf::anon_send(options_->writer, claim_partition{options_->source, partition_actor{self_}});
  }

  void claim_later(std::string_view why) {
    const auto delay = retry_->next();
    log::info("claim_again", {{"partition", name()},
                              {"reason", why},
                              {"attempt", retry_->attempts()},
                              {"delay_ms", delay.count()}});
    enter(state::waiting, "waiting to claim again");
    self_->delayed_send(self_, delay, retry_due{gen_});
  }

  void try_later() { self_->delayed_send(self_, retry_->next(), retry_due{gen_}); }

  // A symbol whose events come from another partition now is not ours to reset.
  void restore(const stored_stream& stream) {
    const auto home = options_->parts.directory->home_of(stream.symbol);
    if (home && stream.home && *home != *stream.home)
      return;
    if (has(stream.flags, stream_flags::stopped) || stopping_.contains(stream.symbol)) {
      if (stopped_.insert(stream.symbol).second && !has(stream.flags, stream_flags::stopped))
        stop_rows_.push_back(stream);
      stopping_.erase(stream.symbol);
    }
    options_->parts.directory->restore(gen_, stream);
  }

  void verify() {
    enter(state::verifying, "checking the log");
    if (repositioned_) {
      repositioned_ = false;
      read_from(grant_->next.value_or(next_offset{0}));
      return;
    }
    inspect(false);
  }

  // A claim asks for the record that was applied last; a check of the living process for the one
  // that was remembered at the check before.
  void inspect(bool periodic) {
    std::optional<applied_record> expected;
    if (periodic) {
      expected = std::exchange(remembered_, latest_);
      if (!expected)
        return;
    } else {
      expected = grant_->last_applied;
    }
    std::optional<record_offset> offset;
    if (expected)
      offset = expected->offset;
    options_->parts.inspector->inspect(
        options_->source, offset,
        [to = partition_actor{self_}, gen = gen_, periodic, expected](result<log_state> found) {
          caf::anon_send(to, log_inspected{gen, periodic, expected, std::move(found)});
        });
  }

  void compare(const log_inspected& answer) {
    if (!answer.state || state_ != state::reading)
      return; // the broker does not answer: nothing is known
    const auto& log = *answer.state;
    const bool other = log.digest && *log.digest != answer.expected->digest;
    const bool shorter = log.end.value() <= answer.expected->offset.value();
    const bool foreign = !cluster_id_.empty() && log.cluster_id != cluster_id_;
    if (!other && !shorter && !foreign)
      return;
    log::error("log_changed_while_reading", {{"partition", name()},
                                             {"offset", answer.expected->offset.value()},
                                             {"action", "claim_again"}});
    remembered_.reset();
    claim();
  }

  void move_to(next_offset next, bool new_epoch) {
    repositioned_ = true;
    caf::anon_send(options_->writer,
                   move_partition{{options_->source, gen_, next, new_epoch, cluster_id_},
                                  partition_actor{self_}});
  }

  void replaced(const log_verdict& verdict) {
    options_->parts.metrics->replaced_logs.add();
    const bool stop = options_->rules.on_replaced_log == replaced_log_policy::stop;
    log::error("log_replaced",
               {{"partition", name()},
                {"reason", verdict.why},
                {"action", stop ? "stop" : "new_epoch"},
                {"command", "tradepulse offsets set " + options_->source.topic + " " +
                                std::to_string(options_->source.partition) + " OFFSET"}});
    if (!stop) {
      move_to(verdict.next, true);
      return;
    }
    reading_ = false;
    options_->parts.reader->stop(options_->source);
    caf::anon_send(options_->writer, release_partition{options_->source, gen_});
    degraded("stopped, its log was replaced: " + verdict.why + "; `tradepulse offsets set " +
             options_->source.topic + " " + std::to_string(options_->source.partition) +
             " OFFSET` says where to go on (kafka.on_replaced_log)");
    enter(state::stopped, "stopped: the log was replaced");
  }

  void read_from(next_offset next) {
    expected_ = next;
    committed_ = next;
    latest_ = grant_->last_applied;
    remembered_.reset();
    last_check_ = std::chrono::steady_clock::now();
    reading_ = true;
    options_->parts.health->clear(health_key());
    options_->parts.reader->start(options_->source, gen_, next);
    enter(state::reading, "reading");
    log::info("partition_reading", {{"partition", name()},
                                    {"generation", gen_.value()},
                                    {"next_offset", next.value()},
                                    {"epoch_floor", grant_->epoch_floor.value()}});
  }

  // --- records ---

  void dispatch(const std::shared_ptr<ingest_range>& range, std::vector<dead_letter> letters) {
    const auto to_writer = options_->writer;
    const partition_actor me{self_};
    range->open(letters.size(),
                [to_writer, me](std::shared_ptr<ingest_range> done, std::optional<symbol> failed) {
                  if (failed)
                    caf::anon_send(me, range_failed{done->gen, *failed});
                  else
                    caf::anon_send(to_writer, range_complete{std::move(done), me});
                });
    if (range->participants() == 0) {
      caf::anon_send(to_writer, range_complete{range, me});
      return;
    }
    // Tickets first: a range must not be complete before its last participant is counted.
    std::vector<range_ticket> tickets;
    tickets.reserve(range->participants());
    for (std::size_t i = 0; i < range->participants(); ++i)
      tickets.emplace_back(range, i);
    for (std::size_t i = 0; i < range->slots.size(); ++i) {
      const auto& each = range->slots[i].symbol;
      auto& to = symbols_[each];
      if (!to.actor)
        to = options_->parts.directory->actor_for(each, options_->source);
      to.entry->queued.fetch_add(1, std::memory_order_relaxed);
      caf::anon_send(to.actor, symbol_work{std::move(tickets[i])});
    }
    for (std::size_t i = 0; i < letters.size(); ++i) {
      options_->parts.metrics->rejected[static_cast<std::size_t>(letters[i].reason)]->add();
      produce(letters[i], tickets[range->slots.size() + i]);
    }
  }

  void produce(const dead_letter& letter, const range_ticket& ticket) {
    auto kept = std::make_shared<const dead_letter>(letter);
    options_->parts.dead_letters->produce(letter, [to = partition_actor{self_},
                                                   counted = options_->parts.metrics, kept,
                                                   ticket](const result<void>& done) {
      if (done) {
        counted->dead_letters.add();
        ticket.acknowledge();
      } else if (done.failure().code == errc::too_large) {
        // Not even when cut: trying again cannot help, and one record must not hold up its
        // partition for ever.
        log::error("dead_letter_too_large",
                   {{"partition", kept->batch->source.to_string()},
                    {"offset", kept->batch->records[kept->index].offset.value()},
                    {"error", done.failure().detail}});
        ticket.acknowledge();
      } else {
        caf::anon_send(to, letter_refused{kept, ticket, done.failure().detail});
      }
    });
  }

  void settled_through(next_offset next) {
    while (!in_order_.empty() && in_order_.front().end <= next) {
      in_order_.pop_front();
      --in_flight_;
      options_->parts.metrics->ranges_in_flight.add(-1);
    }
    show_depth();
  }

  void show_depth() { options_->card->queue_depth = in_flight_; }

  // --- failing symbols ---

  void count_failure(const symbol& each) {
    options_->parts.metrics->failed_symbols.add();
    if (auto known = symbols_.find(each); known != symbols_.end()) {
      options_->parts.directory->forget_actor(each, known->second.actor);
      symbols_.erase(known);
    }
    auto [window, made] = failures_.try_emplace(each, options_->rules.symbol_failures,
                                                options_->rules.symbol_failure_window);
    if (!window->second.too_many(std::chrono::steady_clock::now()))
      return;
    log::error("symbol_stopped", {{"symbol", each.view()},
                                  {"partition", name()},
                                  {"action", "its records go to the dead-letter topic"}});
    stopping_.insert(each);
  }

  // The first range without a stopped symbol stores that it is stopped and ends its epoch.
  void add_rows_of_stopped(ingest_range& range) {
    for (const auto& each : stopping_) { // it never had a row
      stored_stream blank;
      blank.symbol = each;
      blank.home = options_->source;
      stop_rows_.push_back(blank);
      stopped_.insert(each);
    }
    stopping_.clear();
    for (auto& row : std::exchange(stop_rows_, {})) {
      row.flags = row.flags | stream_flags::stopped;
      row.position = {std::max(epoch{row.position.epoch.value() + 1}, range.floor), sequence{0}};
      range.extra_rows.push_back(std::move(row));
    }
  }

  // --- the end ---

  // What is not committed is read again by the next owner, from next_offset on.
  void tell_what_is_left() const {
    if (in_flight_ == 0)
      return;
    std::size_t events = 0;
    for (const auto& each : in_order_)
      events += each.events;
    log::warning("left_to_the_log",
                 {{"partition", name()}, {"next_offset", committed_.value()}, {"events", events}});
  }

  void end() {
    if (std::exchange(state_, state::ended) == state::ended)
      return;
    tell_what_is_left();
    options_->parts.metrics->ranges_in_flight.add(-static_cast<std::int64_t>(in_flight_));
    caf::anon_send(options_->writer, release_partition{options_->source, gen_});
    options_->parts.health->clear(health_key());
    options_->parts.board->remove(*options_->card);
    caf::anon_send(options_->supervisor, partition_ended{options_->source});
    self_->quit();
  }

  std::shared_ptr<partition_options> options_;
  self_type self_ = nullptr;
  std::optional<range_builder> builder_;
  std::optional<engine_metrics::topic_counters> by_topic_;
  std::optional<backoff> retry_;
  state state_ = state::claiming;
  bool reading_ = false; // records of gen_ are welcome, also while a new claim is under way
  bool leaving_ = false;
  bool repositioned_ = false; // the claim's answer is that of move_partition

  std::shared_ptr<const claimed_partition> grant_;
  generation gen_{-1};
  std::string cluster_id_;
  next_offset expected_;                     // where the next range begins
  next_offset committed_;                    // as far as the database has told
  std::optional<applied_record> latest_;     // dispatched last
  std::optional<applied_record> remembered_; // latest_ at the check before
  std::chrono::steady_clock::time_point last_check_ = std::chrono::steady_clock::now();

  std::size_t in_flight_ = 0;
  struct uncommitted {
    next_offset end;
    std::size_t events = 0;
  };
  std::deque<uncommitted> in_order_; // of the ranges in flight
  std::vector<letter_refused> waiting_letters_;
  std::unordered_map<symbol, symbol_directory::routed> symbols_;
  std::unordered_map<symbol, failure_window> failures_;
  std::unordered_set<symbol> stopping_; // failed too often; not yet stored
  std::unordered_set<symbol> stopped_;
  std::vector<stored_stream> stop_rows_;
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
