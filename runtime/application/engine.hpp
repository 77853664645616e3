#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/actor_card.hpp"
#include "actors/engine_metrics.hpp"
#include "actors/market/symbol_directory.hpp"
#include "adapters/postgres/watchdog.hpp"
#include "protocol/ports/client_connection.hpp"
#include "protocol/ports/history.hpp"
#include "protocol/ports/source_history.hpp"
#include "protocol/result.hpp"
#include "runtime/clients/client_gateway.hpp"
#include "runtime/config/settings.hpp"
#include "runtime/pumps/ingest_pump.hpp"
#include "runtime/readiness.hpp"

namespace tradepulse {

// All actors and what feeds them: from the log to the delivery tables. The listeners stand in
// front of it (application.hpp).
class engine {
 public:
  struct parts {
    const config::settings* settings = nullptr;
    metrics::registry* metrics = nullptr;
    health_board* health = nullptr;
    actor_board* board = nullptr;
    readiness* ready = nullptr;
    std::vector<io_thread*> io;
    std::function<void(const error& why)> fatal; // no restart cures it; from any thread
  };
  explicit engine(parts given);
  ~engine();

  // Stored symbols answer from here on. Blocks: reads the whole table. Errors: those of the store.
  result<void> restore();
  // Joins the group and reads. Errors: configuration.
  result<void> start();

  // Who waits for history gets an error. Does not block.
  void close_history();
  // No new records from here on; what is in flight is committed and the claims are given up.
  void stop_intake();
  // True when that came to its end before the deadline. Blocks.
  bool wait_committed(std::chrono::steady_clock::time_point deadline);
  // Commits offsets and leaves the group.
  void leave_group(std::chrono::steady_clock::time_point deadline);
  // Ends the actors of the I/O threads, which have to run until then: no client hears anything
  // more. Blocks.
  void end_delivery();
  // Ends every actor. No thread of ours may speak to one afterwards.
  void end_actors();

  symbol_directory& directory() noexcept;
  client_service& clients() noexcept;
  // Committed events. Answers every question, with an error from close_history() on.
  history_source& history() noexcept;
  // Klines by upstream's numbers; null where clients count by the engine's. As history().
  source_history* source() noexcept;
  // Stored bars, by the same connections.
  bar_source& bars() noexcept;
  const ingest_pump& pump() const noexcept;
  const credit_ledger& credit() const noexcept;
  std::shared_ptr<watchdog> database_watchdog() const noexcept;
  std::vector<std::string> missing_topics() const;
  bool group_joined() const;
  std::string owner() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace tradepulse
