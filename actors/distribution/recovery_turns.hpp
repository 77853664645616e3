#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

namespace tradepulse {

// What is to be done for those who catch up, a little at a time: live events that came meanwhile
// are never behind more than one turn's steps, however many clients come back at once.
// Thread: one.
class recovery_turns {
 public:
  // `ask` is called when there is something to do; turn() is to follow, behind all that was asked
  // and sent until then. Null: each step is taken at once.
  recovery_turns(std::size_t steps, std::function<void()> ask)
      : steps_(steps), ask_(std::move(ask)) {}

  void add(std::function<void()> step) {
    if (!ask_)
      return step();
    waiting_.push_back(std::move(step));
    if (!std::exchange(asked_, true))
      ask_();
  }

  // What a step adds is not done before the next turn.
  void turn() {
    for (auto left = std::min(steps_, waiting_.size()); left > 0; --left) {
      const auto step = std::move(waiting_.front());
      waiting_.pop_front();
      step();
    }
    asked_ = !waiting_.empty();
    if (asked_)
      ask_();
  }

 private:
  const std::size_t steps_;
  const std::function<void()> ask_;
  std::deque<std::function<void()>> waiting_;
  bool asked_ = false; // for the next turn
};

} // namespace tradepulse
