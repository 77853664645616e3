#include "tests/simulation/process.hpp"

#include <algorithm>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/distribution/fan_out_actor.hpp"
#include "actors/market/symbol_actor.hpp"
#include "actors/tell.hpp"
#include "tests/simulation/process_ports.hpp"

namespace tradepulse::simulation {
struct process::partition_at_work {
  partition_actor address;
  partition mine;
  std::shared_ptr<const actor_card> card;
};
struct process::writer_at_work {
  writer_actor address;
  writer mine;
};
struct process::stream_at_work {
  symbol_actor address;
  symbol_entry* entry = nullptr;
  event_room room;
  symbol_actor_options options;
  stream_worker mine;
  bool ended = false;
};

// --- putting together --------------------------------------------------------------------------

process::process(outside& world, const settings& with, std::string name)
    : world_(world), with_(with), name_(std::move(name)), counted_(registry_),
      directory_(1'000, with.ring, std::chrono::seconds{1}),
      credit_(credit_ledger::make({with.credit_events, 1U << 26U, with.batch_events}, [] {})),
      window_(delivery_window::make(
          {1, with.window, with.window, std::chrono::milliseconds{250}}, [] {},
          [&world] { return world.time.now(); })),
      ports_(std::make_unique<ports>(world, alive_)),
      io_port_(std::make_unique<queued_io>(world.all, io_, behind_)),
      table_(
          counted_, [this] { io_port_->post([this] { table_.flush(); }); }, recovering()) {
  io_.name = name_ + " io";
  io_.alive = &alive_;
  behind_.name = name_ + " io, behind";
  behind_.alive = &alive_;
  behind_.thread = &io_;
  const auto address = [&](auto&& what) {
    addresses_.push_back(caf::actor_cast<caf::strong_actor_ptr>(what));
    return what;
  };
  fan_out_ =
      address(stand_in_for<fan_out_actor>(world_.system, world_.all, name_ + " fan-out", alive_));
  behind(fan_out_).handlers = std::move(handlers_of(table_).unbox());
  behind(fan_out_).mailbox.thread = &io_;
  supervisor_ = address(
      stand_in_for<ingest_supervisor>(world_.system, world_.all, name_ + " supervisor", alive_));
  behind(supervisor_).handlers =
      caf::behavior{[this](const partition_ended& what) { ended(what); }};
  directory_.connect(
      [this](symbol_entry& entry, std::shared_ptr<symbol_state> state) {
        return spawn_stream(entry, std::move(state));
      },
      {fan_out_});
  directory_.set_listed_partitions(world_.log.all().size());
  simulated_store(world_.stored, world_.all, world_.dice, alive_)
      .for_each_stream(
          1'000, [this](std::vector<stored_stream> rows) { directory_.preload(std::move(rows)); })
      .has_value();
  for (std::size_t i = 0; i < with_.writers; ++i) {
    auto& made = *writers_.emplace_back(std::make_unique<writer_at_work>());
    made.address = address(stand_in_for<writer_actor>(
        world_.system, world_.all, name_ + " writer " + std::to_string(i), alive_));
    writer_options options;
    options.owner = name_;
    options.batch_rows = with_.batch_rows;
    options.flush_interval = with_.flush_interval;
    options.retry_first = std::chrono::milliseconds{2};
    options.retry_most = std::chrono::milliseconds{16};
    options.max_retries = with_.max_retries;
    options.store =
        std::make_unique<simulated_store>(world_.stored, world_.all, world_.dice, alive_);
    options.credit = credit_;
    options.directory = &directory_;
    options.dead_letters = &ports_->letters;
    options.metrics = &counted_;
    options.health = &health_;
    options.card = board_.make("writer", std::to_string(i));
    options.time = &world_.time;
    made.mine.begin(std::make_shared<writer_options>(std::move(options)),
                    {[&made] { return made.address; },
                     [this, &made](std::chrono::milliseconds delay,
                                   const std::variant<flush_due, claims_due>& what) {
                       world_.all.later(alive_, delay, [to = made.address, what] {
                         std::visit([&](const auto& each) { tell(to, each); }, what);
                       });
                     },
                     [] {}});
    behind(made.address).handlers = std::move(handlers_of(made.mine).unbox());
  }
}

process::~process() {
  alive_ = false;
  for (auto* each : {&io_, &behind_}) {
    world_.all.forget(*each);
    each->tasks.clear();
  }
  for (const auto& each : addresses_)
    behind(each).end();
  world_.all.forget_dead();
  for (const auto& each : world_.log.all())
    routes_.remove(each.first);
  connections_.clear();
  partitions_.clear();
  ended_partitions_.clear();
  writers_.clear();
  streams_.clear();
  directory_.end_actors();
  directory_.disconnect();
  for (const auto& each : addresses_)
    behind(each).handlers = {};
}

void process::crash() {
  alive_ = false;
  for (const auto& each : connections_)
    each->out->cut = true;
}

recovery_options process::recovering() {
  recovery_options out;
  out.history = &ports_->journal;
  out.is_kept = is_kept;
  out.recall = [this](const stream_key& name, stream_index index, const recall_events& question) {
    world_.all.remark([&] {
      return "    asks for connection " + std::to_string(question.connection.value()) + ": " +
             name.symbol.str() + " " + name_of(name.kind) + " behind " +
             std::to_string(question.after.seq.value()) + ", at most " +
             std::to_string(question.limit);
    });
    directory_.recall(name, index, question);
  };
  out.post = [this](std::function<void()> task) { io_port_->post(std::move(task)); };
  out.post_behind = [this](std::function<void()> task) { io_port_->post_behind(std::move(task)); };
  out.page_events = with_.page_events;
  out.at_once_per_connection = with_.returns_at_once;
  out.streams_at_once = with_.streams_at_once;
  out.now = [this] { return world_.time.now(); };
  return out;
}

ingest_parts process::parts() {
  return {&directory_, &ports_->reader, &ports_->inspector, &ports_->letters, &counted_,
          &health_,    &board_,         &world_.time};
}

symbol_actor process::spawn_stream(symbol_entry& entry, std::shared_ptr<symbol_state> state) {
  auto& made = *streams_.emplace_back(std::make_unique<stream_at_work>());
  made.address = stand_in_for<symbol_actor>(
      world_.system, world_.all,
      name_ + " " + entry.key.symbol.str() + " " + name_of(entry.key.kind), alive_);
  addresses_.push_back(caf::actor_cast<caf::strong_actor_ptr>(made.address));
  made.entry = &entry;
  made.options = {&directory_, &counted_, &made.room};
  made.mine.begin(entry, std::move(state), made.options, made.address.id(), [&made] {
    made.ended = true;
    behind(made.address).end();
  });
  behind(made.address).handlers = std::move(handlers_of(made.mine).unbox());
  return made.address;
}

bool process::kill_a_stream() {
  std::vector<stream_at_work*> at_work;
  for (const auto& each : streams_)
    // With work: an actor fails over a message.
    if (!each->ended && !behind(each->address).mailbox.busy &&
        !behind(each->address).mailbox.tasks.empty())
      at_work.push_back(each.get());
  if (at_work.empty())
    return false;
  auto& dying = *at_work[world_.dice.below(at_work.size())];
  world_.found.happened("fails: " + behind(dying.address).mailbox.name);
  dying.ended = true;
  behind(dying.address).end(); // tickets that waited in its mailbox die, and those that it had
  dying.mine = {};
  stream_worker::failed(*dying.entry, dying.options, dying.address.id());
  return true;
}

// --- partitions: what the supervisor does ------------------------------------------------------

std::size_t process::writer_of(const topic_partition& source) const {
  return static_cast<std::size_t>(source.partition) % writers_.size();
}

void process::as_supervisor(std::function<void()> task) {
  world_.all.add(behind(supervisor_).mailbox, std::move(task));
}

void process::assign(const std::vector<topic_partition>& assigned) {
  as_supervisor([this, assigned] { carry_out(assigned); });
}

void process::carry_out(const std::vector<topic_partition>& assigned) {
  assigned_ = {assigned.begin(), assigned.end()};
  directory_.set_assignment(assigned);
  credit_->set_partitions(assigned.size());
  for (const auto& [source, each] : partitions_)
    if (!assigned_.contains(source))
      tell(each->address, give_up_partition{});
  for (const auto& source : assigned_)
    if (!partitions_.contains(source))
      start_partition(source);
}

void process::start_partition(const topic_partition& source) {
  auto& slot = partitions_[source];
  slot = std::make_unique<partition_at_work>();
  auto& made = *slot;
  made.address = stand_in_for<partition_actor>(world_.system, world_.all,
                                               name_ + " " + source.to_string(), alive_);
  addresses_.push_back(caf::actor_cast<caf::strong_actor_ptr>(made.address));
  behind(made.address).handlers = std::move(handlers_of(made.mine).unbox());
  partition_options options;
  options.source = source;
  options.rules.on_replaced_log = replaced_log_policy::new_epoch;
  options.rules.identity_check_interval = std::chrono::milliseconds{40};
  options.rules.symbol_failures = 1'000'000;
  options.rules.claim_retry_first = std::chrono::milliseconds{2};
  options.rules.claim_retry_most = std::chrono::milliseconds{16};
  options.parts = parts();
  options.decoder = std::make_shared<samples::fake_decoder>();
  options.candles = world_.log.at(source).rules;
  made.card = options.card = board_.make("partition", source.to_string());
  options.writer = writers_[writer_of(source)]->address;
  options.supervisor = supervisor_;
  options.routes = &routes_;
  made.mine.begin(
      std::make_shared<partition_options>(std::move(options)),
      {[&made] { return made.address; },
       [this, &made](std::chrono::milliseconds delay, const std::variant<retry_due>& what) {
         world_.all.later(alive_, delay,
                          [to = made.address, what] { tell(to, std::get<retry_due>(what)); });
       },
       [&made] { behind(made.address).end(); }});
}

void process::ended(const partition_ended& what) {
  routes_.remove(what.source);
  if (read_in_peace_.contains(what.source))
    left_behind_ += what.events_left;
  auto gone = partitions_.extract(what.source);
  ended_partitions_.push_back(std::move(gone.mapped())); // it may be inside of itself still
  if (assigned_.contains(what.source))
    start_partition(what.source);
}

bool process::owns(const topic_partition& source) const {
  return partitions_.contains(source);
}

void process::shut_down() {
  shutting_down_ = true;
  for (const auto& [source, each] : partitions_)
    if (each->card->state() == "reading")
      read_in_peace_.insert(source);
  for (const auto& each : connections_)
    if (!each->gone)
      send_away(*each, close_code::service_restart);
  assign({});
}

void process::second() {
  as_supervisor([this] {
    for (const auto& [source, each] : partitions_)
      tell(each->address, second_passed{});
    directory_.passivate_idle();
  });
}

void process::tidy() {
  ended_partitions_.clear();
}

void process::broker_back() {
  as_supervisor([this] {
    for (const auto& [source, each] : partitions_)
      tell(each->address, tradepulse::broker_back{});
  });
}

} // namespace tradepulse::simulation
