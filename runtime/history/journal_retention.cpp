#include "runtime/history/journal_retention.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "adapters/postgres/journal_tables.hpp"
#include "protocol/log.hpp"

namespace tradepulse {
namespace {

// The database will do it later, without anybody.
bool passes(const error& why) {
  return why.code == errc::database_unavailable || why.code == errc::database_busy;
}

} // namespace

journal_retention::journal_retention(journal_retention_options options, metrics::registry& registry)
    : options_(std::move(options)),
      failures_(registry.make_counter("tradepulse_journal_retention_failures_total",
                                      "Runs of journal.retention that did not come to their end")) {
  for (const auto& journal : journals()) {
    const std::string kind(journal.word);
    kinds_.emplace(
        kind,
        kind_metrics{
            registry.make_counter("tradepulse_journal_leaves_dropped_total",
                                  "Days of the journal that this process has taken away",
                                  {{"stream", kind}}),
            registry.make_gauge("tradepulse_journal_oldest_day_timestamp_seconds",
                                "Start of the oldest day that the journal keeps, by the last run; "
                                "0: none is known",
                                {{"stream", kind}})});
  }
}

journal_retention::~journal_retention() {
  stop();
  if (thread_.joinable())
    thread_.join();
}

void journal_retention::begin() {
  std::lock_guard lock(mutex_);
  if (!options_.trim || stopping_ || thread_.joinable())
    return;
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "retention");
}

void journal_retention::stop() {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true))
      return;
  }
  changed_.notify_all();
  if (options_.cut)
    options_.cut();
}

void journal_retention::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const auto pause = run_once();
    lock.lock();
    changed_.wait_for(lock, pause, [this] { return stopping_; });
  }
}

std::chrono::milliseconds journal_retention::run_once() {
  const auto done = options_.trim(options_.now());
  count(done);
  if (done.failures.empty())
    return options_.interval;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) // cut by ourselves
      return options_.interval;
  }
  failures_.add();
  const auto pause =
      std::ranges::any_of(done.failures, passes) ? options_.retry : options_.interval;
  for (const auto& why : done.failures) {
    if (passes(why))
      log::warning("journal_retention_waits",
                   {{"error", why.detail}, {"retry_ms", pause.count()}});
    else
      log::error("journal_retention_failed",
                 {{"error", why.detail}, {"retry_ms", pause.count()}});
  }
  return pause;
}

void journal_retention::count(const journal_trim& done) {
  for (const auto& leaf : done.gone) {
    kinds_.at(leaf.stream).dropped.add();
    log::info("journal_leaf_dropped", {{"leaf", leaf.name}});
  }
  for (const auto& leaf : done.given_back)
    log::info("journal_leaf_given_back", {{"leaf", leaf.name}});
  for (const auto& left : done.left)
    kinds_.at(left.stream)
        .oldest_day.set(left.oldest ? std::chrono::seconds{left.oldest->time_since_epoch()}.count()
                                    : 0);
}

} // namespace tradepulse
