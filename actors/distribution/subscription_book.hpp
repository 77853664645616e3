#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "actors/distribution/subscriber.hpp"

namespace tradepulse {

// Who is connected to one I/O thread, and who of them wants which stream.
// Thread: the I/O thread.
class subscription_book {
 public:
  void attach(std::unique_ptr<subscriber> made) { connections_[made->id] = std::move(made); }
  // Requires: it has no subscriptions.
  void detach(connection_id id) { connections_.erase(id); }
  // Null where it is gone.
  subscriber* find(connection_id id) const;
  subscription* find(connection_id id, stream_index index) const;

  // Requires: it has none of this stream.
  subscription& add(subscriber& to, stream_index index, const stream_key& stream,
                    std::uint64_t group);
  void remove(subscription& gone);

  std::vector<subscription*>& of(stream_index index);
  std::size_t connections() const noexcept { return connections_.size(); }

 private:
  std::unordered_map<connection_id, std::unique_ptr<subscriber>> connections_;
  std::vector<std::vector<subscription*>> streams_; // by stream_index
};

} // namespace tradepulse
