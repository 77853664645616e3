#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <caf/actor_system.hpp>

#include "tests/simulation/process.hpp"

namespace tradepulse::simulation {

// What a run came to.
struct report {
  std::string failure; // empty: every claim held
  std::uint64_t trace = 0;
  std::uint64_t steps = 0;
  std::uint64_t records = 0;
  std::uint64_t commits = 0;
  std::uint64_t crashes = 0;
  std::uint64_t faults = 0; // of all kinds
};

// One seed: processes, clients, a log and a database; things happen and go wrong for a while, then
// nothing goes wrong any more and everything has to come to rest.
class world {
 public:
  world(caf::actor_system& addresses, std::uint64_t seed);
  ~world();
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  // `look` hears what happens, one line each; may be empty.
  report run(std::function<void(std::string_view)> look = {});

 private:
  struct peer {
    std::unique_ptr<client> who;
    process* at = nullptr;
    std::shared_ptr<process::connection> link;
  };
  struct member { // of the group
    std::unique_ptr<process> runs;
    std::vector<topic_partition> told;
  };

  void choose_settings();
  void choose_candles();
  void make_market();
  void make_clients();
  void step();
  void anything();
  bool poll();
  market_log::entry event_of(const stream_key& stream, bool on_time = false);
  std::int64_t event_time(std::int64_t append_ms);
  void close_candles();
  std::string rules_of_candles() const;
  void produce();
  void move_a_stream();
  bool may_move(const stream_key& stream, const topic_partition& to);
  void pass_time();
  void act(peer& who);
  void let_go(peer& who);
  void tell_assignments(bool all);
  void fault();
  void rebalance();
  void start_process();
  void stop(member& which, std::string_view why);
  void crash(member& which);
  void bury();
  void replace_a_log();
  void expire_records();
  void look();

  void come_to_rest();
  std::string what_is_missing();
  process* any_process();

  caf::actor_system& system_;
  chance dice_;
  simulated_clock time_;
  verdict found_;
  turns all_;
  market_log log_;
  database stored_;
  outside outside_;
  settings settings_;
  std::optional<candle_source> candles_; // of the topic `ticks`
  report report_;

  std::vector<topic_partition> partitions_;
  std::vector<member> members_;
  std::vector<std::unique_ptr<process>> dead_;
  std::vector<peer> peers_;
  std::map<topic_partition, process*> target_; // null: nobody
  std::vector<market_log::entry> said_;        // for doubles
  std::chrono::milliseconds next_second_{20};
  std::size_t names_ = 0;
  std::size_t fault_percent_ = 2;
  std::size_t records_left_ = 60;
  std::int64_t most_processes_ = 1;
  bool troubled_ = false;    // the database is, the broker, ...
  bool quiet_ = false;       // nothing goes wrong any more
  process* owner_ = nullptr; // has everything then, and all clients
};

} // namespace tradepulse::simulation
