#include "runtime/application/engine.hpp"

#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include "actors/distribution/fan_out_actor.hpp"
#include "actors/ingest/ingest_supervisor.hpp"
#include "actors/market/symbol_actor.hpp"
#include "actors/message_types.hpp"
#include "actors/persistence/writer_actor.hpp"
#include "adapters/kafka/consumer.hpp"
#include "adapters/kafka/dead_letter_producer.hpp"
#include "adapters/kafka/log_inspector_kafka.hpp"
#include "adapters/postgres/range_store_postgres.hpp"
#include "adapters/postgres/thread_end.hpp"
#include "protocol/log.hpp"
#include "runtime/application/actor_options.hpp"
#include "runtime/application/adapter_options.hpp"
#include "runtime/application/history_options.hpp"
#include "runtime/ticker.hpp"

namespace tradepulse {
namespace {

// CAF waits until a detached actor's thread calls this, and not for the thread's end.
struct thread_end : caf::thread_hook {
  void init(caf::actor_system&) override {}
  void thread_started() override {}
  void thread_terminates() override { end_database_thread(); }
};

struct actor_config : caf::actor_system_config {
  explicit actor_config(std::size_t workers) {
    // The default, `stealing`, starves a fan-out to thousands of actors.
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", workers);
    set("scheduler.max-throughput", std::size_t{100});
    add_thread_hook<thread_end>();
  }
};

std::size_t worker_count(std::size_t configured) {
  return configured > 0 ? configured
                        : std::max<std::size_t>(2, std::thread::hardware_concurrency());
}

delivery_window_limits window_for(std::size_t credit_events) {
  delivery_window_limits out;
  out.most = std::max(credit_events, out.usual);
  return out;
}

// Unique per start, so that the owner of a claim names a process and not only a machine.
std::string instance_of(const std::string& node) {
  std::random_device random;
  char text[32];
  std::snprintf(text, sizeof text, "#%08x%08x", random(), random());
  return node + text;
}

} // namespace

struct engine::impl {
  explicit impl(parts given)
      : all(std::move(given)), settings(*all.settings), owner(instance_of(settings.node.id)),
        counted(*all.metrics), actors_config(worker_count(settings.runtime.workers)),
        system(actors_config),
        directory(settings.symbols.max_unknown, settings.symbols.ring,
                  std::chrono::ceil<std::chrono::seconds>(settings.symbols.passivate_after)),
        dog(std::make_shared<watchdog>()), history_dog(std::make_shared<watchdog>()),
        credit(credit_ledger::make({settings.ingest.credit_events, settings.ingest.credit_bytes,
                                    settings.ingest.batch_records},
                                   [this] { pump.wake(); })),
        window(delivery_window::make(window_for(settings.ingest.credit_events),
                                     [this] { pump.wake(); })),
        pump({credit, &routes, all.health, all.metrics, all.fatal, window,
              [this](std::size_t count) { directory.set_listed_partitions(count); }}),
        history(history_options(settings, *all.board, history_dog), *all.metrics) {
    if (settings.klines.missed_numbers == kline_numbers::source)
      source.emplace(source_options(settings, *all.board, history_dog), *all.metrics);
    shards.reserve(all.io.size());
    for (auto* io : all.io) {
      auto& shard = shards.emplace_back();
      shard.io = io;
      shard.table = std::make_unique<delivery_table>(
          counted, [io, &shard] { io->post([&shard] { shard.table->flush(); }); },
          recovery_of(*io, shards.size() - 1));
      fan_outs.push_back(spawn_fan_out_actor(system, *io, *shard.table, broken()));
      fan_out_cards.back()->set_state("running");
    }
    directory.connect(
        [this](symbol_entry& entry, std::shared_ptr<symbol_state> state) {
          return spawn_symbol_actor(system, entry, std::move(state), {&directory, &counted});
        },
        fan_outs);
    gateway.emplace(client_gateway::parts{
        &system, &directory, all.board, &shards, settings.limits.subscriptions,
        settings.limits.message_bytes, settings.limits.lossless_bytes,
        [ready = all.ready] { return ready->serving(); }, candles_made(settings)});
    all.metrics->make_function(metrics::kind::gauge, "tradepulse_symbols",
                               "Symbols that have a price", {},
                               [this] { return static_cast<double>(directory.size()); });
    all.metrics->make_function(metrics::kind::gauge, "tradepulse_symbol_actors",
                               "Symbols at work: an event within symbols.passivate_after or so", {},
                               [this] { return static_cast<double>(directory.actors()); });
    all.metrics->make_function(metrics::kind::gauge, "tradepulse_ingest_credit_events",
                               "Records between the log and the database", {},
                               [this] { return static_cast<double>(credit->in_use().events); });
    all.metrics->make_function(metrics::kind::gauge, "tradepulse_ingest_credit_bytes",
                               "Bytes of records between the log and the database", {},
                               [this] { return static_cast<double>(credit->in_use().bytes); });
    all.metrics->make_function(metrics::kind::gauge, "tradepulse_undelivered_records",
                               "Records that were read and are not with the sockets yet", {},
                               [this] { return static_cast<double>(window->in_flight()); });
    all.metrics->make_function(metrics::kind::counter, "tradepulse_database_cut_connections_total",
                               "Connections cut because a call got no answer", {}, [this] {
                                 return static_cast<double>(dog->cuts() + history_dog->cuts());
                               });
  }

