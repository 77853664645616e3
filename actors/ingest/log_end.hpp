#pragma once

#include <optional>

#include "protocol/ports/log_inspector.hpp"
#include "protocol/result.hpp"

namespace tradepulse {

// Where the log of a partition ended at its claim, until it has been read so far. The reader hands
// out records, and a log may end in what is none (markers of transactions, what compaction
// removed): then an inspector is asked whether one lies there. Pure, as log_watch is: what is asked
// and what is answered go through its owner.
class log_end {
 public:
  // A claim begins: what is asked and known of the log is of the one before.
  void claimed();
  void seen(high_watermark end) { end_ = end; }

  // False as well where the end was reached before.
  bool is_reached(next_offset read) const noexcept {
    return end_ && read.value() >= end_->value();
  }
  void reached() { end_.reset(); }

  // Nothing has come for a while. The offset from which on a record is looked for; absent: the end
  // is reached, an answer is still due, or it is known that one will come.
  std::optional<record_offset> question(next_offset read);
  void answered(const result<log_state>& log);

 private:
  std::optional<high_watermark> end_;
  std::optional<record_offset> asked_;
  std::optional<record_offset> ahead_; // a record that will be read before the end
};

} // namespace tradepulse
