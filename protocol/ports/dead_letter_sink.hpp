#pragma once

#include <functional>
#include <memory>
#include <string>

#include "protocol/record.hpp"
#include "protocol/reject_reason.hpp"
#include "protocol/result.hpp"

namespace tradepulse {

struct dead_letter {
  std::shared_ptr<const record_batch> batch; // keeps the record's bytes alive
  std::size_t index = 0;                     // of the record in it
  reject_reason reason = reject_reason::bad_json;
  std::string detail;
};

// Produces to `<topic>.dead-letter`: value, key and headers kept, headers tradepulse-reason,
// -detail, -topic, -partition, -offset added. A letter refused for its size is produced again with
// the value cut to 64 KB and the header tradepulse-truncated (the full length).
// Thread: any; the answer comes on the producer's thread, after the broker has confirmed or after
// 30 s without. Never blocks the caller.
class dead_letter_sink {
 public:
  virtual ~dead_letter_sink() = default;
  virtual void produce(dead_letter letter, std::function<void(result<void>)> then) = 0;
};

} // namespace tradepulse
