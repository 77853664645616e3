#include "runtime/rest/missed_answer.hpp"

#include <algorithm>
#include <limits>

#include "runtime/rest/event_members.hpp"

namespace tradepulse {
namespace {

constexpr std::int64_t no_bound = std::numeric_limits<std::int64_t>::max();

std::string number_or_null(std::optional<std::int64_t> value) {
  return value ? std::to_string(*value) : "null";
}

std::optional<std::int64_t> unless_zero(std::int64_t value) {
  return value == 0 ? std::nullopt : std::optional(value);
}

} // namespace

missed_answer::missed_answer(const missed_request& asked, stream_position published,
                             std::optional<sequence> waits, spelling spelled)
    : asked_(asked), epoch_(asked.epoch.value_or(published.epoch)), published_(published),
      waits_(waits), spelled_(spelled ? spelled : event_members) {}

std::int64_t missed_answer::reached() const {
  return events_.empty() ? asked_.from.value() : events_.back().seq.value();
}

history_query missed_answer::next_query() const {
  history_query out;
  out.symbol = asked_.symbol;
  out.kind = asked_.kind;
  out.after = {epoch_, sequence{reached()}};
  out.through = {epoch_, asked_.to.value_or(sequence{no_bound})};
  out.limit = asked_.limit - events_.size();
  return out;
}

bool missed_answer::take(const history_page& page) {
  committed_ = page.committed;
  lowest_kept_ = page.epoch_lowest.value();
  highest_kept_ = page.epoch_highest.value();
  const auto before = reached();
  for (const auto& burst : page.bursts) {
    if (burst->epoch() != epoch_)
      continue;
    for (std::size_t i = burst->first_above(sequence{reached()}); i < burst->count(); ++i) {
      if (full() || burst->number_of(i) > asked_.to.value_or(sequence{no_bound}))
        return false;
      events_.push_back({burst->number_of(i), spelled_(*burst, i)});
    }
  }
  // A page that was read for others as well may begin and so end earlier.
  return page.more && !full() && reached() > before && reached() < end().value_or(no_bound);
}

// An epoch is over when a later one is published and nothing of it waits for its commit any more:
// the later one may come from another partition, which was committed first. Known before the pages
// were read; where only a page shows a later epoch, the next answer will say so.
bool missed_answer::ended() const {
  return published_.epoch > epoch_ && !waits_;
}

std::int64_t missed_answer::committed() const {
  return committed_.epoch == epoch_ ? std::max(committed_.seq.value(), highest_kept_)
                                    : highest_kept_;
}

std::int64_t missed_answer::published() const {
  const auto known = published_.epoch == epoch_ ? published_.seq : waits_.value_or(sequence{0});
  return std::max(known.value(), committed());
}

// The last number that is answered for, were there no limit. Nothing: where the epoch ended is not
// known any more.
std::optional<std::int64_t> missed_answer::end() const {
  if (asked_.to)
    return asked_.to->value();
  if (ended() && highest_kept_ == 0)
    return std::nullopt;
  return std::max(asked_.from.value(), ended() ? highest_kept_ : published());
}

std::vector<missed_answer::gap> missed_answer::gaps(std::optional<std::int64_t> end) const {
  std::vector<gap> out;
  auto at = asked_.from.value(); // all up to here is told
  auto missing_to = [&](std::int64_t to, std::string_view reason) {
    if (to > at)
      out.push_back({at + 1, to, reason});
    at = std::max(at, to);
  };
  for (const auto& event : events_) {
    missing_to(event.seq.value() - 1, "not_kept");
    at = event.seq.value();
  }
  if (ended() && highest_kept_ == 0) {
    if (at < end.value_or(no_bound))
      out.push_back({at + 1, end, "not_kept"});
    return out;
  }
  const auto last = end.value_or(at);
  missing_to(std::min(last, ended() ? highest_kept_ : committed()), "not_kept");
  if (!ended())
    missing_to(std::min(last, published()), "not_committed");
  missing_to(last, ended() ? "epoch_ended" : "not_yet");
  return out;
}

std::optional<std::int64_t> missed_answer::next() const {
  const auto whole = end();
  return full() && (!whole || reached() < *whole) ? std::optional(reached()) : std::nullopt;
}

std::optional<std::int64_t> missed_answer::told() const {
  const auto cut = next();
  return cut ? cut : end();
}

std::string missed_answer::data() const {
  std::string out = "[";
  for (std::size_t i = 0; i < events_.size(); ++i) {
    out += i == 0 ? "" : ",";
    out += events_[i].members;
  }
  return out + "]";
}

std::string gaps_text(const std::vector<missed_answer::gap>& gaps) {
  std::string out = "[";
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    out += i == 0 ? "" : ",";
    out += R"({"from":)" + std::to_string(gaps[i].from);
    out += R"(,"to":)" + number_or_null(gaps[i].to);
    out += R"(,"reason":")" + std::string(gaps[i].reason) + R"("})";
  }
  return out + "]";
}

std::string missed_answer::body() const {
  const auto whole = end();
  const auto for_good = std::min(told().value_or(0), ended() ? highest_kept_ : committed());

  std::string out = R"({"symbol":")" + asked_.symbol.str() + R"(","stream":")" +
                    name_of(asked_.kind) + R"(","epoch":)" + std::to_string(epoch_.value());
  out += R"(,"seq":)" + std::to_string(std::max(asked_.from.value(), for_good));
  out += R"(,"fromSeq":)" + std::to_string(asked_.from.value());
  out += R"(,"toSeq":)" + number_or_null(whole);
  out += R"(,"count":)" + std::to_string(events_.size()) + R"(,"data":)" + data();
  if (const auto from = next())
    out += R"(,"next":)" + std::to_string(*from);
  out += R"(,"lowest":)" + number_or_null(unless_zero(lowest_kept_));
  out += R"(,"highest":)" + number_or_null(unless_zero(highest_kept_));
  out += R"(,"gaps":)" + gaps_text(gaps());
  if (ended())
    out += R"(,"ended_at":)" + number_or_null(unless_zero(highest_kept_));
  return out + "}";
}

} // namespace tradepulse
