#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "actors/actor_card.hpp"

namespace tradepulse {

// What /ready says. 200 once listeners are open, the schema is current, the group was joined and
// symbols are restored; after that only draining, or exhausted credit without a commit for 30 s,
// make it 503. Everything else that is wrong is 200 with "degraded" and reasons. Thread: any.
class readiness {
 public:
  explicit readiness(const health_board& health) : health_(health) {}

  std::atomic<bool> listening{false};
  std::atomic<bool> schema_current{false};
  std::atomic<bool> restored{false};
  std::atomic<bool> draining{false};

  // What is asked each time; set before the first answer().
  std::function<bool()> group_joined; // or waiting for topics that do not exist yet
  std::function<bool()> credit_stuck; // exhausted, no commit for 30 s
  std::function<std::vector<std::string>()> missing_topics;

  // What start waits for now ("postgres: connection refused"), shown until it is over.
  void waiting_for(std::string_view what);

  struct answer {
    bool ready = false;
    std::string status; // "ready", "degraded", "starting", "draining"
    std::vector<std::pair<std::string, std::string>> reasons;
  };
  answer ask() const;
  // Clients may come in: restored and not draining.
  bool serving() const noexcept { return restored && !draining; }

 private:
  const health_board& health_;
  mutable std::mutex mutex_;
  std::string waiting_;
};

} // namespace tradepulse
