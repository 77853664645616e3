#include "tests/simulation/world.hpp"

#include <algorithm>
#include <utility>

#include "tests/actors/support/kinds.hpp"
#include "tests/actors/support/samples.hpp"

namespace tradepulse::simulation {
namespace {

constexpr auto a_second = std::chrono::milliseconds{20}; // of the supervisor's

} // namespace

world::world(caf::actor_system& addresses, std::uint64_t seed)
    : system_(addresses), dice_(seed), time_(seed), all_(dice_, time_, found_),
      stored_(dice_, found_, log_), outside_{dice_, time_, found_, all_, log_, stored_, system_} {
  all_.step = [this] { step(); };
  choose_settings();
  choose_candles();
  make_market();
  make_clients();
}

world::~world() {
  all_.step = [] {};
  peers_.clear();
  members_.clear();
  dead_.clear();
}

// --- a run -------------------------------------------------------------------------------------

report world::run(std::function<void(std::string_view)> look) {
  found_.look = std::move(look);
  if (candles_)
    found_.happened(rules_of_candles());
  start_process();
  for (auto& each : target_)
    each.second = any_process();
  for (auto left = dice_.between(400, 1'200); left > 0 && !found_.failed(); --left) {
    if (auto* leaving = dice_.in(500) ? any_process() : nullptr) {
      found_.happened("is to end: " + leaving->name());
      leaving->shut_down();
    }
    step();
    bury();
  }
  if (!found_.failed())
    come_to_rest();
  report_.failure = found_.failure();
  report_.trace = found_.trace();
  report_.commits = stored_.commits;
  return report_;
}

void world::step() {
  ++report_.steps;
  const auto what = dice_.below(100);
  if (what < 60)
    anything();
  else if (what < 72)
    poll() || (anything(), true);
  else if (what < 78)
    produce();
  else if (what < 90)
    act(peers_[dice_.below(peers_.size())]);
  else if (what < 95)
    pass_time();
  else if (what < 98)
    tell_assignments(false);
  else if (!quiet_ && dice_.below(8) < fault_percent_)
    fault();
  look();
}

void world::anything() {
  if (all_.deliver() || poll() || all_.ring())
    return;
  pass_time();
}

bool world::poll() {
  std::vector<std::pair<process*, const topic_partition*>> able;
  for (const auto& each : members_)
    for (const auto& source : partitions_)
      if (each.runs->alive() && each.runs->can_poll(source))
        able.emplace_back(each.runs.get(), &source);
  if (able.empty())
    return false;
  const auto [who, source] = able[dice_.below(able.size())];
  who->poll(*source);
  return true;
}

void world::pass_time() {
  if (all_.ring())
    return;
  time_.elapsed += std::chrono::milliseconds{dice_.between(1, 4)};
  if (time_.elapsed < next_second_)
    return;
  next_second_ = time_.elapsed + a_second;
  for (const auto& each : members_)
    if (each.runs->alive())
      each.runs->second();
}

market_log::entry world::event_of(const stream_key& stream, bool on_time) {
  market_log::entry made;
  made.append_ms = time_.market().count();
  made.whole = dice_.between(1, 999);
  made.ms = on_time ? made.append_ms : event_time(made.append_ms);
  made.feeds.push_back(stream);
  const auto text =
      stream.symbol.str() + " " + std::to_string(made.whole) + " " + std::to_string(made.ms);
  if (stream.kind == stream_kind::trade) {
    made.feeds.push_back({stream.symbol});
    made.value = "@trade " + text;
  } else if (stream.kind == stream_kind::quote) {
    made.value = "@quote " + text;
  } else if (stream.kind == samples::minutes) {
    made.value = "@kline " + text;
  } else {
    made.value = text;
  }
  return made;
}

void world::produce() {
  if (records_left_ == 0)
    return;
  --records_left_;
  ++report_.records;
  if (dice_.in(3))
    move_a_stream();
  auto& to = log_.at(partitions_[dice_.below(partitions_.size())]);
  std::vector<stream_key> here;
  for (const auto& [stream, home] : log_.streams())
    if (home == to.source)
      here.push_back(stream);
  if (candles_ && dice_.in(30)) // nothing happens for a while
    time_.ahead += length_of(candles_->rules->intervals.shortest()) * dice_.between(1, 5);
  market_log::entry made;
  made.append_ms = time_.market().count();
  const auto what = dice_.below(20);
  if (what == 0) {
    made.bad = true;
    made.value = "!bad_json";
  } else if (what == 1) {
    made.value = dice_.in(2) ? "~aggTrade" : "";
  } else if (what < 4 && !said_.empty() &&
             log_.streams().at(said_.back().feeds.front()) == to.source) {
    made = said_.back(); // a double
    made.append_ms = time_.market().count();
  } else if (!here.empty()) {
    made = event_of(here[dice_.below(here.size())]);
    said_.push_back(made);
  }
  found_.happened("a record: " + made.value);
  // Not in a log that came for another one: the record to know it by may have been left out.
  const bool skips = to.logs.size() == 1 && dice_.in(6);
  log_.append(to, std::move(made), skips ? dice_.between(1, 3) : 0);
}

// --- clients -----------------------------------------------------------------------------------

void world::let_go(peer& who) {
  // What was on its way comes, or does not.
  if (who.at->alive() ? process::has_ended(*who.link) : dice_.in(2)) {
    std::string rest;
    process::outbox_of(*who.link).drain(rest);
    who.who->receive(rest);
  }
  if (process::has_ended(*who.link) && process::ended_with(*who.link) == close_code::internal)
    found_.fail(who.who->name() + " was sent away: internal");
  who.link.reset();
  who.at = nullptr;
}

void world::act(peer& who) {
  if (!who.link) {
    if (auto* to = owner_ ? owner_ : any_process(); to && dice_.in(2)) {
      found_.happened(who.who->name() + " connects to " + to->name());
      who.at = to;
      who.link = to->connect(*who.who);
    }
    return;
  }
  if (!who.at->alive() || !process::is_open(*who.link))
    return let_go(who);
  const auto what = dice_.below(20);
  const auto& wanted = who.who->wanted();
  const auto& stream = wanted[dice_.below(wanted.size())];
  if (what < 11) {
    who.at->drain(*who.link);
  } else if (what < 17) {
    if (!who.who->is_subscribed(stream)) {
      const bool knows = quiet_ || dice_.percent(80);
      std::optional<time_ms> since;
      if (!knows && dice_.in(2))
        since = time_.wall() - std::chrono::milliseconds{dice_.between(
                                   -10, time_.market().count())};
      who.at->say(*who.link, who.who->subscribe(stream, knows, since));
    }
  } else if (what == 17) {
    who.at->say(*who.link, ping_message{});
  } else if (!quiet_ && what == 18) {
    if (who.who->may_leave(stream) && dice_.in(3))
      who.at->say(*who.link, who.who->unsubscribe(stream));
  } else if (!quiet_ && dice_.in(4)) {
    found_.happened(who.who->name() + " hangs up");
    who.at->hang_up(*who.link);
    let_go(who);
  }
}

// --- rest --------------------------------------------------------------------------------------

std::string world::what_is_missing() {
  for (const auto& source : partitions_) {
    const auto& log = log_.at(source);
    const auto& row = stored_.at(source);
    if (!row.next || row.next->value() < log.next || row.next->value() > log.end())
      return source.to_string() + " is committed up to " +
             (row.next ? std::to_string(row.next->value()) : "nothing") + ", its log ends at " +
             std::to_string(log.next);
    if (!log.eras.empty() && log.eras.back().log + 1 != log.logs.size())
      return source.to_string() + " is read from a log that is no more";
  }
  for (const auto& each : peers_)
    for (const auto& stream : each.who->wanted())
      if (!each.who->has_all(stream)) {
        const auto end = log_.end_of(stream);
        return each.who->where(stream) + ", it ends at " + std::to_string(end.epoch.value()) + "/" +
               std::to_string(end.seq.value());
      }
  for (const auto& each : members_)
    if (auto why = each.runs->at_rest(); !why.empty())
      return why;
  return {};
}

void world::come_to_rest() {
  found_.happened("nothing goes wrong any more");
  quiet_ = true;
  stored_.rates = {};
  stored_.up = true;
  records_left_ = 0;
  // By the next event at the latest everything is noticed: a server that was replaced behind the
  // last commit, an actor that failed without work.
  for (const auto& [stream, home] : log_.streams())
    log_.append(log_.at(home), event_of(stream), 0);
  close_candles();
  all_.sends_held_up = all_.calls_held_up = 0;
  for (auto& each : members_)
    if (each.runs->is_shutting_down())
      stop(each, "its deadline is over");
  bury();
  auto* owner = owner_ = any_process();
  for (auto& [source, to] : target_)
    to = owner;
  for (auto& each : peers_)
    if (each.link && each.at != owner) {
      if (each.at->alive() && process::is_open(*each.link))
        each.at->hang_up(*each.link);
      let_go(each);
    }
  // A client that reads hundreds of events by pages of one takes its time; one that stands still
  // does not.
  std::string missing;
  for (auto left = 400, in_all = 4'000; left > 0 && in_all > 0 && !found_.failed();
       --left, --in_all) {
    tell_assignments(true);
    for (auto i = 0; i < 60 && !found_.failed(); ++i) {
      step();
      if (i % 4 == 0)
        for (auto& each : peers_) {
          if (!each.link && owner) {
            each.at = owner;
            each.link = owner->connect(*each.who);
          }
          act(each);
        }
      look();
      bury();
    }
    if (const auto now = what_is_missing(); now != missing) {
      missing = now;
      left = 400;
    }
    if (missing.empty()) {
      for (auto& each : peers_)
        each.who->look_back();
      return;
    }
  }
  found_.fail("it does not come to rest: " + missing);
}

} // namespace tradepulse::simulation
