#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <caf/actor_cast.hpp>
#include <caf/behavior.hpp>
#include <caf/monitorable_actor.hpp>

#include "actors/message_types.hpp"
#include "protocol/ports/clock.hpp"
#include "tests/simulation/chance.hpp"

namespace tradepulse::simulation {

class simulated_clock final : public clock {
 public:
  explicit simulated_clock(std::uint64_t seed) : seeds_(seed) {}
  time_point now() const override { return time_point{std::chrono::hours{1}} + elapsed; }
  time_ms wall() const override;
  std::uint64_t seed() const override { return seeds_.next(); }

  // What the time of the market is by now, after some_time: it may go faster, and jump.
  std::chrono::milliseconds market() const { return elapsed * pace + ahead; }

  std::chrono::milliseconds elapsed{0};
  std::int64_t pace = 1;
  std::chrono::milliseconds ahead{0};
  std::chrono::milliseconds set_by{0}; // the wall clock, on or back

 private:
  mutable chance seeds_;
};

// What a run has come to: the first claim that did not hold, and a hash of all that happened, so
// that two runs of one seed can be compared.
class verdict {
 public:
  void fail(std::string what) {
    if (failure_.empty())
      failure_ = std::move(what);
  }
  bool failed() const noexcept { return !failure_.empty(); }
  const std::string& failure() const noexcept { return failure_; }
  void happened(std::string_view what);
  std::uint64_t trace() const noexcept { return trace_; }
  // Lines as they happen, where somebody looks.
  std::function<void(std::string_view)> look;

 private:
  std::string failure_;
  std::uint64_t trace_ = 1469598103934665603U;
};

// Something that does one thing after the other: the mailbox of an actor, an I/O thread.
struct place {
  std::string name;
  const bool* alive = nullptr; // its process
  std::deque<std::function<void()>> tasks;
  bool busy = false;
  bool listed = false;
  place* thread = nullptr; // where something else runs, too: one at a time, in any order
};

// Who goes on next: the seed says so. Nothing runs beside anything else, but what runs can be held
// up where a thread could be: behind a message that it has sent, in a call of the database; others
// go on meanwhile.
class turns {
 public:
  turns(chance& dice, simulated_clock& time, verdict& found)
      : dice_(dice), time_(time), found_(found) {}

  void add(place& to, std::function<void()> task);
  // An answer from outside, which comes on a thread of its own: in any order.
  void answer(const bool& alive, std::function<void()> task);
  void later(const bool& alive, std::chrono::milliseconds delay, std::function<void()> task);

  // One message, or one answer, is delivered. False: there is none.
  bool deliver();
  // Timers that are due.
  bool ring();
  bool waits() const noexcept { return !timers_.empty(); }
  void to_next_timer();

  // Others go on, if the seed wants it so.
  void hold_up(std::size_t percent);
  void forget(place& gone);
  // What answers and timers hold of processes that are no more.
  void forget_dead();
  bool idle() const;

  // For who looks; not in the hash.
  template <class Say> // std::string()
  void remark(Say&& say) const {
    if (found_.look)
      found_.look(say());
  }

  std::uint64_t next_id() noexcept { return ++last_id_; } // of a stand-in
  bool nested() const noexcept { return depth_ > 0; }

  std::function<void()> step;     // what the world does next
  std::size_t sends_held_up = 10; // percent
  std::size_t calls_held_up = 50;

 private:
  struct pending {
    const bool* alive;
    std::function<void()> task;
  };
  static bool& busy(place& at) { return at.thread ? at.thread->busy : at.busy; }
  void run(place& at);

  chance& dice_;
  simulated_clock& time_;
  verdict& found_;
  std::vector<place*> ready_;
  std::vector<pending> answers_;
  std::multimap<std::chrono::milliseconds, pending> timers_;
  int depth_ = 0;
  std::uint64_t last_id_ = 0;
};

// Stands for an actor: what is sent to it becomes a task of its place.
class stand_in final : public caf::monitorable_actor {
 public:
  stand_in(caf::actor_config& config, turns& all, std::string name, const bool& alive)
      : caf::monitorable_actor(config), all_(all) {
    mailbox.name = std::move(name);
    mailbox.alive = &alive;
  }
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override;
  using caf::monitorable_actor::enqueue;
  // Nothing reaches it any more.
  void end();

  place mailbox;
  caf::behavior handlers;

 private:
  turns& all_;
  bool ended_ = false;
};

// A stand-in by the address of the actor that it stands for, which keeps it.
template <class Address>
Address stand_in_for(caf::actor_system& system, turns& all, std::string name, const bool& alive);

template <class Address>
stand_in& behind(const Address& address) {
  return static_cast<stand_in&>(*caf::actor_cast<caf::abstract_actor*>(address));
}

} // namespace tradepulse::simulation
