#include "tests/actors/support/actor_world.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/distribution/delivery_table.hpp"
#include "actors/distribution/fan_out_actor.hpp"
#include "actors/ingest/ingest_supervisor.hpp"
#include "actors/market/symbol_actor.hpp"
#include "actors/market/symbol_state_of.hpp"
#include "actors/message_types.hpp"
#include "actors/persistence/pending_commit.hpp"
#include "tests/actors/support/scheduled_io.hpp"
#include "tests/actors/support/scripted_outbox.hpp"

namespace tradepulse::samples {
namespace {

struct deterministic : caf::actor_system_config {
  deterministic() { set("scheduler.policy", caf::atom("testing")); }
};

struct quiet_owner : connection_owner {
  void tell(events_diverted) override { ADD_FAILURE() << "nobody is slow here"; }
  void tell(move_diverted) override { ++moves; }
  void tell(handed_back) override {}
  void tell(control_refused) override {}
  void tell(recovery_failed) override {}
  std::size_t moves = 0;
};

} // namespace

struct actor_world::engine {
  engine(actor_world& w, ingest_rules r)
      : world(w), rules(r), system(config),
        scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())),
        metrics(registry), table(metrics, [] {}) {
    fan_out = spawn_fan_out_actor(system, io, table,
                                  [](const std::string& why) { throw std::runtime_error(why); });
    directory.connect(
        [this](symbol_entry& entry, std::shared_ptr<symbol_state> state) {
          auto made = spawn_symbol_actor(system, entry, std::move(state), {&directory, &metrics});
          symbols.push_back(made);
          return made;
        },
        {fan_out});
    writer = spawn_writer();
    supervisor =
        system.spawn([this](ingest_supervisor::pointer) -> ingest_supervisor::behavior_type {
          return {[](const assignment_changed&) {}, [](const tradepulse::broker_back&) {},
                  [this](const partition_ended& what) { ended.push_back(what.source); },
                  [](const second_passed&) {}, [](const begin_drain&) {}};
        });
    run();
  }

  ~engine() {
    io.release();
    directory.end_actors();
    auto end = [](const auto& who) { caf::anon_send_exit(who, caf::exit_reason::kill); };
    if (real_supervisor)
      caf::anon_send_exit(real_supervisor, caf::exit_reason::user_shutdown);
    for (const auto& [source, each] : partitions)
      end(each);
    for (const auto& each : symbols)
      end(each);
    for (const auto& each : writers)
      end(each);
    end(supervisor);
    end(fan_out);
    run();
    owned.clear();
    waiting_claims.clear();
    waiting_loads.clear();
    system.clock().cancel_all();
    world.letters.confirm_held(); // tickets in them
    run();
    directory.disconnect();
  }

  void run() { scheduler.run(); }

  // Partitions and the writer, until neither has anything to do.
  void run_partitions() {
    while (has_turn(writer) || std::any_of(partitions.begin(), partitions.end(),
                                           [this](const auto& each) { return has_turn(each.second); }))
      continue;
  }
  template <class Actor>
  bool has_turn(const Actor& who) {
    const bool due = scheduler.prioritize(who);
    if (due)
      scheduler.run_once();
    return due;
  }

  void lose_claims() {
    for (auto& [source, mine] : std::exchange(owned, {}))
      caf::anon_send(mine.actor,
                     claim_lost{mine.pending->gen(), claim_loss::connection_lost, "cut"});
  }

  // A claim, a move and a load at once; commits when the test says so.
  writer_actor spawn_writer() {
    auto made = system.spawn([this](writer_actor::pointer) -> writer_actor::behavior_type {
      return {
          [this](const range_complete& done) {
            auto found = owned.find(done.range->batch->source);
            if (found != owned.end() && found->second.pending->gen() == done.range->gen)
              found->second.pending->add(done.range);
          },
          [this](const claim_partition& wanted) {
            if (database_up)
              grant(*world.store.claim(wanted.source, "this node"), wanted.reply_to);
            else
              waiting_claims.push_back(wanted);
          },
          [this](const move_partition& wanted) {
            auto moved = world.store.reposition(wanted.move);
            if (moved)
              grant(*moved, wanted.reply_to);
            else
              caf::anon_send(wanted.reply_to,
                             claim_lost{wanted.move.gen, claim_loss::fenced, "moved"});
          },
          [this](const load_streams& wanted) {
            ++stream_loads;
            if (database_up)
              answer(wanted);
            else
              waiting_loads.push_back(wanted);
          },
          [this](const load_candles& wanted) {
            ++candle_loads;
            loads.push_back(wanted);
            if (!hold_loads)
              answer_loads();
          },
          [this](const release_partition& wanted) {
            owned.erase(wanted.source);
            std::ignore = world.store.release(wanted.source, wanted.gen);
          },
          [this](const watch_row& wanted) {
            const auto row = *world.store.look_at(wanted.source);
            const auto held = owned.find(wanted.source);
            if (held == owned.end()) {
              if (row->gen != wanted.gen)
                caf::anon_send(wanted.reply_to, row_changed{wanted.gen});
            } else if (row->gen != wanted.gen || row->next != held->second.pending->next()) {
              owned.erase(held);
              caf::anon_send(wanted.reply_to, claim_lost{wanted.gen, claim_loss::fenced, "moved"});
            }
          },
          [](const refusal_letter_done&) {},
          [](const flush_due&) {},
          [](const claims_due&) {},
      };
    });
    writers.push_back(made);
    return made;
  }

  void grant(claimed_partition granted, const partition_actor& to) {
    auto shared = std::make_shared<const claimed_partition>(std::move(granted));
    owned[shared->source] = {std::make_unique<pending_commit>(
                                 shared->source, shared->gen, shared->next.value_or(next_offset{0}),
                                 shared->journal_time.value_or(time_ms{})),
                             to};
    caf::anon_send(to, partition_claimed{shared});
  }

  void answer(const load_streams& wanted) {
    caf::anon_send(wanted.reply_to, streams_loaded{wanted.gen, wanted.streams,
                                                   *world.store.load(wanted.streams)});
  }

  void answer_loads() {
    for (const auto& wanted : std::exchange(loads, {}))
      if (const auto held = owned.find(wanted.source);
          held != owned.end() && held->second.pending->gen() == wanted.gen)
        caf::anon_send(wanted.reply_to,
                       candles_loaded{wanted.source, wanted.gen, wanted.which,
                                      *world.store.load_candles(wanted.stream, wanted.which)});
      else
        caf::anon_send(wanted.reply_to, candles_loaded{wanted.source, wanted.gen, {}, {}});
  }

  void end_loads_as(const topic_partition& source) {
    for (const auto& wanted : loads)
      caf::anon_send(wanted.reply_to, candles_loaded{source, wanted.gen, {}, {}});
  }

  ingest_parts parts() {
    return {&directory, &world.reader, &world.log, &world.letters, &metrics, &health, &board};
  }

  partition_actor partition(const topic_partition& source) const {
    if (real_supervisor)
      return routes.find(source);
    auto found = partitions.find(source);
    return found == partitions.end() ? partition_actor{} : found->second;
  }

  void add_to_log(const topic_partition& source, const record_batch& batch) {
    auto& there = world.log.logs[source];
    for (const auto& each : batch.records) {
      there.digests[each.offset.value()] = record_digest(each);
      there.end = high_watermark{std::max(there.end.value(), each.offset.value() + 1)};
    }
  }

  struct under_claim {
    std::unique_ptr<pending_commit> pending;
    partition_actor actor;
  };
  struct listener {
    std::string name;
    std::shared_ptr<scripted_outbox> out = std::make_shared<scripted_outbox>();
    std::shared_ptr<quiet_owner> owner = std::make_shared<quiet_owner>();
    std::unique_ptr<checking_client> eyes;
  };

  actor_world& world;
  ingest_rules rules;
  deterministic config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  metrics::registry registry;
  engine_metrics metrics;
  health_board health;
  actor_board board;
  symbol_directory directory{100, 16, std::chrono::seconds{1}};
  std::shared_ptr<delivery_window> window = delivery_window::make({}, nullptr);
  scheduled_io io{system};
  delivery_table table;
  fan_out_actor fan_out;
  writer_actor writer;
  ingest_supervisor supervisor;
  ingest_supervisor real_supervisor;
  partition_routes routes;
  std::map<topic_partition, partition_actor> partitions;
  std::vector<symbol_actor> symbols;
  std::vector<writer_actor> writers;
  std::vector<topic_partition> ended;
  std::map<topic_partition, under_claim> owned;
  std::vector<claim_partition> waiting_claims;
  std::vector<load_streams> waiting_loads;
  std::map<topic_partition, std::vector<line>> lines; // the whole log, for reading again
  std::vector<std::unique_ptr<listener>> listeners;
  bool database_up = true;
  std::optional<candle_source> candles;
  std::vector<load_candles> loads;
  std::size_t candle_loads = 0;
  std::size_t stream_loads = 0;
  std::optional<std::size_t> listed; // absent: those that are here
  bool hold_loads = false;
  int drained = 0;
  bool all_committed = false;
  std::vector<std::string> fatal;
};

