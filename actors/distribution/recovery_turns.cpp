// Whose turn it is among those who come back, so that a thousand of them neither hold up the events
// of the others nor each other.
#include <utility>

#include "actors/distribution/recovery_desk.hpp"
#include "actors/next_in_turn.hpp"
#include "protocol/carry_on.hpp"

namespace tradepulse {
namespace {

using phase = subscription::phase;

// Questions and pages, a few microseconds each, before the thread looks at what else there is.
constexpr std::size_t steps_at_a_time = 64;

} // namespace

void recovery_desk::line_up(subscription& of) {
  release(of);
  of.owner->in_line.insert(of.index);
  go_on(*of.owner);
}

void recovery_desk::release(subscription& of) {
  auto& whose = *of.owner;
  whose.due.erase(of.index);
  whose.in_line.erase(of.index);
  whose.held.erase(of.index);
  if (std::exchange(of.back->active, false))
    --whose.active_returns;
}

void recovery_desk::go_on(subscriber& whose) {
  if (!whose.in_line.empty() || !whose.due.empty())
    await_turn(whose);
}

// Pages that were refused come first, as long as the outbox is empty: in a turn they would come
// behind views and hand-backs, which may fill it again and again.
void recovery_desk::drained(subscriber& whose) {
  whose.page_refused = false;
  for (auto index : std::exchange(whose.held, {}))
    advance(*whose.subscriptions.at(index));
  go_on(whose);
}

void recovery_desk::settled() {
  const std::vector<subscription*> waiting(returning_.begin(), returning_.end());
  for (auto* each : waiting)
    ask_again(*each);
  // Whether who was not where the stream stood still is not.
  const std::vector<subscription*> unsettled(unsettled_.begin(), unsettled_.end());
  for (auto* each : unsettled)
    moved(*each);
}

void recovery_desk::recall_again(subscription& of) {
  if (of.back)
    ask_again(of);
  else
    moved(of);
}

bool recovery_desk::moved(subscription& of) {
  if (!unsettled_.contains(&of))
    return false;
  if (of.state == phase::diverted) { // what its owner has comes first, and no more is added to it
    of.recall_due = true;
    return true;
  }
  of.recall_due = false;
  unsettled_.erase(&of);
  begin(of, of.position);
  opened(of);
  return true;
}

void recovery_desk::ask_again(subscription& of) {
  if (of.state == phase::joining) {
    if (!of.answered)
      await_turn(of);
  } else if (of.back->way.resume()) {
    ++of.back->ask; // nor is it waited for: the line may be long
    line_up(of);
  }
}

// --- taking turns ------------------------------------------------------------------------------

void recovery_desk::await_turn(subscription& of) {
  of.owner->due.insert(of.index);
  await_turn(*of.owner);
}

void recovery_desk::await_turn(subscriber& whose) {
  turns_.insert(whose.id);
  post_turns();
}

void recovery_desk::post_turns() {
  if (!turns_.empty() && !std::exchange(taking_turns_, true))
    options_.post_behind([this] { take_turns(); });
}

void recovery_desk::take_turns() {
  taking_turns_ = false;
  for (std::size_t steps = 0; steps < steps_at_a_time && !turns_.empty();) {
    const auto turn = next_in_turn(turns_, last_served_);
    last_served_ = *turn;
    turns_.erase(turn);
    const auto left = steps_at_a_time - steps++;
    if (auto* whose = book_.find(last_served_)) // what one throws ends no other's turns
      carry_on("a turn of recovery", [&] { steps += serve(*whose, left); });
  }
  post_turns();
}

// All that is due for one connection, so that it goes in one system call. How many steps it was.
std::size_t recovery_desk::serve(subscriber& whose, std::size_t most) {
  std::size_t steps = 0;
  for (; !whose.due.empty() && steps < most; ++steps) {
    auto& of = *whose.subscriptions.at(*whose.due.begin());
    whose.due.erase(whose.due.begin());
    if (of.state != phase::joining)
      advance(of);
    else if (!of.answered)
      open(of);
  }
  for (; may_ask(whose) && steps < most; ++steps) {
    // In the order of the streams, which is the same for everybody: who comes back at once then
    // reads the same at once.
    const auto turn = next_in_turn(whose.in_line, whose.last_turn);
    auto& of = *whose.subscriptions.at(*turn);
    whose.last_turn = *turn;
    whose.in_line.erase(turn);
    of.back->active = true;
    ++whose.active_returns;
    advance(of);
  }
  if (!whose.due.empty() || may_ask(whose))
    turns_.insert(whose.id);
  return steps;
}

bool recovery_desk::may_ask(const subscriber& whose) const {
  return !whose.in_line.empty() && !whose.page_refused &&
         whose.active_returns < options_.at_once_per_connection;
}

} // namespace tradepulse
