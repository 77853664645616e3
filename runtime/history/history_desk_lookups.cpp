// Look-ups at the desk: questions that are answered one by one.
#include <utility>

#include "protocol/log.hpp"
#include "runtime/history/history_desk.hpp"

namespace tradepulse {

using clock = std::chrono::steady_clock;

void history_desk::read(bar_query query, bar_answer then) {
  std::string about = "bars of ";
  if (!query.symbols.empty())
    about += query.symbols[0].str() + (query.symbols.size() > 1 ? ", ..." : "");
  auto kept = std::make_shared<bar_page>();
  look_up({[kept, query = std::move(query)](history_store& store) -> result<void> {
             auto page = store.read_bars(query);
             if (!page)
               return page.failure();
             *kept = std::move(*page);
             return {};
           },
           [kept, then = std::move(then)](const result<void>& done) {
             if (!done)
               return then(done.failure());
             then(std::move(*kept));
           },
           std::move(about)});
}

void history_desk::look_up(history_lookup question) {
  counted_.queries.add();
  lookup_queue::waiting one{std::move(question), clock::now() + options_.patience};
  bool closed = false;
  {
    std::lock_guard lock(mutex_);
    closed = closing_;
    if (!closed && !is_full()) {
      lookups_.add(std::move(one));
      show_unanswered();
      changed_.notify_all();
      return;
    }
  }
  if (closed)
    return one.lookup.answer(stopping());
  counted_.refused.add();
  one.lookup.answer(full());
}

// There is room for what it asks next.
void history_desk::succeeded(const lookup_queue::waiting& one) {
  {
    std::lock_guard lock(mutex_);
    unwell_.reset();
    last_answer_ = clock::now();
    lookups_.answered();
    show_unanswered();
  }
  one.lookup.answer({});
}

bool history_desk::failed(lookup_queue::waiting one, const error& why) {
  bool closed = false;
  const bool later = may_pass(why.code);
  overdue_questions over;
  {
    std::lock_guard lock(mutex_);
    closed = closing_;
    unwell_ = why;
    if (!later)
      last_answer_ = clock::now();
    if (later && !closed) {
      lookups_.put_back(std::move(one));
      over = expired();
      changed_.notify_all();
    } else {
      lookups_.answered();
      show_unanswered();
    }
  }
  if (closed) {
    one.lookup.answer(stopping());
    return false;
  }
  log::warning("history_read_failed", {{"error", why.detail}});
  over.answer(why);
  if (!later)
    one.lookup.answer(why);
  return later;
}

// In turn with the pages of events.
bool history_desk::lookup_is_next() {
  if (!lookups_.has_work() || !queue_.has_work())
    return lookups_.has_work();
  lookups_turn_ = !lookups_turn_;
  return lookups_turn_;
}

bool history_desk::is_full() const {
  return queue_.unanswered() + lookups_.unanswered() >= options_.most_waiting;
}

error history_desk::full() const {
  return {errc::database_busy, std::to_string(options_.most_waiting) +
                                   " questions for history wait already (limits.recoveries)"};
}

} // namespace tradepulse
