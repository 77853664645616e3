#include "tests/simulation/turns.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <caf/actor_cast.hpp>

#include "tests/actors/support/samples.hpp"

namespace tradepulse::simulation {
namespace {

constexpr int deepest = 3;

// Sent while a lock is held: whoever wants it would wait.
bool under_a_lock(const caf::type_erased_tuple& what) {
  return what.match_elements<stream_joined>() || what.match_elements<stream_recalled>() ||
         what.match_elements<stream_moved>() || what.match_elements<stream_away>() ||
         what.match_elements<stream_back>() || what.match_elements<recall_again>() ||
         what.match_elements<restore_stream>() || what.match_elements<recall_events>() ||
         what.match_elements<passivate_symbol>();
}

// Of the message's type.
std::string name_of(const caf::type_erased_tuple& what) {
  int failed = 0;
  const auto* type = what.type(0).second;
  char* readable = type ? abi::__cxa_demangle(type->name(), nullptr, nullptr, &failed) : nullptr;
  std::string out = readable ? readable : "?";
  std::free(readable);
  if (what.match_elements<stream_recalled>()) {
    const auto& answer = what.get_as<stream_recalled>(0);
    const auto at = [](stream_position of) {
      return std::to_string(of.epoch.value()) + "/" + std::to_string(of.seq.value());
    };
    out += " to connection " + std::to_string(answer.connection.value()) + ", question " +
           std::to_string(answer.ask) + ": highest " + at(answer.what.highest) + ", newest " +
           at(answer.what.newest) + ", from " + at(answer.what.from) +
           (answer.what.burst ? ", events" : "") + (answer.what.away ? ", away" : "") +
           (answer.what.settled ? ", settled" : "") + (answer.what.final_below ? ", final" : "");
  }
  return "    " + out;
}

} // namespace

time_ms simulated_clock::wall() const {
  return samples::at(samples::some_time) + market() + set_by;
}

void verdict::happened(std::string_view what) {
  for (const char c : what) // FNV-1a
    trace_ = (trace_ ^ static_cast<unsigned char>(c)) * 1099511628211U;
  trace_ = (trace_ ^ 0xFFU) * 1099511628211U;
  if (look)
    look(what);
}

void turns::add(place& to, std::function<void()> task) {
  if (!*to.alive)
    return;
  to.tasks.push_back(std::move(task));
  if (!std::exchange(to.listed, true))
    ready_.push_back(&to);
}

void turns::answer(const bool& alive, std::function<void()> task) {
  answers_.push_back({&alive, std::move(task)});
}

void turns::later(const bool& alive, std::chrono::milliseconds delay, std::function<void()> task) {
  timers_.emplace(time_.elapsed + delay, pending{&alive, std::move(task)});
}

bool turns::deliver() {
  const std::size_t count = ready_.size() + answers_.size();
  if (count == 0)
    return false;
  const std::size_t first = dice_.below(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = (first + i) % count;
    if (at < ready_.size()) {
      auto& next = *ready_[at];
      if (busy(next) || !*next.alive)
        continue;
      run(next);
      return true;
    }
    auto each = answers_.begin() + static_cast<std::ptrdiff_t>(at - ready_.size());
    if (!*each->alive)
      continue;
    const auto task = std::move(each->task);
    answers_.erase(each);
    found_.happened("an answer comes");
    ++depth_;
    task();
    --depth_;
    return true;
  }
  return false;
}

void turns::run(place& at) {
  auto task = std::move(at.tasks.front());
  at.tasks.pop_front();
  if (at.tasks.empty()) {
    ready_.erase(std::find(ready_.begin(), ready_.end(), &at));
    at.listed = false;
  }
  found_.happened(at.name);
  busy(at) = true;
  ++depth_;
  task();
  task = nullptr; // what it held goes here
  --depth_;
  busy(at) = false;
}

bool turns::ring() {
  if (timers_.empty() || timers_.begin()->first > time_.elapsed)
    return false;
  const auto due = std::move(timers_.begin()->second);
  timers_.erase(timers_.begin());
  if (*due.alive) {
    found_.happened("a timer rings");
    ++depth_;
    due.task();
    --depth_;
  }
  return true;
}

void turns::to_next_timer() {
  if (!timers_.empty())
    time_.elapsed = std::max(time_.elapsed, timers_.begin()->first);
}

void turns::hold_up(std::size_t percent) {
  if (depth_ == 0 || depth_ >= deepest || percent == 0 || found_.failed() ||
      !dice_.percent(percent))
    return;
  for (auto left = dice_.between(1, 6); left > 0 && !found_.failed(); --left)
    step();
}

void turns::forget(place& gone) {
  if (std::exchange(gone.listed, false))
    ready_.erase(std::find(ready_.begin(), ready_.end(), &gone));
}

void turns::forget_dead() {
  const auto dead = [](const pending& each) { return !*each.alive; };
  std::erase_if(answers_, dead);
  std::erase_if(timers_, [&](const auto& each) { return dead(each.second); });
}

bool turns::idle() const {
  return answers_.empty() && ready_.empty();
}

void stand_in::enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) {
  if (ended_ || !*mailbox.alive)
    return;
  const bool wait = under_a_lock(what->content());
  // What a function holds can be copied.
  auto kept = std::make_shared<caf::mailbox_element_ptr>(std::move(what));
  all_.add(mailbox, [this, kept] {
    all_.remark([&] { return name_of((*kept)->content()); });
    handlers((*kept)->content());
  });
  if (!wait)
    all_.hold_up(all_.sends_held_up);
}

void stand_in::end() {
  ended_ = true;
  all_.forget(mailbox);
  const auto unheard = std::exchange(mailbox.tasks, {});
}

template <class Address>
Address stand_in_for(caf::actor_system& system, turns& all, std::string name, const bool& alive) {
  caf::actor_config config;
  const auto made = caf::make_actor<stand_in, caf::strong_actor_ptr>(
      all.next_id(), system.node(), &system, config, all, std::move(name), alive);
  return caf::actor_cast<Address>(made);
}
template partition_actor stand_in_for(caf::actor_system&, turns&, std::string, const bool&);
template writer_actor stand_in_for(caf::actor_system&, turns&, std::string, const bool&);
template symbol_actor stand_in_for(caf::actor_system&, turns&, std::string, const bool&);
template fan_out_actor stand_in_for(caf::actor_system&, turns&, std::string, const bool&);
template connection_actor stand_in_for(caf::actor_system&, turns&, std::string, const bool&);
template ingest_supervisor stand_in_for(caf::actor_system&, turns&, std::string, const bool&);

} // namespace tradepulse::simulation
