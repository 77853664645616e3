#include "tests/costs/real_line.hpp"

#include <condition_variable>
#include <cstdio>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include "actors/distribution/delivery_table.hpp"
#include "actors/distribution/fan_out_actor.hpp"
#include "actors/ingest/ingest_supervisor.hpp"
#include "actors/market/symbol_actor.hpp"
#include "actors/market/symbol_directory.hpp"
#include "actors/market/symbol_state_of.hpp"
#include "actors/message_types.hpp"
#include "actors/persistence/writer_actor.hpp"
#include "adapters/json/decoders.hpp"
#include "tests/costs/cost_counters.hpp"

namespace tradepulse::costs {
namespace {

constexpr auto patience = std::chrono::seconds{20};
const topic_partition source{"price-ticks", 0};
constexpr std::int64_t some_time = 1'723'161'256'000;

// What the test waits for. Thread: any.
class progress {
 public:
  void set(std::int64_t& what, std::int64_t value) {
    std::lock_guard lock(mutex_);
    what = value;
    changed_.notify_all();
  }
  bool wait(const std::function<bool()>& holds) {
    const uncounted ours;
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, holds);
  }
  std::int64_t applied = -1; // what the partition actor has told the reader
  std::int64_t reading = -1; // from where it reads
  std::int64_t generation = 0;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

struct told_reader : partition_reader {
  explicit told_reader(progress& to) : told(to) {}
  void start(const topic_partition&, generation gen, next_offset from,
             std::optional<applied_record>) override {
    told.set(told.generation, gen.value());
    told.set(told.reading, from.value());
  }
  void stop(const topic_partition&) override {}
  void commit(const topic_partition&, next_offset applied) override {
    told.set(told.applied, applied.value());
  }
  void wake() override {}
  progress& told;
};

struct agreeing_store : range_store {
  result<claimed_partition> claim(const topic_partition& what, std::string_view) override {
    return claimed_partition{
        what, generation{++generations}, next_offset{0}, epoch{1}, "cluster", {}, {}, {}};
  }
  result<claimed_partition> reposition(const repositioning&) override {
    return error{errc::database_refused, "fenced"};
  }
  commit_outcome commit(const range_commit& work) override { return committed{work.rows.size()}; }
  result<void> release(const topic_partition&, generation) override { return {}; }
  result<std::optional<partition_row>> look_at(const topic_partition&) override {
    return std::optional<partition_row>{};
  }
  result<void> for_each_stream(std::size_t,
                               const std::function<void(std::vector<stored_stream>)>&) override {
    return {};
  }
  result<std::vector<stored_stream>> load(std::span<const stream_key>) override {
    return std::vector<stored_stream>{};
  }
  result<std::vector<stored_candle>> load_candles(const stream_key&,
                                                  std::span<const candle_key>) override {
    return std::vector<stored_candle>{};
  }
  result<void> clear_stopped() override { return {}; }
  std::int64_t generations = 0;
};

struct unchanged_log : log_inspector {
  void inspect(const topic_partition&, std::optional<record_offset>, answer then) override {
    then(log_state{"cluster", next_offset{0}, high_watermark{0}, std::nullopt});
  }
};

struct no_letters : dead_letter_sink {
  void produce(dead_letter, std::function<void(result<void>)> then) override { then({}); }
};

class thread_of_tasks : public io_thread {
 public:
  ~thread_of_tasks() override {
    post({});
    thread_.join();
  }
  void post(std::function<void()> task) override {
    {
      const uncounted ours;
      std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    came_.notify_one();
  }
  void post_behind(std::function<void()> task) override { post(std::move(task)); }
  void carry_out(std::function<void()> task) {
    std::promise<void> done;
    post([&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  void run() {
    for (;;) {
      std::function<void()> task;
      {
        const uncounted ours;
        std::unique_lock lock(mutex_);
        came_.wait(lock, [this] { return !tasks_.empty(); });
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      if (!task)
        return;
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<std::function<void()>> tasks_; // guarded by mutex_; an empty one is the end
  std::thread thread_{[this] { run(); }};
};

struct open_socket : outbox {
  push_outcome push(frame_slice) override { return push_outcome::accepted; }
  void flush() override {}
  std::size_t queued_bytes() const noexcept override { return 0; }
  void close(close_code, std::string_view) override {}
};

struct no_owner : connection_owner {
  void tell(events_diverted) override { std::abort(); } // every socket takes all
  void tell(move_diverted) override {}
  void tell(handed_back) override {}
  void tell(control_refused) override {}
  void tell(recovery_failed) override {}
};

struct engine_config : caf::actor_system_config {
  explicit engine_config(std::size_t workers) {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", workers);
    set("scheduler.max-throughput", std::size_t{100});
  }
};

symbol name_of(std::size_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "SYM%05zu", number);
  return symbol::parse(text).value();
}

} // namespace

struct real_line::impl {
  struct shard {
    thread_of_tasks io;
    std::unique_ptr<delivery_table> table;
  };

  explicit impl(line_options given)
      : options(given), config(given.workers), system(config), counted(registry),
        directory(100'000, given.ring, std::chrono::minutes{1}),
        credit(credit_ledger::make({}, nullptr)) {
    for (std::size_t i = 0; i < given.io_threads; ++i) {
      auto& made = *shards.emplace_back(std::make_unique<shard>());
      made.table = std::make_unique<delivery_table>(
          counted, [&made] { made.io.post([&made] { made.table->flush(); }); });
      fan_outs.push_back(spawn_fan_out_actor(system, made.io, *made.table,
                                             [](const std::string&) { std::abort(); }));
    }
    directory.connect(
        [this](symbol_entry& entry, std::shared_ptr<symbol_state> state) {
          return spawn_symbol_actor(system, entry, std::move(state), {&directory, &counted});
        },
        fan_outs);
    directory.set_listed_partitions(1);
    supervisor_options wiring;
    wiring.parts = {&directory, &reader, &log, &letters, &counted, &health, &board};
    wiring.writers = 1;
    wiring.make_writer = [this](std::size_t, std::shared_ptr<actor_card> card) {
      writer_options writing;
      writing.owner = "test";
      writing.batch_rows = options.batch_rows;
      writing.flush_interval = options.flush_interval;
      writing.store = std::make_unique<agreeing_store>();
      writing.credit = credit;
      writing.directory = &directory;
      writing.dead_letters = &letters;
      writing.metrics = &counted;
      writing.health = &health;
      writing.card = std::move(card);
      return spawn_writer_actor(system, std::move(writing));
    };
    wiring.make_decoder = [](const std::string&) {
      return std::shared_ptr<tick_decoder>{make_decoder(decoder_kind::price_ticks)};
    };
    wiring.credit = credit;
    wiring.routes = &routes;
    wiring.fatal = [](std::string) { std::abort(); };
    wiring.drained = [](bool) {};
    supervisor = spawn_ingest_supervisor(system, std::move(wiring));
    caf::anon_send(supervisor, assignment_changed{{source}});
    if (!told.wait([this] { return told.reading == 0; }))
      std::abort();
  }

  ~impl() {
    caf::anon_send_exit(supervisor, caf::exit_reason::user_shutdown);
    directory.end_actors();
    for (auto& each : fan_outs)
      caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
    supervisor = nullptr;
    system.await_all_actors_done();
    directory.disconnect();
    fan_outs.clear();
    system.clock().cancel_all();
  }

  const line_options options;
  engine_config config;
  caf::actor_system system;
  metrics::registry registry;
  engine_metrics counted;
  health_board health;
  actor_board board;
  symbol_directory directory;
  std::vector<std::unique_ptr<shard>> shards;
  std::vector<fan_out_actor> fan_outs;
  progress told;
  told_reader reader{told};
  unchanged_log log;
  no_letters letters;
  partition_routes routes;
  std::shared_ptr<credit_ledger> credit;
  ingest_supervisor supervisor;
  std::int64_t next = 0; // offset
  std::uint64_t connections = 0;
};

real_line::real_line(line_options options) : impl_(std::make_unique<impl>(options)) {}
real_line::~real_line() = default;

std::shared_ptr<const record_batch> real_line::records(std::size_t count) {
  const uncounted ours;
  auto out = std::make_shared<record_batch>();
  out->source = source;
  out->gen = generation{impl_->told.generation};
  out->bytes.reserve(count * 100);
  out->records.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = static_cast<std::size_t>(impl_->next) % impl_->options.symbols;
    char text[128];
    const int size = std::snprintf(
        text, sizeof text,
        R"({"symbol":"SYM%05zu","price":%d.2500,"volume":10.5,"timestamp":%lld})", number,
        100 + static_cast<int>(impl_->next % 900), static_cast<long long>(some_time + impl_->next));
    record each;
    each.offset = record_offset{impl_->next++};
    each.append_time = time_ms{std::chrono::milliseconds{some_time + impl_->next}};
    const auto begin = out->bytes.size();
    out->bytes.append(text, static_cast<std::size_t>(size));
    each.value = std::string_view{out->bytes}.substr(begin);
    out->records.push_back(each);
  }
  return out;
}

void real_line::read(std::shared_ptr<const record_batch> batch) {
  auto lease = impl_->credit->take(source, batch->credit_events(), batch->credit_bytes());
  caf::anon_send(impl_->routes.find(source), batch_arrived{std::move(batch), std::move(lease)});
}

bool real_line::settled() {
  return impl_->told.wait([this] { return impl_->told.applied == impl_->next; });
}

bool real_line::at_rest() {
  if (!settled())
    return false;
  const uncounted ours;
  caf::scoped_actor asking{impl_->system};
  for (std::size_t i = 0; i < impl_->options.symbols; ++i) {
    const auto actor = impl_->directory.find_actor(name_of(i));
    if (!actor)
      continue;
    bool answered = false; // by CAF itself, in the order of the mailbox
    asking
        ->request(caf::actor_cast<caf::actor>(actor), patience, caf::sys_atom::value,
                  caf::get_atom::value, "info")
        .receive([&](caf::ok_atom, const std::string&, const caf::strong_actor_ptr&,
                     const std::string&) { answered = true; },
                 [](const caf::error&) {});
    if (!answered)
      return false;
  }
  return true;
}

void real_line::subscribe(std::size_t symbols, std::size_t each) {
  const uncounted ours;
  for (std::size_t i = 0; i < impl_->shards.size(); ++i)
    for (std::size_t n = 0; n < each; ++n) {
      const connection_id id{++impl_->connections};
      open_group request{id, 1, {}, {}};
      std::vector<stream_joined> answers;
      for (std::size_t number = 0; number < symbols; ++number) {
        const auto name = name_of(number);
        const auto index = impl_->directory.enter(name, i).index;
        request.members.push_back({index, name});
        answers.push_back({id, 1, index, impl_->directory.find(name).snapshot, false});
      }
      auto& to = *impl_->shards[i];
      to.io.carry_out([&] {
        to.table->attach(id, std::make_shared<open_socket>(), std::make_shared<no_owner>(), false);
        to.table->open(request);
        for (const auto& answer : answers)
          to.table->joined(answer);
      });
    }
}

bool real_line::delivered(std::uint64_t events) {
  const uncounted ours;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (impl_->counted.deliveries.value() < events) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::yield();
  }
  return impl_->counted.deliveries.value() == events;
}

std::uint64_t real_line::commits() const {
  return impl_->counted.commits.value();
}
std::uint64_t real_line::committed_rows() const {
  return impl_->counted.committed_rows.value();
}

} // namespace tradepulse::costs
