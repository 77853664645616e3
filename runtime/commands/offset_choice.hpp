#pragma once

#include "protocol/identifiers.hpp"
#include "protocol/ports/log_inspector.hpp"
#include "protocol/result.hpp"
#include "runtime/commands/values.hpp"

namespace tradepulse {

// Whether the log must be asked before a position is chosen: not for a number that is forced.
bool asks_log(const commands::offset_target& target, bool force) noexcept;

// The position that `offsets set` means. A number outside the log would stop the partition at its
// next claim, so it is refused unless forced. `log` is looked at only where asks_log().
// Errors: out_of_range, naming the log's bounds.
result<next_offset> choose_offset(const topic_partition& source,
                                  const commands::offset_target& target, bool force,
                                  const log_state& log);

} // namespace tradepulse
