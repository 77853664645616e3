#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tradepulse {

struct http_request {
  std::string method; // "GET"
  std::string path;   // as sent, still percent-encoded, without the query
  std::string query;  // behind '?', still percent-encoded
  std::string authorization;
  std::string content_type;
  std::string body;
  std::string remote_address;
};

struct http_response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // Long answers: called until it returns false, each call appends a slice; sent chunked, each
  // slice when the socket has taken the one before. `body` then is the first slice.
  std::function<bool(std::string& out)> more;
  // The name of the route for metrics: a closed set ("/api/snapshots/{symbol}").
  std::string_view route = "other";
};

// Answers requests of one listener. Thread: its I/O threads; must not block.
class http_service {
 public:
  virtual ~http_service() = default;
  virtual http_response handle(const http_request& request) = 0;
};

} // namespace tradepulse
