#include "adapters/web/web_metrics.hpp"

namespace tradepulse::web {
namespace {

constexpr std::array<std::string_view, 8> refusal_names{
    "connections", "address", "overflow", "origin", "path", "draining", "bad_request", "timeout"};
// Routes come from a closed set; this bounds a mistake.
constexpr std::size_t most_answer_series = 500;

metrics::labels of(const std::string& listener) {
  return {{"listener", listener}};
}

metrics::gauge& connections(metrics::registry& registry, const std::string& listener,
                            const char* kind) {
  return registry.make_gauge("tradepulse_web_connections", "Open connections by kind",
                             {{"listener", listener}, {"kind", kind}});
}

} // namespace

web_metrics::web_metrics(metrics::registry& registry, const std::string& listener)
    : registry_(registry), listener_(listener),
      http_connections(connections(registry, listener, "http")),
      websocket_connections(connections(registry, listener, "websocket")),
      accepted(registry.make_counter("tradepulse_web_accepted_total", "Accepted connections",
                                     of(listener))),
      accept_pauses(registry.make_counter("tradepulse_web_accept_pauses_total",
                                          "Pauses of accepting for want of descriptors or memory",
                                          of(listener))),
      messages_received(registry.make_counter("tradepulse_web_messages_received_total",
                                              "WebSocket text messages received", of(listener))),
      received_bytes(registry.make_counter("tradepulse_web_received_bytes_total",
                                           "Bytes received from WebSockets", of(listener))),
      sent_bytes(registry.make_counter("tradepulse_web_sent_bytes_total",
                                       "Bytes sent to WebSockets", of(listener))),
      send_calls(registry.make_counter("tradepulse_web_send_calls_total",
                                       "System calls that sent to WebSockets", of(listener))),
      refused_pushes(registry.make_counter("tradepulse_web_refused_pushes_total",
                                           "Bursts refused by a full outbound queue",
                                           of(listener))),
      http_seconds_(registry.make_histogram("tradepulse_http_request_seconds",
                                            "From the whole request to the last byte of its answer",
                                            of(listener))) {
  for (std::size_t i = 0; i < refusal_names.size(); ++i)
    refused_[i] = &registry.make_counter(
        "tradepulse_web_refused_total", "Connections and upgrades that were not served",
        {{"listener", listener}, {"reason", std::string(refusal_names[i])}});
  const auto closes = [&](std::string code) {
    return &registry.make_counter("tradepulse_web_closes_total", "Ended WebSockets by close code",
                                  {{"listener", listener}, {"code", std::move(code)}});
  };
  for (const auto& entry : all_close_codes()) {
    const auto code = static_cast<std::uint16_t>(entry.code);
    closed_[code] = closes(std::to_string(code));
  }
  closed_[abnormal_closure] = closes(std::to_string(abnormal_closure));
  closed_other_ = closes("other");
}

metrics::counter& web_metrics::refused(refusal why) noexcept {
  return *refused_[static_cast<std::size_t>(why)];
}

metrics::counter& web_metrics::closed(std::uint16_t code) noexcept {
  const auto found = closed_.find(code);
  return found == closed_.end() ? *closed_other_ : *found->second;
}

void web_metrics::answered(std::string_view route, int status, double seconds) {
  http_seconds_.observe(seconds);
  std::lock_guard lock(mutex_);
  auto key = std::make_pair(std::string(route), status);
  auto found = answered_.find(key);
  if (found == answered_.end()) {
    if (answered_.size() >= most_answer_series)
      key.first = "other";
    auto& made = registry_.make_counter(
        "tradepulse_http_requests_total", "HTTP requests by route and status",
        {{"listener", listener_}, {"route", key.first}, {"status", std::to_string(status)}});
    found = answered_.emplace(std::move(key), &made).first;
  }
  found->second->add();
}

} // namespace tradepulse::web
