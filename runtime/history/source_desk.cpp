#include "runtime/history/source_desk.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <pthread.h>

#include "actors/supervision/backoff.hpp"
#include "protocol/log.hpp"

namespace tradepulse {
namespace {

bool may_pass(errc code) {
  return code == errc::database_unavailable || code == errc::database_busy;
}

error stopping() {
  return {errc::not_ready, "this server is stopping"};
}

} // namespace

bool waits_for_commit(const source_query& query, const source_page& page,
                      const source_published& published) {
  const auto end = page.more ? page.klines.back().number : query.through;
  if (published.earlier_waits &&
      static_cast<std::int64_t>(page.klines.size()) < end - query.after)
    return true;
  const bool whole = !page.klines.empty() && page.klines.back().number == query.through;
  return !page.more && !page.above && !whole && page.committed < published.newest;
}

source_desk::source_desk(source_desk_options options, metrics::registry& registry)
    : options_(std::move(options)),
      queries_(registry.make_counter("tradepulse_missed_klines_queries_total",
                                     "Questions for klines by upstream's numbers")),
      reads_(registry.make_counter("tradepulse_missed_klines_reads_total",
                                   "Reads for them; one may answer many questions")),
      errors_(registry.make_counter("tradepulse_missed_klines_errors_total",
                                    "Reads for them that failed")),
      seconds_(registry.make_histogram("tradepulse_missed_klines_read_seconds",
                                       "What a read for them took, failed ones included")) {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "missed-klines");
}

source_desk::~source_desk() {
  stop();
}

void source_desk::read(source_query query, source_published published, source_answer then) {
  queries_.add();
  if (!options_.not_kept.empty())
    return then(error{errc::unsupported, options_.not_kept});
  const auto now = clock::now();
  std::optional<error> refused;
  {
    std::lock_guard lock(mutex_);
    if (closing_)
      refused = stopping();
    else if (waiting_.size() >= options_.most_waiting)
      refused = error{errc::database_busy, std::to_string(options_.most_waiting) +
                                               " questions for missed klines wait already "
                                               "(limits.recoveries)"};
    else
      waiting_.push_back({query, published, std::move(then), now, now});
  }
  if (refused)
    return then(std::move(*refused));
  changed_.notify_all();
}

void source_desk::close() {
  questions left;
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    left.swap(waiting_);
  }
  changed_.notify_all();
  for (const auto& each : left)
    each.then(stopping());
}

void source_desk::stop() {
  close();
  if (!thread_.joinable())
    return;
  options_.cut();
  thread_.join();
}

void source_desk::run() {
  const auto store = options_.make_store();
  const auto card =
      options_.card ? options_.card : std::make_shared<actor_card>("history_reader", "klines");
  backoff pauses(options_.retry_min, options_.retry_max);
  for (;;) {
    card->set_state("idle");
    auto asked = take();
    if (asked.empty())
      return;
    card->set_state("reading " + asked.front().query.symbol.str());
    const auto page = ask(*store, asked.front().query);
    if (page) {
      pauses.reset();
      settle(std::move(asked), page);
      continue;
    }
    card->set_error(page.failure().detail);
    if (!may_pass(page.failure().code)) {
      settle(std::move(asked), page);
      continue;
    }
    log::warning("missed_klines_read_failed", {{"error", page.failure().detail}});
    const auto again = clock::now() + pauses.next();
    {
      std::lock_guard lock(mutex_);
      paused_until_ = again; // all others would meet the same database
    }
    put_back(std::move(asked), again);
  }
}

source_desk::questions source_desk::take() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (closing_)
      return {};
    auto over = overdue();
    if (!over.empty()) {
      const error why = unwell_.value_or(
          error{errc::database_busy, "too many missed klines are asked for: no turn came within "
                                     "recovery.timeout"});
      lock.unlock();
      for (const auto& each : over)
        each.then(why);
      lock.lock();
      continue;
    }
    const auto next = std::ranges::min_element(waiting_, {}, &waiting::not_before);
    const auto due =
        next == waiting_.end() ? paused_until_ : std::max(next->not_before, paused_until_);
    if (next != waiting_.end() && due <= clock::now()) {
      questions out;
      const auto query = next->query;
      out.splice(out.end(), waiting_, next);
      for (auto at = waiting_.begin(); at != waiting_.end();)
        if (const auto same = at++; same->query == query)
          out.splice(out.end(), waiting_, same);
      return out;
    }
    if (next == waiting_.end()) {
      changed_.wait(lock);
      continue;
    }
    const auto oldest = std::ranges::min_element(waiting_, {}, &waiting::asked);
    changed_.wait_until(lock, std::min(due, oldest->asked + options_.patience));
  }
}

source_desk::questions source_desk::overdue() {
  const auto since = clock::now() - options_.patience;
  questions out;
  for (auto at = waiting_.begin(); at != waiting_.end();)
    if (const auto one = at++; one->asked <= since)
      out.splice(out.end(), waiting_, one);
  return out;
}

result<source_page> source_desk::ask(source_store& store, const source_query& query) {
  reads_.add();
  const auto began = clock::now();
  auto page = [&]() -> result<source_page> {
    try {
      return store.read(query);
    } catch (const std::exception& e) {
      return error{errc::internal, std::string("reading missed klines: ") + e.what()};
    }
  }();
  seconds_.observe(std::chrono::duration<double>(clock::now() - began).count());
  if (!page)
    errors_.add();
  std::lock_guard lock(mutex_);
  unwell_ = page ? std::nullopt : std::optional(page.failure());
  return page;
}

void source_desk::put_back(questions what, clock::time_point not_before) {
  for (auto& each : what)
    each.not_before = not_before;
  bool closed = false;
  {
    std::lock_guard lock(mutex_);
    closed = closing_;
    if (!closed)
      waiting_.splice(waiting_.begin(), what);
  }
  if (closed)
    for (const auto& each : what)
      each.then(stopping());
}

void source_desk::settle(questions asked, const result<source_page>& page) {
  const auto now = clock::now();
  questions later;
  for (auto at = asked.begin(); at != asked.end();) {
    const auto one = at++;
    if (page && waits_for_commit(one->query, *page, one->published) &&
        now < one->asked + options_.commit_patience)
      later.splice(later.end(), asked, one);
    else
      one->then(page);
  }
  if (!later.empty())
    put_back(std::move(later), now + options_.commit_look);
}

} // namespace tradepulse
