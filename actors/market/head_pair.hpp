#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "protocol/price_snapshot.hpp"

namespace tradepulse {

// Makes the heads of one stream, each immutable while anybody but this pair can see it. The
// last but one is written over when its last reader has let it go, which is nearly always: so a
// stream at work takes no memory for each batch.
// Thread: one at a time; readers of what it made are anywhere.
template <class Head> // stream_head, price_snapshot
class head_pair {
 public:
  std::shared_ptr<const Head> next(const Head& now) {
    std::swap(newer_, older_);
    // One owner: this. Nobody can become another, because it is not published any more.
    if (newer_ && newer_.use_count() == 1) {
      std::atomic_thread_fence(std::memory_order_acquire); // behind the last look of its readers
      *newer_ = now;
    } else {
      newer_ = std::make_shared<Head>(now);
    }
    return newer_;
  }
  void forget_older() noexcept { older_.reset(); }

 private:
  std::shared_ptr<Head> newer_;
  std::shared_ptr<Head> older_;
};

} // namespace tradepulse
