#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>

#include "actors/distribution/connection_session.hpp"
#include "actors/distribution/delivery_table.hpp"
#include "actors/ingest/partition.hpp"
#include "actors/market/stream_worker.hpp"
#include "actors/persistence/writer.hpp"
#include "tests/simulation/client.hpp"
#include "tests/simulation/database.hpp"
#include "tests/simulation/market_log.hpp"
#include "tests/simulation/turns.hpp"

namespace tradepulse::simulation {

// What is outside of every process.
struct outside {
  chance& dice;
  simulated_clock& time;
  verdict& found;
  turns& all;
  market_log& log;
  database& stored;
  caf::actor_system& system; // for addresses; nothing runs in it
};

// How a process is configured.
struct settings {
  std::size_t ring = 16;
  std::size_t writers = 1;
  std::size_t batch_rows = 1'000;
  std::size_t credit_events = 1'000;
  std::size_t batch_events = 8;
  std::size_t window = 1'000;
  std::size_t page_events = 1'000;
  std::size_t returns_at_once = 8;
  std::size_t streams_at_once = 16;
  std::size_t outbox_bytes = 1 << 20;
  std::size_t lossless_bytes = 1 << 20;
  std::size_t hand_back_bytes = 1 << 19;
  unsigned max_retries = 1;
  std::chrono::milliseconds flush_interval{5};
};

// One process: the real machines of partitions, streams, writers, delivery and connections, put
// together as the runtime does, between ports that the simulation plays.
class process {
 public:
  process(outside& world, const settings& with, std::string name);
  ~process();
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  const std::string& name() const noexcept { return name_; }
  bool alive() const noexcept { return alive_; }
  // Nothing that it does reaches anybody any more. It is taken apart when nobody is inside.
  void crash();

  // A clean end: clients are sent away, partitions finish what they have read and are given up.
  void shut_down();
  bool is_shutting_down() const noexcept { return shutting_down_; }
  bool has_shut_down() const noexcept { return shutting_down_ && partitions_.empty(); }
  // Records that a partition had read in peace, and has left to the next owner.
  std::size_t left_behind() const noexcept { return left_behind_; }

  // --- the log's side ---
  void assign(const std::vector<topic_partition>& assigned);
  const std::set<topic_partition>& assigned() const noexcept { return assigned_; }
  // Whether the reader has something for a partition; hands it over.
  bool can_poll(const topic_partition& source);
  void poll(const topic_partition& source);
  void broker_back();
  void second();
  // What has ended goes. Requires: nobody is inside.
  void tidy();
  // The actor of a stream fails, with all that was on its way to it. False: none is at work.
  bool kill_a_stream();

  // --- clients ---
  struct connection;
  std::shared_ptr<connection> connect(client& who);
  void say(connection& from, client_message what);
  void drain(connection& of);
  void hang_up(connection& which);
  static bool is_open(const connection& which);
  static bool has_ended(const connection& which); // by the engine
  static close_code ended_with(const connection& which);
  static simulated_outbox& outbox_of(connection& which);

  // --- what is looked at ---
  // What was published never goes back within an epoch, and exists.
  void look();
  std::string at_rest() const; // empty: nothing is under way
  bool owns(const topic_partition& source) const;

 private:
  struct ports;
  struct partition_at_work;
  struct writer_at_work;
  struct stream_at_work;

  symbol_actor spawn_stream(symbol_entry& entry, std::shared_ptr<symbol_state> state);
  void send_away(connection& which, close_code code);
  void as_supervisor(std::function<void()> task);
  void carry_out(const std::vector<topic_partition>& assigned);
  void start_partition(const topic_partition& source);
  std::size_t writer_of(const topic_partition& source) const;
  void ended(const partition_ended& what);
  void look(const stream_key& stream);
  recovery_options recovering();
  ingest_parts parts();

  outside& world_;
  const settings with_;
  const std::string name_;
  bool alive_ = true;

  metrics::registry registry_;
  engine_metrics counted_;
  health_board health_;
  actor_board board_;
  symbol_directory directory_;
  std::shared_ptr<credit_ledger> credit_;
  std::shared_ptr<delivery_window> window_;
  std::unique_ptr<ports> ports_;
  partition_routes routes_;
  place io_;
  place behind_; // of the same thread
  std::unique_ptr<io_thread> io_port_;
  delivery_table table_;
  fan_out_actor fan_out_;
  ingest_supervisor supervisor_;
  std::vector<caf::strong_actor_ptr> addresses_; // of all that ever were

  bool shutting_down_ = false;
  std::set<topic_partition> read_in_peace_; // when it was to end
  std::size_t left_behind_ = 0;
  std::set<topic_partition> assigned_;
  std::map<topic_partition, std::unique_ptr<partition_at_work>> partitions_;
  std::vector<std::unique_ptr<partition_at_work>> ended_partitions_;
  std::vector<std::unique_ptr<writer_at_work>> writers_;
  std::list<std::unique_ptr<stream_at_work>> streams_;
  std::vector<std::shared_ptr<connection>> connections_;
  std::map<stream_key, stream_position> published_;
};

} // namespace tradepulse::simulation
