#include "actors/ingest/log_end.hpp"

#include <utility>

namespace tradepulse {

void log_end::claimed() {
  asked_.reset();
  ahead_.reset();
}

std::optional<record_offset> log_end::question(next_offset read) {
  if (!end_ || asked_ || is_reached(read) || (ahead_ && read.value() <= ahead_->value()))
    return std::nullopt;
  asked_ = record_offset{read.value()};
  return asked_;
}

void log_end::answered(const result<log_state>& log) {
  const auto from = std::exchange(asked_, std::nullopt);
  // A log that has lost what the claim saw is not judged here: its reader will find that out.
  if (!from || !end_ || !log || log->begin.value() > from->value() || log->end < *end_)
    return;
  if (log->first_from && log->first_from->value() < end_->value())
    ahead_ = log->first_from;
  else
    end_ = high_watermark{from->value()};
}

} // namespace tradepulse
