#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "actors/ingest/log_identity.hpp"

namespace tradepulse {

// Keeps in mind what a partition's log has to look like, from a claim to the end of reading under
// it. Pure: what is asked and what is answered go through its owner.
class log_watch {
 public:
  // A claim begins: what it says is what counts.
  void claimed(const claimed_partition& grant);

  // The record that the log has to have: at a claim the one that was applied last.
  const std::optional<applied_record>& applied_last() const noexcept { return grant_.last_applied; }
  log_verdict judge(const log_state& log, start_policy start);

  // --- while it is read ---
  void reading();
  void dispatched(const std::optional<applied_record>& last) { latest_ = last; }
  // The record to ask for now: the one that was dispatched last at the question before. Absent:
  // nothing to compare yet.
  std::optional<applied_record> question();
  // Why the log is another one than was read; absent: it is the same, or nothing says otherwise.
  // A claim has to follow: its judge() knows of it.
  std::optional<std::string> compare(const applied_record& expected, const log_state& log);

  // With the claim's streams left out.
  const claimed_partition& grant() const noexcept { return grant_; }
  const std::string& cluster_id() const noexcept { return cluster_id_; }

 private:
  claimed_partition grant_;
  std::string cluster_id_;
  std::optional<applied_record> latest_;          // dispatched last
  std::optional<applied_record> remembered_;      // latest_ at the question before
  std::optional<applied_record> next_remembered_; // latest_ at the question under way
  struct change {
    epoch epoch_floor{1};
    std::string why;
  };
  std::optional<change> seen_; // by compare(), not judged yet
};

} // namespace tradepulse
