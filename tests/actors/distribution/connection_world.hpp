#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/distribution/connection_actor.hpp"
#include "actors/distribution/delivery_table.hpp"
#include "actors/distribution/fan_out_actor.hpp"
#include "actors/market/symbol_actor.hpp"
#include "actors/message_types.hpp"
#include "tests/actors/support/fake_history.hpp"
#include "tests/actors/support/fake_ports.hpp"
#include "tests/actors/support/scheduled_io.hpp"
#include "tests/actors/support/scripted_outbox.hpp"
#include "tests/actors/support/streams.hpp"

namespace tradepulse::samples {

// Connection actors, one fan-out actor with its delivery table and a real directory under CAF's
// deterministic coordinator. What a client says arrives with say(), and is carried out by run().
class connection_world {
 public:
  // `journalled`: clients that come back find a journal, which answers when the test says so.
  explicit connection_world(std::size_t max_unknown = 100, bool journalled = false)
      : system(config),
        scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())),
        metrics(registry), directory(max_unknown, 16), table(
                                                           metrics, [] {}, recovery(journalled)) {
    fan_out = spawn_fan_out_actor(system, io, table,
                                  [](const std::string& why) { throw std::runtime_error(why); });
    directory.connect(
        [this](symbol_entry& entry, std::shared_ptr<symbol_state> state) {
          return spawn_symbol_actor(system, entry, std::move(state), {&directory, &metrics});
        },
        {fan_out});
    run();
  }
  ~connection_world() {
    directory.end_actors();
    for (auto& each : clients_)
      caf::anon_send_exit(each->actor, caf::exit_reason::user_shutdown);
    run();
    caf::anon_send_exit(fan_out, caf::exit_reason::kill);
    run();
    clients_.clear();
    directory.disconnect();
  }

  struct client {
    connection_id id;
    std::shared_ptr<scripted_outbox> out;
    connection_actor actor;
    std::shared_ptr<actor_card> card;
    std::vector<std::pair<close_code, std::string>> closed;
  };

  client& connect(std::size_t max_subscriptions = 10, std::size_t outbox_bytes = 1 << 20) {
    auto made = std::make_shared<client>();
    made->id = connection_id{clients_.size() + 1};
    made->out = std::make_shared<scripted_outbox>(outbox_bytes);
    made->card = board.make("connection", std::to_string(made->id.value()));
    connection_options options;
    options.id = made->id;
    options.max_subscriptions = max_subscriptions;
    options.max_waiting_answers_bytes = waiting_answers_bytes;
    options.lossless_bytes = lossless_bytes;
    options.directory = &directory;
    options.card = made->card;
    options.close = [made = made.get()](close_code code, std::string_view reason) {
      made->closed.emplace_back(code, reason);
    };
    made->actor = spawn_connection_actor(system, std::move(options));
    table.attach(made->id, made->out, std::make_shared<owner>(made->actor), false);
    clients_.push_back(made);
    run();
    return *clients_.back();
  }

  // --- what a client does ---
  static void say(client& who, client_message what) {
    caf::anon_send(who.actor, client_said{std::make_shared<const client_message>(std::move(what))});
  }
  static void subscribe(client& who, const std::vector<std::string_view>& names,
                        std::string id = {}) {
    subscribe_request out{std::move(id), {}, {stream_kind::price}, {}};
    for (auto name : names)
      out.symbols.push_back(named(name));
    say(who, std::move(out));
  }
  static void come_back(client& who, std::string_view name, since_point since) {
    say(who, subscribe_request{{}, {named(name)}, {stream_kind::price}, {}, {since}});
  }
  static void unsubscribe(client& who, const std::vector<std::string_view>& names,
                          std::string id = {}) {
    unsubscribe_request out{std::move(id), {}, {stream_kind::price}, {}};
    for (auto name : names)
      out.symbols.push_back(named(name));
    say(who, std::move(out));
  }
  // All that was written for it; an outbox that had refused something says that it is empty.
  std::vector<std::string> read(client& who) {
    run();
    std::string text;
    if (who.out->drain(text)) {
      table.drained(who.id);
      caf::anon_send(who.actor, outbox_drained{});
      run();
    }
    return payloads_of(text);
  }
  // Until nothing more comes.
  std::vector<std::string> read_all(client& who) {
    auto out = read(who);
    for (auto more = read(who); !more.empty(); more = read(who))
      out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  // The socket is gone: what the gateway does.
  void hang_up(client& who) {
    table.detach(who.id);
    caf::anon_send(who.actor, client_gone{});
  }

  // --- the market ---
  // A stored row of partition p/0, price = 100 + its number.
  void known(std::string_view name, stream_position at) {
    stored_stream row;
    row.symbol = named(name);
    row.position = at;
    row.snapshot = snapshot(name, at, 100 + at.seq.value(), at.seq.value());
    row.home = topic_partition{"p", 0};
    directory.preload({row});
  }
  void tick(std::string_view name, std::int64_t e, std::int64_t first, std::int64_t last) {
    auto at = entry(name);
    directory.publish(*at, std::make_shared<const price_snapshot>(
                               snapshot(name, pos(e, last), 100 + last, last)));
    if (at->interest[0].load() > 0)
      caf::anon_send(fan_out, burst(at->index.value(), name, e, first, last));
    run();
  }
  // Null where the directory has none.
  std::shared_ptr<symbol_entry> entry(std::string_view name) const {
    for (auto& each : directory.list({}, 100'000))
      if (each->key.symbol == named(name))
        return each;
    return nullptr;
  }
  std::uint32_t interest(std::string_view name) const {
    auto at = entry(name);
    return at ? at->interest[0].load() : 0;
  }

  // `count` records of the symbol, with 100 more than their offset as price, through its actor. Its
  // range waits until it is let go.
  std::shared_ptr<ingest_range> record(std::string_view name, std::int64_t first,
                                       std::int64_t count,
                                       const topic_partition& source = {"p", 0}) {
    auto range = std::make_shared<ingest_range>();
    for (auto i = first; i < first + count; ++i)
      range->ticks.push_back(tick_at(i, 100 + i, i));
    return hand_in(std::move(range), named(name), count, source);
  }
  // The same of its trades, each of size 1.
  std::shared_ptr<ingest_range> record_trades(std::string_view name, std::int64_t first,
                                              std::int64_t count) {
    auto range = std::make_shared<ingest_range>();
    for (auto i = first; i < first + count; ++i)
      range->trades.push_back({record_offset{i},
                               at(some_time + i),
                               at(some_time + i),
                               {},
                               {costs(100 + i), quantity{int128{decimal_unit}}, {}, {}}});
    return hand_in(std::move(range), {named(name), stream_kind::trade}, count, {"p", 0});
  }

  void run() { scheduler.run(); }

 private:
  std::shared_ptr<ingest_range> hand_in(std::shared_ptr<ingest_range> range,
                                        const stream_key& stream, std::int64_t count,
                                        const topic_partition& source) {
    auto batch = std::make_shared<record_batch>();
    batch->source = source;
    range->batch = batch;
    ingest_range::slot slot;
    slot.symbol = stream.symbol;
    slot.kind = stream.kind;
    slot.count = static_cast<std::uint32_t>(count);
    range->slots.push_back(slot);
    range->open(0, [](const std::shared_ptr<ingest_range>&, const std::optional<stream_key>&) {});
    caf::anon_send(directory.actor_for(stream, source), symbol_work{range_ticket{range, 0}});
    run();
    return range;
  }
  recovery_options recovery(bool with_journal) {
    recovery_options out;
    out.history = with_journal ? &journal : nullptr;
    out.recall = [this](const stream_key& name, stream_index index, const recall_events& question) {
      directory.recall(name, index, question);
    };
    out.post = out.post_behind = [](const std::function<void()>& task) { task(); };
    return out;
  }
  struct deterministic : caf::actor_system_config {
    deterministic() { set("scheduler.policy", caf::atom("testing")); }
  };
  struct owner : connection_owner {
    explicit owner(connection_actor whom) : to(std::move(whom)) {}
    void tell(events_diverted what) override { caf::anon_send(to, std::move(what)); }
    void tell(move_diverted what) override { caf::anon_send(to, std::move(what)); }
    void tell(handed_back what) override { caf::anon_send(to, std::move(what)); }
    void tell(control_refused what) override { caf::anon_send(to, std::move(what)); }
    void tell(recovery_failed what) override { caf::anon_send(to, std::move(what)); }
    connection_actor to;
  };
  deterministic config;

 public:
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  metrics::registry registry;
  engine_metrics metrics;
  actor_board board;
  symbol_directory directory;
  scheduled_io io{system};
  fake_history journal;
  delivery_table table;
  fan_out_actor fan_out;
  std::size_t waiting_answers_bytes = 64 * 1'024;
  std::size_t lossless_bytes = 64 * 1'024;

 private:
  std::vector<std::shared_ptr<client>> clients_;
};

} // namespace tradepulse::samples