  // What an actor says of a fault of ours.
  std::function<void(std::string)> broken() const {
    return [fatal = all.fatal](std::string why) { fatal(error{errc::internal, std::move(why)}); };
  }

  recovery_options recovery_of(io_thread& io, std::size_t number) {
    recovery_options out;
    if (!settings.journal.streams.empty())
      out.history = &history;
    out.is_kept = [kept = kinds_kept(settings)](stream_kind kind) {
      return kept.contains(kind.events());
    };
    fan_out_cards.push_back(all.board->make("fan_out", std::to_string(number)));
    out.card = fan_out_cards.back();
    out.recall = [this, number](const stream_key& name, stream_index index,
                                recall_events question) {
      question.io_thread = number;
      directory.recall(name, index, question);
    };
    out.post = [&io](std::function<void()> task) { io.post(std::move(task)); };
    out.post_behind = [&io](std::function<void()> task) { io.post_behind(std::move(task)); };
    return out;
  }

  std::unique_ptr<range_store> make_store() const {
    return std::make_unique<range_store_postgres>(
        postgres_connection(settings.postgres), dog, kinds_kept(settings),
        shared_table_options{settings.klines.missed_numbers, settings.postgres.sequence_tracker});
  }

  writer_options writer(std::shared_ptr<actor_card> card) {
    writer_options out = writing_of(settings.postgres);
    out.on_dead_letter_failure = rules_of(settings).on_dead_letter_failure;
    out.owner = owner;
    out.credit = credit;
    out.store = make_store();
    out.directory = &directory;
    out.dead_letters = dead_letters.get();
    out.metrics = &counted;
    out.health = all.health;
    out.card = std::move(card);
    out.faults = faults;
    return out;
  }

  void start_supervisor() {
    supervisor_options options;
    options.rules = rules_of(settings);
    options.parts = {&directory, &pump,      inspector.get(), dead_letters.get(),
                     &counted,   all.health, all.board};
    options.writers = settings.postgres.writers;
    options.make_writer = [this](std::size_t, std::shared_ptr<actor_card> card) {
      return spawn_writer_actor(system, writer(std::move(card)));
    };
    options.make_decoder = [this](const std::string& topic) {
      return decoder_for(settings, topic);
    };
    options.candles_of = [this, rules = candle_options_of(settings)](const std::string& topic) {
      return candle_source_of(settings, rules, topic);
    };
    options.credit = credit;
    options.routes = &routes;
    options.fatal = broken();
    options.drained = [this](bool committed) {
      std::lock_guard lock(drain_mutex);
      drained = true;
      all_committed = committed;
      drain_changed.notify_all();
    };
    supervisor = spawn_ingest_supervisor(system, std::move(options));
    pump.connect(supervisor);
    seconds.emplace(std::chrono::seconds{1}, [this] {
      caf::anon_send(supervisor, second_passed{});
      directory.passivate_idle();
    });
  }

  parts all;
  const config::settings& settings;
  const std::string owner;
  engine_metrics counted;
  actor_config actors_config;
  caf::actor_system system;
  symbol_directory directory;
  std::vector<io_shard> shards;
  std::vector<fan_out_actor> fan_outs;
  std::vector<std::shared_ptr<actor_card>> fan_out_cards;
  std::optional<client_gateway> gateway;

  std::shared_ptr<watchdog> dog;
  // Of its own: readers are cut at the end while writers may still commit.
  std::shared_ptr<watchdog> history_dog;
  const std::shared_ptr<database_faults> faults = std::make_shared<database_faults>();
  partition_routes routes;
  std::shared_ptr<credit_ledger> credit;
  std::shared_ptr<delivery_window> window;
  ingest_pump pump;
  std::unique_ptr<kafka::log_inspector_kafka> inspector;
  std::unique_ptr<kafka::dead_letter_producer> dead_letters;
  std::unique_ptr<kafka::consumer> consumer;
  std::atomic<kafka::consumer*> reading{nullptr}; // for I/O threads that ask while it starts
  ingest_supervisor supervisor;
  std::optional<ticker> seconds;

  history_desk history;
  std::optional<source_desk> source; // where clients know klines by upstream's numbers

