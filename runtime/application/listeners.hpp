#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adapters/web/io_pool.hpp"
#include "adapters/web/listener.hpp"
#include "protocol/metrics.hpp"
#include "runtime/config/settings.hpp"
#include "runtime/rest/services.hpp"

namespace tradepulse {

// Every open port of the process, as configured.
class listeners {
 public:
  // Errors: io, naming host, port and the option that changes it.
  static result<std::unique_ptr<listeners>> open(web::io_pool& pool,
                                                 const config::settings& settings,
                                                 const rest_parts& routes, client_service& clients,
                                                 metrics::registry& registry);

  // Clients are told (1012, each with a retry_after_ms of its own); operators are served on.
  void send_clients_away(const config::shutdown_settings& how);
  bool wait_until_empty(std::chrono::steady_clock::time_point deadline);
  void close_all();

 private:
  struct open_port {
    std::unique_ptr<rest_service> http;
    std::unique_ptr<web::listener> port;
    bool for_clients = false;
  };
  std::vector<open_port> ports_;
};

} // namespace tradepulse
