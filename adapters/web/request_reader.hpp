#pragma once

// Private to adapters/web.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "adapters/web/limits.hpp"
#include "adapters/web/refused_request.hpp"

namespace tradepulse::web {

// The head of a request, as far as anybody asks for it. Valid until the next request is begun; of
// a head that could not be read it says nothing.
struct request_view {
  std::string_view method;
  std::string_view target;
  std::string_view host;
  std::string_view origin;
  std::string_view authorization;
  std::string_view content_type;
  std::string_view websocket_key;
  bool head_only = false;       // HEAD
  bool asks_for_rules = false;  // OPTIONS
  bool old_client = false;      // HTTP/1.0
  bool keep_alive = false;      // what the client wishes
  bool expects_go_on = false;   // Expect: 100-continue
  bool wants_websocket = false; // Connection and Upgrade say so
  std::optional<refused_request> wrong_upgrade;
};

// Finds the requests in the bytes of a connection, one at a time, and judges their heads: the one
// place that knows Beast's HTTP parser, where it is too lenient and what it does not bound.
// Guarantees: what is buffered is bounded by the limits of one request and one read.
class request_reader {
 public:
  enum class step : std::uint8_t {
    more,    // read on
    head,    // the head is there and is fine; comes once, before the body is looked at
    whole,   // the request is there
    refused, // see refused(); nothing can be read behind it
  };

  explicit request_reader(const connection_limits& limits);
  ~request_reader();
  request_reader(const request_reader&) = delete;
  request_reader& operator=(const request_reader&) = delete;

  // Begins the next request; what came behind the one before is kept.
  void begin();
  // Where bytes from the socket go, and how many have come there.
  std::span<char> room();
  void received(std::size_t count);
  // Not a byte is here that was not looked at yet; an empty line before a request is none.
  bool drained() const noexcept;

  step advance();

  const request_view& request() const noexcept;
  const refused_request& refused() const noexcept;
  std::string take_body();
  // What came behind the request.
  std::string rest() const;

 private:
  struct state;
  const std::unique_ptr<state> state_;
};

} // namespace tradepulse::web
