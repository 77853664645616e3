#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "actors/actor_card.hpp"
#include "actors/market/symbol_directory.hpp"
#include "protocol/metrics.hpp"
#include "protocol/ports/history.hpp"
#include "protocol/ports/http_service.hpp"
#include "protocol/ports/source_history.hpp"
#include "runtime/readiness.hpp"
#include "runtime/rest/bar_stream.hpp"

namespace tradepulse {

// What the routes need; all of it outlives them.
struct rest_parts {
  const symbol_directory* directory = nullptr;
  history_source* history = nullptr;
  source_history* source = nullptr; // null: missed klines have the engine's numbers
  const readiness* ready = nullptr;
  const actor_board* board = nullptr;
  const metrics::registry* metrics = nullptr;
  // The body of GET /api/stats.
  std::function<std::string()> stats;
  std::string metrics_path = "/metrics"; // empty: not served
  std::string admin_token;               // empty: /admin answers 404
  bar_parts bars;
};

// Routes of one listener: any of the two families; /health and /ready are in both.
class rest_service final : public http_service {
 public:
  rest_service(rest_parts parts, bool data, bool ops)
      : parts_(std::move(parts)), data_(data), ops_(ops) {}

  http_response handle(const http_request& request) override;

 private:
  http_response data_route(const http_request& request) const;
  http_response bar_route(const http_request& request) const;
  http_response ops_route(const http_request& request) const;

  rest_parts parts_;
  bool data_;
  bool ops_;
};

// {"status","reasons":{..}} of /ready.
http_response ready_response(const readiness& ready);
// GET /admin/actors?kind=&limit=&after=
http_response admin_actors(const symbol_directory& directory, const actor_board& board,
                           std::string_view query);

} // namespace tradepulse
