#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "actors/ingest/partition_actor.hpp"
#include "tests/actors/support/checking_client.hpp"
#include "tests/actors/support/fake_decoder.hpp"
#include "tests/actors/support/fake_ports.hpp"
#include "tests/actors/support/memory_store.hpp"

namespace tradepulse::samples {

// Real partition, symbol and fan-out actors under CAF's deterministic coordinator, between fake
// ports; a writer that commits when the test says so; clients that believe nothing. Nothing runs
// but by the calls of the test; time passes by wait().
class actor_world {
 public:
  explicit actor_world(ingest_rules rules = {});
  ~actor_world();
  actor_world(const actor_world&) = delete;
  actor_world& operator=(const actor_world&) = delete;

  // What is stored, as a process start has it.
  void preload();
  // With more of them than are started there are other processes.
  void list_partitions(std::size_t count);
  std::size_t stream_loads() const; // questions for streams, since the beginning
  // Of partitions that are started from now on.
  void make_candles(const candle_source& of);
  // Questions for closed candles wait for answer_candle_loads().
  void hold_candle_loads();
  void answer_candle_loads();
  // Who waits is told that a claim of that partition, of the same generation, is over.
  void end_candle_loads_as(const topic_partition& source);
  std::size_t candle_loads() const; // since the beginning
  std::vector<candle_view> views(std::string_view name) const;
  std::vector<waiting_candles> waiting(const stream_key& name) const;

  // --- partitions ---
  void start(const topic_partition& source);
  bool alive(const topic_partition& source) const;
  bool routed(const topic_partition& source) const; // what is read would find it
  void give_up(const topic_partition& source);
  // Records become part of the log and, where the reader runs, a batch of its generation.
  void batch(const topic_partition& source, const std::vector<line>& lines);
  // The same, but only the partition actor takes its turn: the symbol actors have not.
  void dispatch_only(const topic_partition& source, const std::vector<line>& lines);
  // Only this symbol's actor takes its turn.
  void turn_of(std::string_view name, stream_kind kind = {});
  // What is in the log from the reader's place on, again, as one batch.
  void read_again(const topic_partition& source);
  void batch_of_generation(const topic_partition& source, generation gen,
                           const std::vector<line>& lines);
  void fault(const topic_partition& source, read_fault what);
  void broker_back(const topic_partition& source);
  void second();
  void wait(std::chrono::milliseconds time);
  std::string state_of(const topic_partition& source) const;
  std::vector<topic_partition> ended() const;
  // It has read again all that its log had at its claim.
  bool settled(const topic_partition& source) const;

  // The database says what it has of a stream that is about to move to that partition.
  void look_up(std::string_view name, const topic_partition& to);

  // --- the writer ---
  void commit(); // all that is complete
  void lose_connection();
  void claim_only(); // the same, and then only partitions and the writer take their turns
  void database(bool up); // claims wait while it is down
  // Symbols whose records wait in the mailbox of their actor die with them.
  void kill_symbol(std::string_view name, stream_kind kind = {});
  // A second passes for the directory: whoever had no event in it ends. One that is asked while it
  // has work does its work, and refuses.
  void passivate_idle();
  void ask_idle_ones(); // the same, but the actors have not had their turn
  // Absent while the symbol has an actor, or is unknown.
  std::optional<std::size_t> events_in_ring(std::string_view name) const;
  std::size_t symbol_actors() const;

  // --- supervision: a real supervisor instead of start() ---
  void supervise(std::size_t writers, std::size_t restarts);
  void assign(const std::vector<topic_partition>& assigned);
  void kill_partition(const topic_partition& source);
  void kill_writer(std::size_t index);
  void drain();
  int drained() const;
  bool all_committed() const; // as told with the drain
  std::vector<std::string> fatal() const;

  // --- clients ---
  checking_client& subscribe(std::string_view name);
  // Everything that was written for it since.
  void read(checking_client& client);
  std::size_t moves_told() const; // "the database was ahead", to any client
  stream_position published(std::string_view name, stream_kind kind = {}) const;
  std::optional<topic_partition> home_of(const stream_key& name) const;
  // The I/O thread does nothing until it is released.
  void hold_io();
  void release_io();
  // Records of batches that are under way to the sockets.
  std::size_t undelivered() const;

  memory_store store;
  fake_reader reader;
  fake_log log;
  fake_letters letters;
  truth expected; // what the clients check against: filled by the test
  health_board& health();
  engine_metrics& metrics();

 private:
  struct engine;
  std::unique_ptr<engine> engine_;
};

} // namespace tradepulse::samples
