#include "actors/distribution/view_desk.hpp"

#include <limits>
#include <utility>

namespace tradepulse {
namespace {

using phase = subscription::phase;

constexpr std::size_t all_of_them = std::numeric_limits<std::size_t>::max();

waiting_views& views_of(subscription& of) {
  if (!of.views)
    of.views = std::make_unique<waiting_views>();
  return *of.views;
}

// The client knows more of this stream: the log is read again, and has not come so far yet. What is
// open there may be closed by a number that the client has.
bool is_behind(const candle_view_ptr& view, const subscription& who) {
  return view->view().closed_through < who.position;
}

// The outbox has refused something and has not drained: a view would take the room of what waits.
bool is_full(const subscriber& to) {
  return to.answer_refused || to.notice_refused || to.page_refused || to.view_refused;
}

} // namespace

void view_desk::show(subscription& to, const candle_view_ptr& view) {
  if (!is_behind(view, to) && views_of(to).add(view) && to.state == phase::live)
    live(to);
}

void view_desk::answered(subscription& to, const candle_view_ptr& view) {
  if (!is_behind(view, to) && views_of(to).add_answer(view) && to.state == phase::live)
    live(to);
}

void view_desk::numbered(subscription& of, const candle_burst& facts) {
  auto& views = views_of(of);
  for (const auto& each : facts.events())
    views.numbered(each.value);
}

void view_desk::drop(subscription& of) {
  if (of.views)
    of.views->drop();
}

void view_desk::live(subscription& of) {
  if (!of.views || of.views->empty())
    return;
  std::size_t bytes = 0;
  if (of.owner->diverted > 0 || is_full(*of.owner) || !write(of, bytes))
    line_up(of);
}

void view_desk::line_up(const subscription& of) {
  if (of.views && !of.views->empty())
    of.owner->views.insert(of.index);
}

void view_desk::go_on(subscriber& whose) {
  if (whose.diverted == 0)
    write(whose, all_of_them);
}

void view_desk::handed(subscriber& whose) {
  write(whose, whose.diverted == 0 ? all_of_them : share_bytes);
}

// In turns: a client that reads little sees each of its streams now and then.
void view_desk::write(subscriber& to, std::size_t most) {
  std::size_t bytes = 0;
  while (!to.views.empty() && !is_full(to) && bytes < most) {
    auto turn = to.views.upper_bound(to.last_view);
    if (turn == to.views.end())
      turn = to.views.begin();
    auto& of = *to.subscriptions.at(*turn);
    // One that is not live comes again when it is.
    if (of.state == phase::live && !write(of, bytes))
      return;
    to.last_view = of.index;
    to.views.erase(turn);
  }
}

// False: there is no room.
bool view_desk::write(subscription& of, std::size_t& bytes) {
  auto& views = *of.views;
  auto& to = *of.owner;
  views.drop_behind(of.position);
  while (!views.empty()) {
    auto frame = views.front(to.numbers_as_strings);
    const auto length = frame.length;
    const auto outcome = pass_.push(to, std::move(frame));
    to.view_refused = outcome == push_outcome::refused;
    if (outcome != push_outcome::accepted)
      return false;
    views.taken();
    bytes += length;
    metrics_.candle_views.add();
  }
  return true;
}

} // namespace tradepulse
