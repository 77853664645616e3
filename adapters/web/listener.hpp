#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adapters/web/connection_budget.hpp"
#include "adapters/web/io_pool.hpp"
#include "adapters/web/limits.hpp"
#include "protocol/metrics.hpp"
#include "protocol/ports/client_connection.hpp"
#include "protocol/ports/http_service.hpp"
#include "protocol/result.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse::web {

struct listener_options {
  std::string name = "client"; // a label in metrics and logs
  std::string host = "127.0.0.1";
  std::uint16_t port = 0; // 0: the kernel chooses, port() tells

  // Either may be absent. A WebSocket is opened on `websocket_paths` alone (exact, without query).
  http_service* http = nullptr;
  client_service* clients = nullptr;
  std::vector<std::string> websocket_paths;

  // For browsers: CORS answers and the upgrade's Origin. "*" allows any; a request without Origin
  // is not a browser's and is served.
  std::vector<std::string> allowed_origins;

  connection_limits limits;
  // Required. Listeners may share one.
  std::shared_ptr<connection_budget> budget;
  // Writes the JSON text that goes with each WebSocket PING; none where empty. Thread: any.
  std::function<std::string(time_ms now)> heartbeat_text;
};

// An open port: HTTP/1.1 and WebSocket.
// Thread: any, but not an I/O thread where it says "Blocks".
class listener {
 public:
  // Errors: io, naming host and port (taken, not ours, no such host).
  // Lifetime: pool, registry and the services outlive the listener.
  static result<std::unique_ptr<listener>> open(io_pool& pool, listener_options options,
                                                metrics::registry& registry);
  // Ends every connection at once. Blocks: until the services are not used any more.
  ~listener();
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  std::uint16_t port() const noexcept;

  // No new connections; those that are open are served on, HTTP answers say `Connection: close`,
  // upgrades get 503 not_ready.
  void stop_accepting();
  // Implies stop_accepting(). Each WebSocket gets its own reason and a close frame behind what it
  // has queued; HTTP connections end with the answer they are in. `reason` is called on the I/O
  // threads, one call at a time.
  void close_all(close_code code, std::function<std::string()> reason);
  // WebSocket connections, and connections of every kind, as of now.
  std::size_t sessions() const noexcept;
  std::size_t connections() const noexcept;
  // True once no connection is left. Blocks: at most `deadline`.
  bool wait_until_empty(std::chrono::milliseconds deadline);
  // Implies stop_accepting(). Ends what is left, without a word.
  void abort_all();

 private:
  struct impl;
  explicit listener(std::shared_ptr<impl> open_one);
  std::shared_ptr<impl> impl_;
};

} // namespace tradepulse::web
