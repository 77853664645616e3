#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/actors/distribution/delivery_world.hpp"
#include "tests/actors/support/fake_history.hpp"

// A delivery table for clients that come back.
namespace tradepulse::delivery_testing {

using samples::burst;

using texts = std::vector<std::string>;

inline texts members(const texts& messages, std::string_view key) {
  texts out;
  for (const auto& each : messages)
    out.push_back(member(each, key).value_or("-"));
  return out;
}

struct question {
  stream_index index;
  recall_events what;
};

// A delivery table whose clients come back; the test is the memory and the journal.
struct Returning : testing::Test {
  explicit Returning(std::size_t at_once = 8, std::size_t streams = 16)
      : Returning(at_once, streams, &journal) {}
  Returning(std::size_t at_once, std::size_t streams, history_source* history)
      : metrics(registry), table(
                               metrics, [] {}, options(at_once, streams, history)) {
    table.attach(alice, at_alice.out, at_alice.owner, false);
    table.attach(bob, at_bob.out, at_bob.owner, false);
  }
  recovery_options options(std::size_t at_once, std::size_t streams, history_source* history) {
    recovery_options out;
    out.history = history;
    out.recall = [this](const stream_key&, stream_index index, recall_events what) {
      questions.push_back({index, what});
    };
    out.post = out.post_behind = [](const std::function<void()>& task) { task(); };
    out.at_once_per_connection = at_once;
    out.streams_at_once = streams;
    out.now = [this] { return clock; };
    return out;
  }

  void come_back(connection_id who, std::uint64_t group, std::vector<stream_index> streams,
                 since_point since) {
    open_group request{who, group, std::to_string(group), {}};
    for (auto index : streams)
      request.members.push_back({index, named(index == a ? "A" : "B"), since});
    table.open(request);
  }
  static recalled_events memory(stream_position from, stream_position newest) {
    recalled_events out;
    out.published = stands_at("A", newest);
    out.highest = out.newest = newest;
    out.from = from;
    out.settled = out.final_below = true;
    return out;
  }
  // The i-th question is answered so.
  void answer(std::size_t i, recalled_events what) {
    const auto& asked = questions.at(i);
    table.recalled(
        {asked.what.connection, asked.what.group, asked.what.ask, asked.index, std::move(what)});
  }
  // Memory has everything from `first` to `last` of epoch e.
  void answer(std::size_t i, std::int64_t e, std::int64_t first, std::int64_t last) {
    auto what = memory(pos(e, first), pos(e, last));
    const auto& asked = questions.at(i);
    if (asked.what.limit > 0)
      what.burst = burst(asked.index.value(), asked.index == a ? "A" : "B", e, first, last);
    answer(i, std::move(what));
  }
  void deliver(std::int64_t e, std::int64_t first, std::int64_t last) {
    table.deliver(burst(0, "A", e, first, last));
  }
  // Alice stands at 1/5, memory begins at 1/20, and the journal is asked for what is between.
  void ask_the_journal() {
    come_back(alice, 1, {a}, pos(1, 5));
    answer(0, memory(pos(1, 20), pos(1, 25)));
    answer(1, memory(pos(1, 20), pos(1, 25)));
    at_alice.read();
  }

  samples::fake_history journal;
  std::vector<question> questions;
  std::chrono::steady_clock::time_point clock;
  metrics::registry registry;
  engine_metrics metrics;
  client at_alice;
  client at_bob;
  delivery_table table;
};

} // namespace tradepulse::delivery_testing
