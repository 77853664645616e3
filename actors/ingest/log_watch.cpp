#include "actors/ingest/log_watch.hpp"

#include <utility>

namespace tradepulse {

void log_watch::claimed(const claimed_partition& grant) {
  grant_ = {grant.source,       grant.gen,        grant.next,
            grant.epoch_floor,  grant.cluster_id, grant.last_applied,
            grant.journal_time, grant.watermark,  {}};
}

log_verdict log_watch::judge(const log_state& log, start_policy start) {
  cluster_id_ = log.cluster_id.empty() ? grant_.cluster_id : log.cluster_id;
  auto verdict = judge_log(grant_, log, start);
  // What was read of the new log before compare() saw it may be committed by now, and that record
  // matches. A raised floor says that somebody has dealt with it: the operator's command.
  if (auto seen = std::exchange(seen_, {}); seen && seen->epoch_floor == grant_.epoch_floor &&
                                            verdict.what != log_verdict::kind::replaced)
    verdict = {log_verdict::kind::replaced, log.begin, 0, seen->why};
  return verdict;
}

void log_watch::reading() {
  latest_ = grant_.last_applied;
  remembered_.reset();
}

std::optional<applied_record> log_watch::question() {
  next_remembered_ = latest_;
  if (!remembered_)
    remembered_ = latest_;
  else
    return remembered_;
  return std::nullopt;
}

std::optional<std::string> log_watch::compare(const applied_record& expected,
                                              const log_state& log) {
  const std::string record = "record " + std::to_string(expected.offset.value());
  std::string why;
  if (log.digest && *log.digest != expected.digest)
    why = record + " became another one while it was read";
  else if (log.end.value() <= expected.offset.value())
    why = record + " lies behind the end of the log";
  else if (!cluster_id_.empty() && !log.cluster_id.empty() && log.cluster_id != cluster_id_)
    why = "its cluster became " + log.cluster_id;
  if (why.empty()) {
    remembered_ = next_remembered_;
    return std::nullopt;
  }
  seen_ = {grant_.epoch_floor, why};
  return why;
}

} // namespace tradepulse
