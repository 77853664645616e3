#pragma once

#include <string>
#include <vector>

namespace tradepulse {

struct journal_trim_options {
  std::string config;
  std::vector<std::string> overrides;
  bool dry_run = false; // says what would go
};

// Takes away, now, what `serve` takes away once an hour: for where its role does not own the
// journal, and for who wants to see first what goes.
int run_journal_trim(const journal_trim_options& options);

} // namespace tradepulse