actor_world::actor_world(ingest_rules rules) : engine_(std::make_unique<engine>(*this, rules)) {}
actor_world::~actor_world() = default;

void actor_world::preload() {
  std::ignore = store.for_each_stream(1'000, [this](std::vector<stored_stream> rows) {
    engine_->directory.preload(std::move(rows));
  });
}

void actor_world::list_partitions(std::size_t count) {
  engine_->listed = count;
  engine_->directory.set_listed_partitions(count);
}

void actor_world::look_up(std::string_view name, const topic_partition& to) {
  const auto row = *store.stream(name);
  engine_->directory.actor_for(row.key(), to);
  engine_->directory.restore(to, row, {}, true);
}

void actor_world::make_candles(const candle_source& of) {
  engine_->candles = of;
}

void actor_world::hold_candle_loads() {
  engine_->hold_loads = true;
}

void actor_world::answer_candle_loads() {
  engine_->answer_loads();
  engine_->run();
}

void actor_world::end_candle_loads_as(const topic_partition& source) {
  engine_->end_loads_as(source);
  engine_->run();
}

std::size_t actor_world::candle_loads() const {
  return engine_->candle_loads;
}

std::size_t actor_world::stream_loads() const {
  return engine_->stream_loads;
}

std::vector<candle_view> actor_world::views(std::string_view name) const {
  return engine_->directory.views_of(named(name));
}

