#pragma once

#include <chrono>
#include <string>

#include "protocol/metrics.hpp"

namespace tradepulse {

class engine;
class database_watch;

struct stats_parts {
  engine* core = nullptr;
  database_watch* database = nullptr;
  metrics::registry* registry = nullptr;
  std::chrono::steady_clock::time_point began;
};

// The body of GET /api/stats: {"service":{..},"kafka":[..],"database":{..}}.
std::string stats_text(const stats_parts& of);

// tradepulse_build_info and tradepulse_uptime_seconds.
void describe_process(metrics::registry& registry);

} // namespace tradepulse
