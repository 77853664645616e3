#include <utility>

#include "tests/simulation/database.hpp"

// A writer's connection: what it asks may fail before the server has heard of it, and behind what
// the server has done.
namespace tradepulse::simulation {

bool simulated_store::gone() {
  return !at_.up || !alive_ || std::exchange(server_, at_.server()) != at_.server();
}

std::optional<error> simulated_store::trouble() {
  hold_up();
  if (gone() || dice_.percent(at_.rates.lost))
    return error{errc::database_unavailable, "no connection"};
  if (dice_.percent(at_.rates.busy))
    return error{errc::database_busy, "a lock"};
  return std::nullopt;
}

std::optional<error> simulated_store::unanswered() {
  hold_up();
  if (gone() || dice_.percent(at_.rates.lost))
    return error{errc::database_unavailable, "the connection is gone"};
  return std::nullopt;
}

result<claimed_partition> simulated_store::claim(const topic_partition& source,
                                                 std::string_view owner) {
  if (auto fault = trouble())
    return std::move(*fault);
  auto& greatest = claimed_[source];
  auto out = at_.claim(source, std::string(owner), greatest);
  greatest = out.gen;
  if (auto fault = unanswered())
    return std::move(*fault);
  return out;
}

result<claimed_partition> simulated_store::reposition(const repositioning& move) {
  if (auto fault = trouble())
    return std::move(*fault);
  auto out = at_.move(move);
  if (auto fault = unanswered())
    return std::move(*fault);
  if (!out)
    return error{errc::database_refused, "fenced"};
  return std::move(*out);
}

commit_outcome simulated_store::commit(const range_commit& work) {
  auto mine = database::copy_of(work);
  if (auto fault = trouble()) {
    if (fault->code == errc::database_busy)
      return try_again{std::move(*fault)};
    return outcome_unknown{std::move(*fault)};
  }
  rows_refused refused;
  for (const auto& row : work.rows)
    if (!row.position_only && at_.refused(row.stream.key()))
      refused.rows.push_back({row.stream.key(), "22003", "out of range"});
  if (!refused.rows.empty())
    return refused;
  if (dice_.percent(at_.rates.unknown)) {
    at_.leave_floating(std::move(mine));
    if (dice_.in(2))
      at_.settle_floating(work.source);
    return outcome_unknown{{errc::database_unavailable, "no answer"}};
  }
  const bool done = at_.commit(mine);
  if (auto fault = unanswered())
    return outcome_unknown{std::move(*fault)};
  if (!done)
    return fenced{};
  return committed{work.rows.size()};
}

result<void> simulated_store::release(const topic_partition& source, generation gen) {
  if (auto fault = trouble())
    return std::move(*fault);
  if (auto& row = at_.at(source); row.gen == gen)
    row.owner.reset();
  return {};
}

result<std::optional<partition_row>> simulated_store::look_at(const topic_partition& source) {
  if (auto fault = trouble())
    return std::move(*fault);
  const auto& row = at_.at(source);
  partition_row out;
  out.source = source;
  out.gen = row.gen;
  out.owner = row.owner;
  out.next = row.next;
  out.epoch_floor = row.floor;
  return std::optional{out};
}

result<void>
simulated_store::for_each_stream(std::size_t,
                                 const std::function<void(std::vector<stored_stream>)>& take) {
  std::vector<stored_stream> all;
  for (const auto& [name, stream] : at_.streams())
    all.push_back(stream);
  take(std::move(all));
  return {};
}

result<std::vector<stored_stream>> simulated_store::load(std::span<const stream_key> streams) {
  if (auto fault = trouble())
    return std::move(*fault);
  std::vector<stored_stream> out;
  for (const auto& name : streams)
    if (const auto found = at_.streams().find(name); found != at_.streams().end())
      out.push_back(found->second);
  hold_up();
  return out;
}

result<std::vector<stored_candle>>
simulated_store::load_candles(const stream_key& source, std::span<const candle_key> which) {
  if (auto fault = trouble())
    return std::move(*fault);
  auto out = at_.candles(source, which);
  hold_up();
  return out;
}

} // namespace tradepulse::simulation
