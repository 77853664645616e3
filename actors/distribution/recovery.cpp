#include "actors/distribution/recovery.hpp"

#include <algorithm>

#include "protocol/expects.hpp"

namespace tradepulse {
namespace {

constexpr stream_position before_all{epoch{1}, sequence{0}};

stream_position behind(stream_position at) {
  return {at.epoch, sequence{at.seq.value() + 1}};
}
stream_position before(stream_position at) {
  return {at.epoch, sequence{at.seq.value() - 1}};
}
stream_position last_of(const event_burst& burst) {
  return {burst.epoch(), burst.last()};
}

// Nobody is ahead by knowing the first epoch of a stream that has no event: number 0 names none.
bool is_ahead(stream_position at, const recalled_events& found) {
  return at > std::max(found.highest, before_all);
}

} // namespace

bool recovery::reached_by(const recalled_events& found) const noexcept {
  const auto at = after();
  return at >= found.newest || (at.epoch == found.newest.epoch && behind(at) >= found.from);
}

recovery::recovery(since_point since, bool journal) : journal_(journal) {
  if (const auto* at = std::get_if<stream_position>(&since.what())) {
    position_ = *at;
    return;
  }
  time_ = std::get<time_ms>(since.what());
  timed_ = true;
  if (journal) {
    state_ = next::locate;
  } else { // nobody knows when an event was committed
    older_ = true;
    time_.reset();
  }
}

void recovery::located(const history_page& found) {
  TRADEPULSE_EXPECTS(state_ == next::answer && time_);
  position_ = found.after;
  older_ = found.older;
  time_.reset();
  state_ = next::ask_memory;
}

// The position of a time, as far as memory has something to say to it. Earlier is right as well.
void recovery::take_memorys(const recalled_events& first) {
  if (first.highest == stream_position{})
    return;
  // What the journal does not keep memory may have.
  if (const auto lowest = before(first.from); older_ && (!journal_ || lowest < position_))
    position_ = lowest;
  // Another process has committed what this one will never read: as for those who are live.
  if (first.settled && !first.away)
    position_ = std::min(position_, first.highest);
}

recovery::opening recovery::open(const recalled_events& first) {
  if (timed_)
    take_memorys(first);
  opening out{behind(position_), std::max(position_, first.highest), {}};
  out.refused = is_ahead(position_, first) && first.settled && !first.away;
  if (out.refused) { // whatever the stream has reached when it is written
    items_.push_back(refusal{position_, first.highest, first.published});
  } else if (position_ >= first.highest || (journal_ && !first.away && reached_by(first))) {
    out.lost = 0; // what memory loses meanwhile, the journal has
  } else if (!journal_ && !first.away && first.final_below &&
             position_.epoch == first.newest.epoch && behind(first.newest) <= first.from) {
    out.lost = first.from.seq.value() - position_.seq.value() - 1; // memory has nothing to lose
  }
  // Behind the first number of all there is nothing that could be lost.
  if (older_ && position_ > before_all)
    out.lost.reset();
  timed_ = older_ = false;
  return out;
}

recovery::next recovery::due() const noexcept {
  return items_.empty() ? state_ : next::write;
}

void recovery::recalled(const recalled_events& found) {
  TRADEPULSE_EXPECTS(state_ == next::answer && items_.empty());
  unsettled_ = found.newest < found.highest;
  if (found.away) {
    state_ = next::settling;
  } else if (is_ahead(position_, found)) {
    // It saw what a process published that ended before the database had it. Until that has been
    // read again the position is believed; events that are not above it are not sent again.
    state_ = next::live;
    unsettled_ = !found.settled;
    if (found.settled)
      items_.push_back(refusal{position_, found.highest, found.published});
  } else if (after() >= found.newest) {
    state_ = next::live;
    if (empty_through_ > position_) {
      const bool shown = found.published && found.published->position == empty_through_;
      items_.push_back(hole{empty_through_, shown ? found.published : nullptr});
    }
  } else if (found.burst) {
    items_.emplace_back(found.burst);
    state_ = last_of(*found.burst) == found.newest ? next::live : next::ask_memory;
  } else {
    below_memory(found);
  }
  live_behind_ = state_ == next::live;
}

// Before an epoch's first event nothing may say yet that it has begun, but a claim that found so.
std::optional<stream_position> recovery::committed() const noexcept {
  const auto known = through_.seq.value() > 0 ? through_ : std::min(restored_, through_);
  return final_ && known > before_all ? std::optional(known) : std::nullopt;
}

void recovery::below_memory(const recalled_events& found) {
  through_ = before(found.from);
  restored_ = found.restored;
  final_ = found.final_below;
  if (journal_) {
    state_ = next::read_journal;
  } else if (final_) {
    empty_through_ = through_;
    state_ = next::ask_memory;
  } else {
    state_ = next::settling;
  }
}

void recovery::read(const history_page& page) {
  TRADEPULSE_EXPECTS(state_ == next::answer && items_.empty());
  auto reached = after();
  // Others may have asked further on. Of an epoch that this read does not end in, all before it may
  // not be committed yet.
  for (const auto& burst : page.bursts)
    if (last_of(*burst) > reached && burst->epoch() <= through_.epoch) {
      items_.emplace_back(burst);
      reached = last_of(*burst);
    }
  state_ = next::ask_memory;
  const bool all = !page.more || items_.empty();
  if (!all || reached >= through_)
    return;
  if (final_)
    empty_through_ = through_;
  else if (items_.empty() && !resumed_)
    state_ = next::settling;
}

void recovery::asked() noexcept {
  asked_memory_ = state_ == next::ask_memory;
  resumed_ = false;
  state_ = next::answer;
}

bool recovery::resume() noexcept {
  resumed_ = true; // a read that is under way may have been asked too early
  if (state_ != next::settling && !(state_ == next::answer && asked_memory_))
    return false;
  state_ = next::ask_memory;
  return items_.empty();
}

void recovery::taken() {
  const auto& written = items_.front();
  if (const auto* burst = std::get_if<burst_ptr>(&written))
    position_ = last_of(**burst);
  else if (const auto* gap = std::get_if<hole>(&written))
    position_ = gap->to;
  else
    position_ = std::get<refusal>(written).highest;
  items_.pop_front();
  if (items_.empty() && state_ == next::live && !live_behind_)
    state_ = next::ask_memory; // there may be more by now
}

} // namespace tradepulse
