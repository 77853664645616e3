#include <algorithm>
#include <utility>

#include "tests/simulation/world.hpp"

// Who has which partition, and what goes wrong.
namespace tradepulse::simulation {

// --- the group ---------------------------------------------------------------------------------

process* world::any_process() {
  std::vector<process*> able;
  for (const auto& each : members_)
    if (each.runs->alive() && !each.runs->is_shutting_down())
      able.push_back(each.runs.get());
  return able.empty() ? nullptr : able[dice_.below(able.size())];
}

void world::start_process() {
  ++names_;
  members_.push_back(
      {std::make_unique<process>(outside_, settings_, "process " + std::to_string(names_)), {}});
  found_.happened("starts: " + members_.back().runs->name());
  for (const auto& each : partitions_)
    if (!target_[each])
      target_[each] = members_.back().runs.get();
}

void world::tell_assignments(bool all) {
  for (auto& each : members_) {
    if (!each.runs->alive() || each.runs->is_shutting_down())
      continue;
    std::vector<topic_partition> now;
    for (const auto& [source, to] : target_)
      if (to == each.runs.get())
        now.push_back(source);
    if (now == each.told || (!all && dice_.in(2)))
      continue;
    each.told = now;
    found_.happened(each.runs->name() + " is assigned " + std::to_string(now.size()));
    each.runs->assign(now);
  }
}

void world::crash(member& which) {
  ++report_.crashes;
  stop(which, "it crashes");
}

void world::stop(member& which, std::string_view why) {
  found_.happened(which.runs->name() + " is gone: " + std::string(why));
  which.runs->crash();
  for (auto& [source, to] : target_)
    if (to == which.runs.get())
      to = nullptr;
}

void world::bury() {
  for (auto& each : members_)
    if (each.runs->alive() && each.runs->has_shut_down()) {
      if (const auto left = each.runs->left_behind(); left > 0 && !troubled_ && report_.faults == 0)
        found_.fail(each.runs->name() + " leaves " + std::to_string(left) +
                    " records, and nothing went wrong");
      stop(each, "it has finished");
    }
  for (auto each = members_.begin(); each != members_.end();) {
    if (each->runs->alive()) {
      ++each;
      continue;
    }
    for (auto& who : peers_)
      if (who.at == each->runs.get())
        let_go(who);
    dead_.push_back(std::move(each->runs));
    each = members_.erase(each);
  }
  dead_.clear();
  for (auto& each : members_)
    each.runs->tidy();
  while (members_.empty() ||
         (static_cast<std::int64_t>(members_.size()) < most_processes_ && dice_.in(40)))
    start_process();
  for (auto& [source, to] : target_)
    if (!to && (quiet_ || dice_.in(20)))
      to = any_process();
}

// --- homes -------------------------------------------------------------------------------------

// Producers send a stream to another partition, once, when all that the one before had of it is
// committed: also to one of a process that has not heard of it, or not of where it stands now.
void world::move_a_stream() {
  const auto& to = partitions_[dice_.below(partitions_.size())];
  std::vector<stream_key> able;
  for (const auto& [stream, home] : log_.streams())
    if (may_move(stream, to))
      able.push_back(stream);
  if (able.empty())
    return;
  const auto& chosen = able[dice_.below(able.size())];
  found_.happened("moves to " + to.to_string() + ": " + chosen.symbol.str() + " " +
                  name_of(chosen.kind));
  log_.moves(chosen, to, stored_.streams().at(chosen).position.epoch.value());
  stored_.replicate();
}

// Alone in its records, and no source of candles that somebody looks at.
bool world::may_move(const stream_key& stream, const topic_partition& to) {
  const auto& home = log_.streams().at(stream);
  const auto& before = log_.at(home);
  const auto makes_candles = [&](const topic_partition& each) {
    const auto& rules = log_.at(each).rules;
    return rules && rules->stream == stream.kind && !log_.is_wanderer(stream.symbol);
  };
  const auto& next = stored_.at(home).next;
  const auto row = stored_.streams().find(stream);
  return home != to && !log_.has_moved(stream) &&
         stream.kind != stream_kind::trade &&
         !(stream.kind == stream_kind::price &&
           log_.streams().contains({stream.symbol, stream_kind::trade})) &&
         !makes_candles(home) && !makes_candles(to) && next && next->value() == before.next &&
         before.eras.back().log + 1 == before.logs.size() && row != stored_.streams().end() &&
         row->second.home == home;
}

// --- what goes wrong ---------------------------------------------------------------------------

void world::fault() {
  ++report_.faults;
  const auto what = dice_.below(20);
  if (what < 3) {
    if (auto* dying = any_process())
      for (auto& each : members_)
        if (each.runs.get() == dying)
          crash(each);
  } else if (what < 6) {
    stored_.up = !stored_.up;
    found_.happened(stored_.up ? "the database is back" : "the database is away");
  } else if (what < 8) {
    stored_.fail_over();
  } else if (what < 12) {
    rebalance();
  } else if (what < 13) {
    replace_a_log();
  } else if (what < 14) {
    expire_records();
  } else if (what < 18) {
    if (auto* one = any_process())
      one->kill_a_stream();
  } else if (what < 19) {
    time_.set_by = std::chrono::milliseconds{dice_.between(-60, 60)};
  } else if (auto* one = any_process()) {
    one->broker_back();
  }
}

void world::rebalance() {
  for (auto& [source, to] : target_)
    if (dice_.in(2))
      to = dice_.in(3) ? nullptr : any_process();
}

// Only where a record of what is there now was applied: without one nothing can tell the logs
// apart.
void world::replace_a_log() {
  const auto& source = partitions_[dice_.below(partitions_.size())];
  auto& log = log_.at(source);
  const auto& row = stored_.at(source);
  if (log.eras.empty() || log.eras.back().log + 1 != log.logs.size() || !row.last_applied)
    return;
  found_.happened("another log: " + source.to_string());
  stored_.replicate(); // nor without the record
  log_.replace(log);
}

// Some that are not committed, up to all there are: who has read them may still commit them.
void world::expire_records() {
  const auto& source = partitions_[dice_.below(partitions_.size())];
  auto& log = log_.at(source);
  const auto& next = stored_.at(source).next;
  if (!next || next->value() >= log.next || log.eras.back().log + 1 != log.logs.size())
    return;
  log.begin = dice_.between(std::max(log.begin, next->value() + 1), log.next);
  found_.happened("expired: " + source.to_string() + " below " + std::to_string(log.begin));
}

void world::look() {
  if (all_.nested())
    return;
  for (const auto& each : members_)
    if (each.runs->alive())
      each.runs->look();
}

} // namespace tradepulse::simulation
