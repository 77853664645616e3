#include "runtime/readiness.hpp"

namespace tradepulse {

void readiness::waiting_for(std::string_view what) {
  std::lock_guard lock(mutex_);
  waiting_ = what;
}

readiness::answer readiness::ask() const {
  answer out;
  out.reasons = health_.reasons();
  auto reason = [&](std::string key, std::string text) {
    out.reasons.emplace_back(std::move(key), std::move(text));
  };
  const auto missing = missing_topics ? missing_topics() : std::vector<std::string>{};
  for (const auto& topic : missing)
    reason("topic " + topic, "does not exist yet");
  if (draining) {
    reason("drain", "the process is stopping");
    out.status = "draining";
    return out;
  }
  const bool degraded = !out.reasons.empty();
  bool started = true;
  auto require = [&](bool met, const char* key, const char* text) {
    if (!met)
      reason(key, text);
    started = started && met;
  };
  require(listening, "listeners", "not open yet");
  require(schema_current, "schema", "not known to be current yet");
  require(restored, "symbols", "not restored yet");
  require(!missing.empty() || (group_joined && group_joined()), "group", "not joined yet");
  if (!started) {
    std::lock_guard lock(mutex_);
    if (!waiting_.empty())
      reason("waiting", waiting_);
    out.status = "starting";
    return out;
  }
  if (credit_stuck && credit_stuck()) {
    reason("credit", "used up, and nothing was committed for 30 s (ingest.credit_events)");
    out.status = "stuck";
    return out;
  }
  out.ready = true;
  out.status = degraded ? "degraded" : "ready";
  return out;
}

} // namespace tradepulse
