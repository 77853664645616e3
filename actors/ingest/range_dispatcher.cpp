#include "actors/ingest/range_dispatcher.hpp"

#include <utility>

#include "actors/ingest/slot_messages.hpp"
#include "actors/tell.hpp"
#include "protocol/log.hpp"

namespace tradepulse {

void range_dispatcher::dispatch(const std::shared_ptr<ingest_range>& range,
                                std::vector<dead_letter> letters,
                                const std::shared_ptr<passage>& on) {
  uncommitted_.push_back({range->to, range->event_count(), range->credit});
  parts_.metrics->ranges_in_flight.add(1);
  range->open(letters.size(),
              [writer = parts_.writer, me = parts_.partition, directory = parts_.directory](
                  std::shared_ptr<ingest_range> done, std::optional<stream_key> failed) {
                if (!failed) {
                  tell(writer, range_complete{std::move(done), me});
                  return;
                }
                directory->unsettle(done->batch->source, done->gen); // before the range is gone
                tell(me, range_failed{done->gen, *failed});
              });
  if (range->participants() == 0) {
    tell(parts_.writer, range_complete{range, parts_.partition});
    return;
  }
  // Tickets first: a range must not be complete before its last participant is counted.
  std::vector<range_ticket> tickets;
  tickets.reserve(letters.size());
  for (std::size_t i = 0; i < letters.size(); ++i)
    tickets.emplace_back(range, range->slots.size() + i);
  // No actor: it died and is not restored. The ticket dies, the range fails, a claim follows.
  send_slots(
      range,
      [&on](range_ticket ticket) {
        return symbol_work{std::move(ticket), on};
      },
      [this](const symbol_work& work) {
        const auto name = work.ticket.slot().key();
        return has_to_wait(name, work) ? symbol_actor{} : actor_of(name, work);
      });
  for (std::size_t i = 0; i < letters.size(); ++i) {
    parts_.metrics->rejected[static_cast<std::size_t>(letters[i].reason)]->add();
    produce(letters[i], tickets[i]);
  }
}

// A slot without events is nothing to who goes by another partition's times: it has had its part.
symbol_actor range_dispatcher::actor_of(const stream_key& name, const symbol_work& work) {
  if (work.ticket.slot().count > 0)
    return parts_.directory->actor_for(name, parts_.source);
  const auto found = parts_.directory->actor_at(name, parts_.source);
  if (!found)
    work.ticket.acknowledge();
  return found.value_or(symbol_actor{});
}

// Without its part of the delivery window: what waits for the database must not hold up others.
bool range_dispatcher::has_to_wait(const stream_key& name, const symbol_work& work) {
  auto found = waiting_.empty() ? waiting_.end() : waiting_.find(name); // mostly none waits
  if (found == waiting_.end()) {
    if (work.ticket.slot().count == 0 || parts_.directory->can_number(name, parts_.source))
      return false;
    unknown_.push_back(name);
    found = waiting_.try_emplace(name).first;
  }
  found->second.push_back({work.ticket, nullptr});
  return true;
}

void range_dispatcher::restored(const std::vector<stream_key>& streams) {
  for (const auto& name : streams)
    if (auto waited = waiting_.extract(name))
      for (auto& work : waited.mapped())
        if (auto to = actor_of(name, work))
          tell(to, std::move(work));
}

void range_dispatcher::produce(const dead_letter& letter, const range_ticket& ticket) {
  auto kept = std::make_shared<const dead_letter>(letter);
  parts_.dead_letters->produce(letter, [to = parts_.partition, counted = parts_.metrics, kept,
                                        ticket](const result<void>& done) {
    if (done) {
      counted->dead_letters.add();
      ticket.acknowledge();
    } else {
      tell(to, letter_refused{kept, ticket, done.failure().detail});
    }
  });
}

void range_dispatcher::retry_letters() {
  for (const auto& letter : std::exchange(waiting_letters_, {}))
    produce(*letter.letter, letter.ticket);
}

void range_dispatcher::committed(next_offset next) {
  while (!uncommitted_.empty() && uncommitted_.front().end <= next) {
    uncommitted_.pop_front();
    parts_.metrics->ranges_in_flight.add(-1);
  }
}

void range_dispatcher::forget_all() {
  parts_.metrics->ranges_in_flight.add(-static_cast<std::int64_t>(uncommitted_.size()));
  uncommitted_.clear();
  waiting_letters_.clear();
  waiting_.clear();
  unknown_.clear();
}

std::size_t range_dispatcher::events_in_flight() const noexcept {
  std::size_t out = 0;
  for (const auto& each : uncommitted_)
    out += each.events;
  return out;
}

} // namespace tradepulse