std::vector<waiting_candles> actor_world::waiting(const stream_key& name) const {
  return engine_->directory.waiting_candles_of(name);
}

// --- partitions ------------------------------------------------------------------------------

void actor_world::start(const topic_partition& source) {
  auto& e = *engine_;
  partition_options options;
  options.source = source;
  options.rules = e.rules;
  options.parts = e.parts();
  options.decoder = std::make_shared<fake_decoder>();
  options.candles = e.candles;
  options.card = e.board.make("partition", source.to_string());
  options.writer = e.writer;
  options.supervisor = e.supervisor;
  options.routes = &e.routes;
  e.partitions[source] = spawn_partition_actor(e.system, std::move(options));
  e.directory.set_listed_partitions(e.listed.value_or(e.partitions.size()));
  e.run();
}

bool actor_world::routed(const topic_partition& source) const {
  return static_cast<bool>(engine_->routes.find(source));
}

bool actor_world::alive(const topic_partition& source) const {
  return state_of(source) != "no card"; // it takes its card along when it ends
}

void actor_world::give_up(const topic_partition& source) {
  caf::anon_send(engine_->partition(source), give_up_partition{});
  engine_->run();
}

void actor_world::dispatch_only(const topic_partition& source, const std::vector<line>& lines) {
  auto& e = *engine_;
  auto batch = batch_of(source, reader.reading[source].gen, lines);
  e.add_to_log(source, *batch);
  auto& all = e.lines[source];
  all.insert(all.end(), lines.begin(), lines.end());
  if (!reader.running[source])
    return;
  auto to = e.partition(source);
  caf::anon_send(to, batch_arrived{batch, nullptr, e.window->take(lines.size())});
  if (e.scheduler.prioritize(to))
    e.scheduler.run_once();
}

