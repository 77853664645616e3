#include "runtime/application/listeners.hpp"

#include <random>

#include "adapters/web/connection_budget.hpp"
#include "protocol/native_dialect.hpp"
#include "runtime/application/adapter_options.hpp"

namespace tradepulse {
namespace {

using config::service;

// What the operator changes when a port is taken.
std::string option_for(const config::settings& settings, std::size_t index) {
  const auto& each = settings.listeners[index];
  if (each.key.empty())
    return "listeners[" + std::to_string(index) + "].port";
  return each.key;
}

std::string name_of(const config::listener_settings& each) {
  std::string out;
  for (const auto& name : each.serves_names)
    out += (out.empty() ? "" : "_") + name;
  return out;
}

} // namespace

result<std::unique_ptr<listeners>>
listeners::open(web::io_pool& pool, const config::settings& settings, const rest_parts& routes,
                client_service& clients, metrics::registry& registry) {
  auto out = std::make_unique<listeners>();
  auto client_budget = web::connection_budget::make(settings.limits.connections,
                                                    settings.limits.connections_per_address);
  // Of their own: a full client port must not hide /health.
  auto ops_budget = web::connection_budget::make(256, 0);
  for (std::size_t i = 0; i < settings.listeners.size(); ++i) {
    const auto& each = settings.listeners[i];
    open_port made;
    const bool websocket = each.serves(service::websocket);
    made.for_clients = websocket || each.serves(service::rest);
    made.http = std::make_unique<rest_service>(routes, each.serves(service::rest),
                                               each.serves(service::ops));
    web::listener_options options;
    options.name = name_of(each);
    options.host = each.host;
    options.port = each.port;
    options.http = made.http.get();
    options.clients = websocket ? &clients : nullptr;
    options.websocket_paths = each.websocket_paths;
    options.allowed_origins = settings.cors.origins;
    options.limits = web_limits(settings);
    options.budget = made.for_clients ? client_budget : ops_budget;
    options.heartbeat_text = [](time_ms now) {
      std::string text;
      native::append_ping(text, now);
      return text;
    };
    auto port = web::listener::open(pool, std::move(options), registry);
    if (!port)
      return error{port.failure().code,
                   port.failure().detail + "; " + option_for(settings, i) + " chooses another one"};
    made.port = std::move(*port);
    out->ports_.push_back(std::move(made));
  }
  return out;
}

void listeners::send_clients_away(const config::shutdown_settings& how) {
  for (auto& each : ports_) {
    if (!each.for_clients)
      continue;
    auto random = std::make_shared<std::mt19937_64>(std::random_device{}());
    each.port->close_all(close_code::service_restart, [random, how] {
      std::uniform_int_distribution<std::int64_t> pick(how.retry_after_min.count(),
                                                       how.retry_after_max.count());
      return R"({"retry_after_ms":)" + std::to_string(pick(*random)) + "}";
    });
  }
}

bool listeners::wait_until_empty(std::chrono::steady_clock::time_point deadline) {
  bool empty = true;
  for (auto& each : ports_) {
    if (!each.for_clients)
      continue;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    empty = each.port->wait_until_empty(std::max(left, std::chrono::milliseconds{0})) && empty;
  }
  return empty;
}

void listeners::close_all() {
  ports_.clear();
}

} // namespace tradepulse
