#include "runtime/history/history_desk.hpp"

#include <algorithm>
#include <utility>

#include <pthread.h>

#include "protocol/log.hpp"

namespace tradepulse {
namespace {

using clock = std::chrono::steady_clock;

} // namespace

bool history_desk::may_pass(errc code) noexcept {
  return code == errc::database_unavailable || code == errc::database_busy;
}

error history_desk::stopping() {
  return {errc::not_ready, "this server is stopping"};
}

void history_desk::overdue_questions::answer(const error& why) const {
  for (const auto& each : events)
    each.then(why);
  for (const auto& each : lookups)
    each.lookup.answer(why);
}

history_desk::counters::counters(metrics::registry& registry)
    : queries(registry.make_counter("tradepulse_history_queries_total",
                                    "Questions for events of the journal")),
      reads(registry.make_counter("tradepulse_history_reads_total",
                                  "Pages read; one may answer many questions")),
      events(registry.make_counter("tradepulse_history_events_total",
                                   "Events in the pages that were read")),
      errors(registry.make_counter("tradepulse_history_errors_total", "Reads that failed")),
      refused(registry.make_counter("tradepulse_history_refused_total",
                                    "Questions beyond limits.recoveries")),
      unanswered(registry.make_gauge("tradepulse_history_waiting", "Questions without an answer")),
      seconds(registry.make_histogram("tradepulse_history_read_seconds",
                                      "What reading a page took, failed reads included")) {}

history_desk::history_desk(history_desk_options options, metrics::registry& registry)
    : options_(std::move(options)), counted_(registry), queue_(options_.most_waiting),
      recent_(options_.most_kept_events, options_.keep_pages) {
  for (std::size_t i = 0; i < options_.readers; ++i) {
    threads_.emplace_back([this, i] { run(i); });
    pthread_setname_np(threads_.back().native_handle(), ("history-" + std::to_string(i)).c_str());
  }
}

history_desk::~history_desk() {
  stop();
}

void history_desk::read(history_query query, history_answer then) {
  counted_.queries.add();
  if (auto why = options_.not_kept ? options_.not_kept(query.kind) : std::string{}; !why.empty())
    return then(error{errc::unsupported, std::move(why)});
  const auto now = clock::now();
  const bool in_line = query.waits_since.has_value();
  const auto since = query.waits_since.value_or(now);
  waiting one{std::move(query), std::move(then), since + options_.patience, in_line};
  bool closed = false;
  std::optional<error> over; // while it stood in line
  recent_pages::page_ptr known;
  {
    std::lock_guard lock(mutex_);
    closed = closing_;
    known = closed ? nullptr : recent_.find(one.query, now);
    if (!known && in_line && std::max(one.deadline, end_in_line()) <= now)
      over = unwell_;
    if (!closed && !known && !over && !is_full() && queue_.add(one)) {
      show_unanswered();
      changed_.notify_all(); // a reader that pauses would let a single call go by
      return;
    }
  }
  if (closed)
    return one.then(stopping());
  if (known)
    return one.then(std::move(known));
  if (over)
    return one.then(std::move(*over));
  counted_.refused.add();
  one.then(full());
}

void history_desk::close() {
  overdue_questions left;
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    left = {queue_.all(), lookups_.all()};
    show_unanswered();
  }
  changed_.notify_all();
  left.answer(stopping());
}

void history_desk::stop() {
  close();
  if (threads_.empty())
    return;
  options_.cut();
  for (auto& each : threads_)
    each.join();
  threads_.clear();
}

void history_desk::succeeded(history_queue::batch read, history_page page) {
  for (const auto& each : page.bursts)
    counted_.events.add(each->count());
  const auto shared = std::make_shared<const history_page>(std::move(page));
  {
    std::lock_guard lock(mutex_);
    unwell_.reset();
    last_answer_ = clock::now();
    recent_.add(read, shared, last_answer_);
  }
  answer(read, shared);
}

bool history_desk::failed(history_queue::batch read, const error& why) {
  bool closed = false;
  overdue_questions over;
  {
    std::lock_guard lock(mutex_);
    closed = closing_;
    unwell_ = why;
    if (!may_pass(why.code))
      last_answer_ = clock::now();
    if (may_pass(why.code) && !closed) {
      queue_.put_back(std::move(read), end_in_line());
      over = expired();
      changed_.notify_all();
    }
  }
  if (!closed)
    log::warning("history_read_failed", {{"error", why.detail}});
  if (may_pass(why.code) && !closed) {
    over.answer(why);
    return true;
  }
  answer(read, closed ? stopping() : why);
  return false;
}

// The stream is not read again before all have their answers: what they ask next becomes one read.
void history_desk::answer(const history_queue::batch& read,
                          const result<std::shared_ptr<const history_page>>& with) {
  {
    std::lock_guard lock(mutex_);
    queue_.answered(read);
    show_unanswered();
  }
  for (const auto& each : read.members)
    each.then(with);
  std::lock_guard lock(mutex_);
  queue_.done(read);
  changed_.notify_all();
}

history_desk::overdue_questions history_desk::overdue() {
  const auto now = clock::now();
  if (now < next_look_)
    return {};
  next_look_ = now + std::chrono::seconds{1};
  return expired();
}

history_desk::overdue_questions history_desk::expired() {
  const auto now = clock::now();
  overdue_questions out{queue_.expired(now, end_in_line()), lookups_.expired(now)};
  show_unanswered();
  return out;
}

void history_desk::show_unanswered() {
  counted_.unanswered.set(static_cast<std::int64_t>(queue_.unanswered() + lookups_.unanswered()));
}

} // namespace tradepulse
