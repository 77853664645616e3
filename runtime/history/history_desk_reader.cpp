// What a thread that reads history does: waits for work, asks its store, and waits longer where
// that does not answer.
#include "runtime/history/history_desk.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "actors/supervision/backoff.hpp"
#include "protocol/log.hpp"

namespace tradepulse {
namespace {

using clock = std::chrono::steady_clock;

} // namespace

void history_desk::run(std::size_t reader) {
  const auto store = options_.make_store();
  const auto card = options_.make_card ? options_.make_card(reader)
                                       : std::make_shared<actor_card>("history_reader", "");
  backoff waits(options_.retry_min, options_.retry_max);
  for (;;) {
    std::optional<history_queue::batch> next;
    std::optional<lookup_queue::waiting> lookup;
    recent_pages::page_ptr known;
    overdue_questions over;
    error why{errc::database_busy, "too much history is asked for: no turn came within "
                                   "recovery.timeout"};
    card->queue_depth = 0;
    card->set_state("idle");
    {
      std::unique_lock lock(mutex_);
      wait_for_work(lock);
      if (closing_)
        return;
      over = overdue();
      why = unwell_.value_or(why);
      if (lookup_is_next())
        lookup = lookups_.take();
      else
        next = queue_.take();
      if (next)
        known = recent_.find(*next, clock::now());
    }
    over.answer(why);
    if (known) {
      answer(*next, std::move(known));
      continue;
    }
    std::optional<error> failure;
    bool later = false; // the database may answer then
    if (lookup) {
      card->queue_depth = 1;
      card->set_state("reading " + lookup->lookup.about);
      if (const auto done = ask(*store, lookup->lookup); done) {
        succeeded(*lookup);
      } else {
        failure = done.failure();
        card->set_error(failure->detail);
        later = failed(std::move(*lookup), *failure);
      }
    } else if (next) {
      card->queue_depth = next->members.size();
      card->set_state("reading " + next->stream.symbol.str());
      if (auto page = ask(*store, next->query); page) {
        succeeded(std::move(*next), std::move(*page));
      } else {
        failure = page.failure();
        card->set_error(failure->detail);
        later = failed(std::move(*next), *failure);
      }
    } else {
      continue;
    }
    if (!failure) {
      waits.reset();
      continue;
    }
    if (later) {
      card->set_state("waiting for the database");
      pause(waits.next(), *failure);
    }
  }
}

template <class Answer, class Call>
result<Answer> history_desk::counted(Call call) {
  counted_.reads.add();
  const auto began = clock::now();
  auto out = [&]() -> result<Answer> {
    try {
      return call();
    } catch (const std::exception& e) {
      return error{errc::internal, std::string("reading history: ") + e.what()};
    }
  }();
  counted_.seconds.observe(std::chrono::duration<double>(clock::now() - began).count());
  if (!out)
    counted_.errors.add();
  return out;
}

result<history_page> history_desk::ask(history_store& store, const history_query& query) {
  return counted<history_page>([&] { return store.read(query); });
}

result<void> history_desk::ask(history_store& store, const history_lookup& question) {
  return counted<void>([&] { return question.ask(store); });
}

// Requires: `lock` holds mutex_. Pages that were kept go when their time is over, also where nobody
// asks for anything.
void history_desk::wait_for_work(std::unique_lock<std::mutex>& lock) {
  const auto due = [this] { return closing_ || queue_.has_work() || lookups_.has_work(); };
  while (!due()) {
    if (const auto drop = recent_.next_drop())
      changed_.wait_until(lock, *drop);
    else
      changed_.wait(lock);
    recent_.drop(clock::now());
  }
}

// Questions of other readers' streams run out of time as well, while all of them pause.
void history_desk::pause(std::chrono::milliseconds how_long, const error& why) {
  const auto end = clock::now() + how_long;
  std::unique_lock lock(mutex_);
  for (auto now = clock::now(); now < end && !closing_; now = clock::now()) {
    const auto over = expired();
    if (!over.empty()) {
      lock.unlock();
      over.answer(why);
      lock.lock();
      continue;
    }
    const auto wake = std::min({end, queue_.earliest_deadline(end_in_line()).value_or(end),
                                lookups_.earliest_deadline().value_or(end)});
    changed_.wait_until(lock, wake, [this] { return closing_; });
  }
}

} // namespace tradepulse