void actor_world::turn_of(std::string_view name, stream_kind kind) {
  if (engine_->scheduler.prioritize(engine_->directory.find_actor({named(name), kind})))
    engine_->scheduler.run_once();
}

void actor_world::batch(const topic_partition& source, const std::vector<line>& lines) {
  dispatch_only(source, lines);
  engine_->run();
}

void actor_world::read_again(const topic_partition& source) {
  std::vector<line> rest;
  for (const auto& each : engine_->lines[source])
    if (each.offset >= reader.reading[source].from.value())
      rest.push_back(each);
  if (!rest.empty())
    batch_of_generation(source, reader.reading[source].gen, rest);
}

void actor_world::batch_of_generation(const topic_partition& source, generation gen,
                                      const std::vector<line>& lines) {
  caf::anon_send(engine_->partition(source), batch_arrived{batch_of(source, gen, lines), nullptr,
                                                           engine_->window->take(lines.size())});
  engine_->run();
}

void actor_world::fault(const topic_partition& source, read_fault what) {
  caf::anon_send(engine_->partition(source),
                 fault_reported{reader.reading[source].gen, what, "as the test wants it"});
  engine_->run();
}

void actor_world::broker_back(const topic_partition& source) {
  caf::anon_send(engine_->partition(source), tradepulse::broker_back{});
  engine_->run();
}

void actor_world::second() {
  auto& e = *engine_;
  if (e.real_supervisor)
    caf::anon_send(e.real_supervisor, second_passed{});
  for (const auto& [source, each] : e.partitions)
    caf::anon_send(each, second_passed{});
  e.run();
}

void actor_world::wait(std::chrono::milliseconds time) {
  engine_->scheduler.advance_time(time);
  engine_->run();
}

std::string actor_world::state_of(const topic_partition& source) const {
  for (const auto& card : engine_->board.list("partition", {}, 100))
    if (card->name() == source.to_string())
      return card->state();
  return "no card";
}

std::vector<topic_partition> actor_world::ended() const {
  return engine_->ended;
}

// --- the writer ------------------------------------------------------------------------------

void actor_world::commit() {
  auto& e = *engine_;
  for (auto it = e.owned.begin(); it != e.owned.end();) {
    auto& [source, mine] = *it++;
    if (mine.pending->empty())
      continue;
    const auto outcome = store.commit(mine.pending->work(time_ms{}));
    if (std::holds_alternative<committed>(outcome)) {
      auto done = mine.pending->committed();
      for (const auto& [name, begun] : done.begun_epochs)
        if (auto actor = e.directory.find_actor(name))
          caf::anon_send(actor, epoch_committed{begun});
      caf::anon_send(mine.actor, range_committed{mine.pending->gen(), done.next, done.last_applied,
                                                 done.events, source});
    } else {
      caf::anon_send(mine.actor, claim_lost{mine.pending->gen(), claim_loss::fenced, "fenced"});
      e.owned.erase(topic_partition{source});
    }
  }
  e.run();
}

void actor_world::lose_connection() {
  engine_->lose_claims();
  engine_->run();
}

void actor_world::claim_only() {
  engine_->lose_claims();
  engine_->run_partitions();
}

void actor_world::database(bool up) {
  engine_->database_up = up;
  if (up) {
    for (auto& each : std::exchange(engine_->waiting_claims, {}))
      caf::anon_send(engine_->writer, each);
    for (auto& each : std::exchange(engine_->waiting_loads, {}))
      engine_->answer(each);
  }
  engine_->run();
}

void actor_world::kill_symbol(std::string_view name, stream_kind kind) {
  // Urgent: before the work that waits in its mailbox.
  auto dying = caf::actor_cast<caf::actor>(engine_->directory.find_actor({named(name), kind}));
  if (!dying)
    return;
  caf::anon_send<caf::message_priority::high>(
      dying, caf::exit_msg{dying.address(), caf::exit_reason::kill});
  engine_->run();
}

bool actor_world::settled(const topic_partition& source) const {
  return engine_->directory.settled(source);
}

void actor_world::ask_idle_ones() {
  engine_->directory.passivate_idle();
}

