#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "protocol/client_messages.hpp"

namespace tradepulse {

// What one request cannot be given: the first symbols are named, the rest is counted. Otherwise a
// message of 64 KB would be answered by megabytes of errors, and its sender be slow through no
// fault of its own.
class request_refusals {
 public:
  static constexpr std::size_t max_named = 16;

  // `describe`: makes the text; asked only where it is named.
  template <class Describe>
  void add(errc code, Describe&& describe) {
    if (count_++ < max_named)
      named_.push_back({code, std::forward<Describe>(describe)()});
    last_ = code;
  }

  // In the order of the symbols, the count last.
  std::vector<refused_member> take() {
    if (count_ > max_named)
      named_.push_back({last_, std::to_string(count_ - max_named) +
                                   " more symbols were refused as well; the first " +
                                   std::to_string(max_named) + " were named"});
    return std::move(named_);
  }

 private:
  std::vector<refused_member> named_;
  std::size_t count_ = 0;
  errc last_ = errc::bad_request;
};

} // namespace tradepulse
