#pragma once

#include "actors/messages.hpp"

namespace tradepulse {

// What the delivery table tells the owner of a connection. Must not block.
class connection_owner {
 public:
  virtual ~connection_owner() = default;
  virtual void tell(events_diverted what) = 0;
  virtual void tell(move_diverted what) = 0;
  virtual void tell(handed_back what) = 0;
  virtual void tell(control_refused what) = 0;
  virtual void tell(recovery_failed what) = 0;
};

} // namespace tradepulse