void actor_world::passivate_idle() {
  ask_idle_ones();
  engine_->run();
}

std::optional<std::size_t> actor_world::events_in_ring(std::string_view name) const {
  for (const auto& each : engine_->directory.list({}, 1'000))
    if (each->key.symbol.view() == name && each->idle)
      return each->idle->remembered();
  return std::nullopt;
}

std::size_t actor_world::symbol_actors() const {
  return engine_->directory.actors();
}

// --- supervision -----------------------------------------------------------------------------

void actor_world::supervise(std::size_t writers, std::size_t restarts) {
  auto& e = *engine_;
  supervisor_options options;
  options.rules = e.rules;
  options.parts = e.parts();
  options.writers = writers;
  options.make_writer = [&e](std::size_t, std::shared_ptr<actor_card>) { return e.spawn_writer(); };
  options.make_decoder = [](const std::string&) { return std::make_shared<fake_decoder>(); };
  options.credit = credit_ledger::make({}, nullptr);
  options.routes = &e.routes;
  options.restarts = restarts;
  options.fatal = [&e](std::string why) { e.fatal.push_back(std::move(why)); };
  options.drained = [&e](bool all) {
    ++e.drained;
    e.all_committed = all;
  };
  e.real_supervisor = spawn_ingest_supervisor(e.system, std::move(options));
  e.run();
}

void actor_world::assign(const std::vector<topic_partition>& assigned) {
  engine_->directory.set_listed_partitions(engine_->listed.value_or(assigned.size()));
  caf::anon_send(engine_->real_supervisor, assignment_changed{assigned});
  engine_->run();
}

void actor_world::kill_partition(const topic_partition& source) {
  caf::anon_send_exit(engine_->partition(source), caf::exit_reason::unhandled_exception);
  engine_->run();
}

void actor_world::kill_writer(std::size_t index) {
  // The first one belongs to start().
  caf::anon_send_exit(engine_->writers.at(index + 1), caf::exit_reason::unhandled_exception);
  engine_->run();
}

void actor_world::drain() {
  caf::anon_send(engine_->real_supervisor, begin_drain{});
  engine_->run();
}

int actor_world::drained() const {
  return engine_->drained;
}

bool actor_world::all_committed() const {
  return engine_->all_committed;
}

std::vector<std::string> actor_world::fatal() const {
  return engine_->fatal;
}

// --- clients ---------------------------------------------------------------------------------

void actor_world::hold_io() {
  engine_->io.hold();
}

void actor_world::release_io() {
  engine_->io.release();
  engine_->run();
}

std::size_t actor_world::undelivered() const {
  return engine_->window->in_flight();
}

checking_client& actor_world::subscribe(std::string_view name) {
  auto& e = *engine_;
  auto made = std::make_unique<engine::listener>();
  made->name = std::string(name);
  made->eyes = std::make_unique<checking_client>(expected);
  const connection_id id{e.listeners.size() + 1};
  e.table.attach(id, made->out, made->owner, false);
  const auto index = e.directory.enter(named(name), 0).index;
  caf::anon_send(e.fan_out, open_group{id, 1, {}, {{index, named(name)}}});
  e.directory.join(index, 0, id, 1);
  e.run();
  auto& eyes = *made->eyes;
  e.listeners.push_back(std::move(made));
  read(eyes);
  return eyes;
}

void actor_world::read(checking_client& client) {
  for (auto& each : engine_->listeners)
    if (each->eyes.get() == &client)
      client.receive(each->out->drained());
}

std::size_t actor_world::moves_told() const {
  std::size_t out = 0;
  for (const auto& each : engine_->listeners)
    out += each->owner->moves;
  return out;
}

stream_position actor_world::published(std::string_view name, stream_kind kind) const {
  const auto found = engine_->directory.find({named(name), kind});
  return found.snapshot ? found.snapshot->position : stream_position{};
}

std::optional<topic_partition> actor_world::home_of(const stream_key& name) const {
  return engine_->directory.home_of(name);
}

health_board& actor_world::health() {
  return engine_->health;
}
engine_metrics& actor_world::metrics() {
  return engine_->metrics;
}

} // namespace tradepulse::samples
