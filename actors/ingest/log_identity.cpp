#include "actors/ingest/log_identity.hpp"

namespace tradepulse {

log_verdict judge_log(const claimed_partition& stored, const log_state& log, start_policy start) {
  using kind = log_verdict::kind;
  const next_offset end{log.end.value()};
  if (!stored.next)
    return {kind::first_seen, start == start_policy::earliest ? log.begin : end, 0, {}};
  const next_offset next = *stored.next;
  auto replaced = [&](std::string why) {
    return log_verdict{kind::replaced, log.begin, 0, std::move(why)};
  };
  // A broker that does not say its cluster's id proves nothing.
  if (!stored.cluster_id.empty() && !log.cluster_id.empty() &&
      stored.cluster_id != log.cluster_id)
    return replaced("cluster id is " + log.cluster_id + ", was " + stored.cluster_id);
  if (end < next)
    return replaced("the log ends at " + std::to_string(end.value()) + ", below next_offset " +
                    std::to_string(next.value()));
  if (stored.last_applied && log.digest && *log.digest != stored.last_applied->digest)
    return replaced("record " + std::to_string(stored.last_applied->offset.value()) +
                    " is another one than was applied");
  if (log.begin > next)
    return {kind::expired, log.begin, log.begin.value() - next.value(), {}};
  if (stored.last_applied && !log.digest)
    return {kind::unverified, next, 0, {}};
  return {kind::proceed, next, 0, {}};
}

} // namespace tradepulse
