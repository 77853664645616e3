#include <utility>

#include "tests/simulation/database.hpp"

// What goes wrong with a server: a commit that it goes on with alone, commits that are lost with
// it, rows that it refuses.
namespace tradepulse::simulation {

void database::leave_floating(transaction what) {
  const auto source = what.head.source;
  floating_.insert_or_assign(source, std::move(what));
}

void database::settle_floating(const topic_partition& source) {
  const auto found = floating_.find(source);
  if (found == floating_.end())
    return;
  if (dice_.in(2))
    commit(found->second);
  floating_.erase(source);
}

void database::fail_over() {
  ++server_;
  floating_.clear();
  for (auto lost = dice_.between(0, static_cast<std::int64_t>(undo_.size())); lost > 0; --lost) {
    undo_.back()();
    undo_.pop_back();
  }
  found_.happened("another server");
}

bool database::refused(const stream_key& stream) {
  const auto found = refusals_.find(stream);
  if (found == refusals_.end()) {
    if (dice_.percent(rates.refused_rows))
      refusals_[stream] = static_cast<int>(dice_.between(1, 4));
    else
      return false;
  }
  auto& left = refusals_[stream];
  if (--left == 0)
    refusals_.erase(stream);
  return true;
}

} // namespace tradepulse::simulation
