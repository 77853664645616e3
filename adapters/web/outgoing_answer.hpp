#pragma once

// Private to adapters/web.
#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "adapters/web/http_head.hpp"
#include "protocol/ports/http_service.hpp"

namespace tradepulse::web {

// The bytes of one HTTP answer, a slice at a time, in the order in which a socket takes them. Pure
// data: who writes, and when, is http_session's business.
class outgoing_answer {
 public:
  struct terms {
    bool head_only = false;  // the request was a HEAD
    bool old_client = false; // HTTP/1.0: no chunks
    bool keep_alive = true;
  };

  // Makes the head and takes the first slice. False where only the end of the connection can tell
  // the end of the body, or `how` says so already: then the connection ends behind the answer.
  bool begin(http_response response, terms how, const header_list& cors);

  // What has not been written of this slice.
  std::array<std::string_view, 2> left() const noexcept;
  void wrote(std::size_t count) noexcept { written_ += count; }
  bool slice_is_written() const noexcept { return written_ == head_.size() + body_.size(); }

  // Whether the service has more; and the next slice of it, which may be empty. Throws what the
  // service throws.
  bool has_more() const noexcept { return more_ != nullptr; }
  void next_slice();

  // Of the last answer, for metrics.
  std::string_view route() const noexcept { return route_; }
  int status() const noexcept { return status_; }
  // Gives the memory back.
  void clear();

 private:
  std::string head_; // also the prefix of a chunk
  std::string body_;
  std::size_t written_ = 0; // of both together
  std::function<bool(std::string&)> more_;
  bool chunked_ = false;
  std::string_view route_;
  int status_ = 0;
};

} // namespace tradepulse::web
