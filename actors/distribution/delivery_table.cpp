#include "actors/distribution/delivery_table.hpp"

#include "actors/distribution/hand_back_writer.hpp"
#include "actors/distribution/join_answer.hpp"

namespace tradepulse {
namespace {

using phase = subscription::phase;

} // namespace

delivery_table::delivery_table(engine_metrics& metrics, std::function<void()> schedule_flush,
                               recovery_options recovery)
    : metrics_(metrics), pass_(metrics.append_to_socket, std::move(schedule_flush)),
      views_(metrics, pass_), recovery_(metrics, pass_, book_, views_, std::move(recovery)) {}
delivery_table::~delivery_table() = default;

// --- connections -----------------------------------------------------------------------------

void delivery_table::attach(connection_id id, std::shared_ptr<outbox> out,
                            std::shared_ptr<connection_owner> owner, bool numbers_as_strings) {
  auto made = std::make_unique<subscriber>();
  made->id = id;
  made->out = std::move(out);
  made->owner = std::move(owner);
  made->numbers_as_strings = numbers_as_strings;
  book_.attach(std::move(made));
}

void delivery_table::detach(connection_id id) {
  auto* gone = book_.find(id);
  if (!gone)
    return;
  while (!gone->subscriptions.empty())
    remove(*gone, gone->subscriptions.begin()->first);
  book_.detach(id);
}

void delivery_table::remove(subscriber& from, stream_index index) {
  auto found = from.subscriptions.find(index);
  if (found == from.subscriptions.end())
    return;
  auto& gone = *found->second;
  if (gone.back && gone.state == phase::joining && !gone.answered)
    from.answers.joined(gone.group); // its question may get no answer any more
  recovery_.forget(gone);
  book_.remove(gone);
}

// --- joining ---------------------------------------------------------------------------------

void delivery_table::open(const open_group& request) {
  auto* to = book_.find(request.connection);
  if (!to)
    return;
  join_request made{request.group, request.request_id, {}, request.members.size()};
  for (const auto& member : request.members) {
    remove(*to, member.index); // a second subscription to the same stream begins anew
    auto& sub = book_.add(*to, member.index, member.stream, request.group);
    if (member.since)
      recovery_.begin(sub, *member.since);
    made.members.push_back(member.index);
  }
  to->answers.add(std::move(made));
  write_answers(*to);
  tell_waiting(*to);
  recovery_.go_on(*to);
  views_.go_on(*to);
}

void delivery_table::joined(const stream_joined& answer) {
  auto* to = book_.find(answer.connection);
  if (!to || !to->answers.joined(answer.group))
    return;
  auto found = to->subscriptions.find(answer.index);
  if (found != to->subscriptions.end() && found->second->group == answer.group) {
    join_at(*found->second, answer);
    if (answer.view)
      views_.answered(*found->second, answer.view);
  }
  write_answers(*to);
}

void delivery_table::recalled(const stream_recalled& answer) {
  if (answer.view)
    if (auto* of = book_.find(answer.connection, answer.index); of && of->group == answer.group)
      views_.answered(*of, answer.view);
  if (!recovery_.recalled(answer))
    return;
  auto& to = *book_.find(answer.connection);
  to.answers.joined(answer.group);
  write_answers(to);
}

void delivery_table::settled(const partition_settled&) {
  recovery_.settled();
}

void delivery_table::leave(const leave_streams& request) {
  auto* from = book_.find(request.connection);
  if (!from)
    return;
  for (auto index : request.streams)
    remove(*from, index);
  write_answers(*from);
  recovery_.go_on(*from);
  views_.go_on(*from);
}

// --- answers ----------------------------------------------------------------------------------

// In the order of the requests, as far as the answers are due and the outbox takes them.
void delivery_table::write_answers(subscriber& to) {
  while (!to.answers.empty() && !to.answer_refused) {
    const auto* request = std::get_if<join_request>(&to.answers.oldest());
    if (request && request->open > 0)
      return;
    to.answer_refused = push_answer(to, to.answers.oldest()) == push_outcome::refused;
    if (!to.answer_refused)
      to.answers.pop();
  }
}

push_outcome delivery_table::push_answer(subscriber& to, const answer_queue::answer& due) {
  if (const auto* frame = std::get_if<answer_queue::frame>(&due))
    return pass_.push(to, {*frame, 0, (*frame)->size()});
  auto joins = answer_to(std::get<join_request>(due), to);
  const auto outcome = pass_.push(to, frame_slice::of(std::move(joins.frames)));
  if (outcome == push_outcome::refused)
    return outcome;
  for (auto* each : go_live(joins))
    recovery_.opened(*each);
  for (auto* each : joins.members)
    if (each->state == phase::live)
      views_.live(*each);
  return outcome;
}

void delivery_table::control(const control_frame& frame) {
  auto* to = book_.find(frame.connection);
  if (!to)
    return;
  to->answers.add(frame.frame);
  write_answers(*to);
  tell_waiting(*to);
}

// Its owner decides when it is too much.
void delivery_table::tell_waiting(subscriber& to) {
  if (const auto bytes = to.answers.bytes_behind_oldest(); bytes > 0)
    to.owner->tell(control_refused{bytes});
}

void delivery_table::drained(connection_id id) {
  auto* to = book_.find(id);
  if (!to)
    return;
  to->answer_refused = to->notice_refused = to->view_refused = false;
  write_answers(*to);
  write_notices(*to);
  recovery_.drained(*to);
  views_.go_on(*to);
}

// --- hand-back -------------------------------------------------------------------------------

void delivery_table::take_back(const hand_back& handed) {
  auto* to = book_.find(handed.connection);
  if (!to)
    return;
  auto answer = write_handed(handed, *to, pass_, metrics_);
  const bool whole = answer.refused.empty();
  to->owner->tell(std::move(answer));
  for (const auto& item : handed.items)
    if (auto* of = book_.find(to->id, item.index); of && of->state == phase::live) {
      view_desk::line_up(*of);
      if (of->recall_due)
        recovery_.recall_again(*of);
    }
  if (whole)
    views_.handed(*to);
}

void delivery_table::flush() {
  pass_.flush([this](connection_id id) { return book_.find(id); });
}

} // namespace tradepulse