  std::mutex drain_mutex;
  std::condition_variable drain_changed;
  bool drained = false;
  bool all_committed = true;
};

engine::engine(parts given) : impl_(std::make_unique<impl>(std::move(given))) {}
engine::~engine() = default;

result<void> engine::restore() {
  auto store = impl_->make_store();
  if (auto cleared = store->clear_stopped(); !cleared)
    return cleared;
  std::size_t symbols = 0;
  auto read = store->for_each_stream(5'000, [&](std::vector<stored_stream> rows) {
    symbols += rows.size();
    impl_->directory.preload(std::move(rows));
  });
  if (!read)
    return read;
  log::info("symbols_restored", {{"symbols", symbols}});
  return {};
}

result<void> engine::start() {
  const auto connection = kafka_connection(impl_->settings.kafka);
  auto inspector = kafka::log_inspector_kafka::open({connection});
  if (!inspector)
    return inspector.failure();
  impl_->inspector = std::move(*inspector);
  kafka::dead_letter_options letters;
  letters.connection = connection;
  letters.message_timeout = impl_->settings.kafka.dead_letter.timeout;
  auto producer = kafka::dead_letter_producer::open(std::move(letters));
  if (!producer)
    return producer.failure();
  impl_->dead_letters = std::move(*producer);
  impl_->start_supervisor();
  auto consumer = kafka::consumer::open(kafka_consumer(impl_->settings), impl_->pump);
  if (!consumer)
    return consumer.failure();
  impl_->consumer = std::move(*consumer);
  impl_->reading = impl_->consumer.get();
  impl_->pump.connect(impl_->consumer.get());
  return {};
}

void engine::close_history() {
  impl_->history.close();
  if (impl_->source)
    impl_->source->close();
}

void engine::stop_intake() {
  if (impl_->supervisor)
    caf::anon_send(impl_->supervisor, begin_drain{});
}

bool engine::wait_committed(std::chrono::steady_clock::time_point deadline) {
  if (!impl_->supervisor)
    return true;
  std::unique_lock lock(impl_->drain_mutex);
  return impl_->drain_changed.wait_until(lock, deadline, [this] { return impl_->drained; }) &&
         impl_->all_committed;
}

void engine::leave_group(std::chrono::steady_clock::time_point deadline) {
  if (!impl_->consumer)
    return;
  const auto left = std::max(std::chrono::duration_cast<std::chrono::milliseconds>(
                                 deadline - std::chrono::steady_clock::now()),
                             std::chrono::milliseconds{200});
  if (auto closed = impl_->consumer->close(left); !closed)
    log::warning("group_not_left", {{"error", closed.failure().detail}});
}

void engine::end_delivery() {
  for (auto& each : impl_->fan_outs)
    caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
  caf::scoped_actor waiting(impl_->system);
  waiting->wait_for(impl_->fan_outs);
}

void engine::end_actors() {
  impl_->history.stop(); // it answers actors
  if (impl_->source)
    impl_->source->stop();
  impl_->seconds.reset();
  if (impl_->supervisor)
    caf::anon_send_exit(impl_->supervisor, caf::exit_reason::user_shutdown);
  impl_->directory.end_actors();
  impl_->pump.disconnect();
  impl_->supervisor = nullptr;
  impl_->system.await_all_actors_done();
  // Only now: until its end every actor may look at these.
  impl_->directory.disconnect();
  impl_->fan_outs.clear();
  impl_->window->disconnect(); // an I/O thread's tasks may outlive the pump
  // Timers nobody waits for any more would hold the system's end.
  impl_->system.clock().cancel_all();
  impl_->inspector.reset();
  impl_->dead_letters.reset();
  impl_->reading = nullptr;
  impl_->consumer.reset();
}

symbol_directory& engine::directory() noexcept {
  return impl_->directory;
}
client_service& engine::clients() noexcept {
  return *impl_->gateway;
}
history_source& engine::history() noexcept {
  return impl_->history;
}
source_history* engine::source() noexcept {
  return impl_->source ? &*impl_->source : nullptr;
}
bar_source& engine::bars() noexcept {
  return impl_->history;
}
const ingest_pump& engine::pump() const noexcept {
  return impl_->pump;
}
const credit_ledger& engine::credit() const noexcept {
  return *impl_->credit;
}
std::shared_ptr<watchdog> engine::database_watchdog() const noexcept {
  return impl_->dog;
}
std::string engine::owner() const {
  return impl_->owner;
}

std::vector<std::string> engine::missing_topics() const {
  const auto* consumer = impl_->reading.load();
  return consumer ? consumer->missing_topics() : std::vector<std::string>{};
}

bool engine::group_joined() const {
  const auto* consumer = impl_->reading.load();
  return consumer && consumer->joined();
}

} // namespace tradepulse
