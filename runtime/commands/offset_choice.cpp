#include "runtime/commands/offset_choice.hpp"

namespace tradepulse {

using commands::offset_target;

bool asks_log(const offset_target& target, bool force) noexcept {
  return target.where != offset_target::place::at || !force;
}

result<next_offset> choose_offset(const topic_partition& source, const offset_target& target,
                                  bool force, const log_state& log) {
  switch (target.where) {
  case offset_target::place::earliest:
    return log.begin;
  case offset_target::place::latest:
    return next_offset(log.end.value());
  case offset_target::place::at:
    break;
  }
  if (!force && (target.offset < log.begin.value() || target.offset > log.end.value()))
    return error{errc::out_of_range,
                 source.to_string() + ": offset " + std::to_string(target.offset) +
                     " is outside the log, which reads from " + std::to_string(log.begin.value()) +
                     " to " + std::to_string(log.end.value()) +
                     "; use --force to store it all the same"};
  return next_offset(target.offset);
}

} // namespace tradepulse
