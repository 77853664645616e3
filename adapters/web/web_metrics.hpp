#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "protocol/error_codes.hpp"
#include "protocol/metrics.hpp"

namespace tradepulse::web {

// Why a connection or an upgrade was not served.
enum class refusal : std::uint8_t {
  connections, // the budget in all
  address,     // the budget of one address
  overflow,    // the budget, and too many to be told so
  origin,
  path,
  draining,
  bad_request,
  timeout, // nothing, or only a part of a request, within the deadline
};

// A connection that ended without a close frame of either side. No code of the registry: RFC 6455
// reserves it for exactly this, and never sends it.
inline constexpr std::uint16_t abnormal_closure = 1006;

// What one listener counts. Thread: any.
class web_metrics {
 public:
  web_metrics(metrics::registry& registry, const std::string& listener);

  metrics::counter& refused(refusal why) noexcept;
  // The registry's codes, 1006, and "other" for whatever else a peer may say.
  metrics::counter& closed(std::uint16_t code) noexcept;
  void answered(std::string_view route, int status, double seconds);

 private:
  metrics::registry& registry_;
  const std::string listener_;

 public:
  metrics::gauge& http_connections;
  metrics::gauge& websocket_connections;
  metrics::counter& accepted;
  metrics::counter& accept_pauses;
  metrics::counter& messages_received;
  metrics::counter& received_bytes;
  metrics::counter& sent_bytes;
  metrics::counter& send_calls;
  metrics::counter& refused_pushes;

 private:
  std::array<metrics::counter*, 8> refused_{};
  std::map<std::uint16_t, metrics::counter*> closed_;
  metrics::counter* closed_other_;
  metrics::latency_histogram& http_seconds_;
  std::mutex mutex_;
  std::map<std::pair<std::string, int>, metrics::counter*, std::less<>> answered_; // guarded
};

} // namespace tradepulse::web
