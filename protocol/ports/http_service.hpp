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

struct http_response;
// Gives a request its answer. Thread: any, also after the client has gone or the listener was
// closed, but not after the end of its I/O threads. The first call counts; where the last copy goes
// without a call the client gets a 500.
using http_answer = std::function<void(http_response&&)>;

struct http_response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // Long answers: called until it returns false, each call appends a slice; sent chunked, each
  // slice when the socket has taken the one before. `body` then is the first slice.
  std::function<bool(std::string& out)> more;
  // An answer that is not known yet: called once, at once, and gets what gives the answer later;
  // all else in here is not used then. The connection waits without a deadline: whoever answers
  // keeps one. That answer has no `later` of its own.
  std::function<void(http_answer answer)> later;
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
