#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "protocol/event_burst.hpp"

namespace tradepulse {

// A `subscribe` whose answer is due when each of its streams has said where it stands.
struct join_request {
  std::uint64_t group = 0;
  std::string id;
  std::vector<stream_index> members;
  std::size_t open = 0; // streams that have not
};

// What one client is still to be told, in the order of its requests: an answer that is not ready or
// did not fit, and every one behind it. The bound is its owner's business: what it holds behind the
// oldest answer, of which one may be of any length.
class answer_queue {
 public:
  using frame = std::shared_ptr<const std::string>;
  using answer = std::variant<join_request, frame>;

  void add(join_request request);
  void add(frame answer);
  // One more stream of the request has answered. False: there is no such request.
  bool joined(std::uint64_t group);

  bool empty() const noexcept { return waiting_.empty(); }
  // Requires: !empty().
  const answer& oldest() const { return waiting_.front(); }
  void pop();
  void clear();

  std::size_t bytes_behind_oldest() const noexcept { return bytes_behind_oldest_; }

 private:
  void add(answer what);

  std::list<answer> waiting_;
  std::size_t bytes_behind_oldest_ = 0;
};

} // namespace tradepulse
