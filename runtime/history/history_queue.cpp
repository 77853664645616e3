#include "runtime/history/history_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tradepulse {
namespace {

using waiting = history_queue::waiting;

std::int64_t place(const waiting& one) {
  return one.query.after.seq.value();
}

// Numbers without holes: a page of `limit` events that begins above `first` has something for each
// who is less than `limit` above it.
bool reaches(std::int64_t first, std::int64_t limit, std::int64_t after) {
  return after >= first && after - first < limit;
}

// Who asks for a time gets the page behind it, whatever that is.
bool reaches(const history_query& page, const waiting& one) {
  return page.time ||
         reaches(page.after.seq.value(), static_cast<std::int64_t>(page.limit), place(one));
}

// The lowest place from which one page still reaches him who waits longest.
std::int64_t lowest_with_the_oldest(const std::deque<waiting>& queries, std::int64_t limit) {
  const auto oldest = place(queries.front());
  auto out = oldest;
  for (const auto& each : queries)
    if (place(each) < out && reaches(place(each), limit, oldest))
      out = place(each);
  return out;
}

history_queue::time_point end_of(const waiting& one, history_queue::time_point others) {
  return one.in_line ? std::max(one.deadline, others) : one.deadline;
}

void widen(history_query& to, const history_query& by) {
  if (to.through && (!by.through || *by.through > *to.through))
    to.through = by.through;
  to.committed = std::max(to.committed, by.committed);
}

} // namespace

bool history_queue::add(waiting& one) {
  if (unanswered_ >= most_)
    return false;
  ++unanswered_;
  const auto key = key_of(one.query);
  auto& to = streams_[key];
  if (to.queries.empty() && !to.reading)
    ready_.push_back(key);
  to.queries.push_back(std::move(one));
  return true;
}

std::optional<history_queue::batch> history_queue::take() {
  if (ready_.empty())
    return std::nullopt;
  const auto key = ready_.front();
  ready_.pop_front();
  auto& from = streams_.at(key);
  from.reading = true;

  std::size_t limit = key.time ? 0 : 1;
  for (const auto& each : from.queries)
    limit = std::max(limit, each.query.limit);

  batch out;
  out.stream = key;
  out.query = from.queries.front().query;
  out.query.after.seq =
      sequence{lowest_with_the_oldest(from.queries, static_cast<std::int64_t>(limit))};
  out.query.limit = limit;
  std::deque<waiting> left;
  for (auto& each : from.queries) {
    if (!reaches(out.query, each)) {
      left.push_back(std::move(each));
      continue;
    }
    widen(out.query, each.query);
    out.members.push_back(std::move(each));
  }
  from.queries = std::move(left);
  return out;
}

void history_queue::put_back(batch read, time_point others) {
  for (auto& each : read.members) {
    each.deadline = end_of(each, others);
    each.in_line = false;
  }
  auto& queries = streams_.at(read.stream).queries;
  queries.insert(queries.begin(), std::make_move_iterator(read.members.begin()),
                 std::make_move_iterator(read.members.end()));
  rest_over(read.stream);
}

void history_queue::rest_over(const stream_key& which) {
  const auto found = streams_.find(which);
  found->second.reading = false;
  if (found->second.queries.empty())
    streams_.erase(found);
  else
    ready_.push_back(which);
}

template <class Condition>
std::vector<waiting> history_queue::take_out(Condition condition) {
  std::vector<waiting> out;
  for (auto it = streams_.begin(); it != streams_.end();) {
    auto& queries = it->second.queries;
    const auto first = std::stable_partition(queries.begin(), queries.end(),
                                             [&](const waiting& each) { return !condition(each); });
    std::move(first, queries.end(), std::back_inserter(out));
    queries.erase(first, queries.end());
    it = queries.empty() && !it->second.reading ? streams_.erase(it) : std::next(it);
  }
  std::erase_if(ready_, [this](const stream_key& key) { return !streams_.contains(key); });
  unanswered_ -= out.size();
  return out;
}

std::vector<waiting> history_queue::expired(time_point now, time_point others) {
  return take_out([=](const waiting& each) { return end_of(each, others) <= now; });
}

std::vector<waiting> history_queue::all() {
  return take_out([](const waiting&) { return true; });
}

std::optional<history_queue::time_point> history_queue::earliest_deadline(time_point others) const {
  std::optional<time_point> out;
  for (const auto& [key, each] : streams_)
    for (const auto& one : each.queries)
      out = std::min(out.value_or(end_of(one, others)), end_of(one, others));
  return out;
}

} // namespace tradepulse
