#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "actors/distribution/delivery_table.hpp"
#include "protocol/websocket_frame.hpp"
#include "tests/actors/support/scripted_outbox.hpp"
#include "tests/actors/support/streams.hpp"

// A delivery table, its metrics and clients that record what they are told.
namespace tradepulse::delivery_testing {

using samples::burst;
using samples::integer;
using samples::member;
using samples::named;
using samples::payloads_of;
using samples::pos;

inline constexpr connection_id alice{1};
inline constexpr connection_id bob{2};
inline constexpr stream_index a{0};
inline constexpr stream_index b{1};

struct recorded_owner : connection_owner {
  void tell(events_diverted what) override { diverted.push_back(std::move(what)); }
  void tell(move_diverted what) override { moves.push_back(std::move(what)); }
  void tell(handed_back what) override { handed.push_back(std::move(what)); }
  void tell(control_refused what) override { waiting.push_back(what); }
  void tell(recovery_failed what) override { failed.push_back(std::move(what)); }
  std::vector<events_diverted> diverted;
  std::vector<move_diverted> moves;
  std::vector<handed_back> handed;
  std::vector<control_refused> waiting;
  std::vector<recovery_failed> failed;
};

struct client {
  std::shared_ptr<samples::scripted_outbox> out = std::make_shared<samples::scripted_outbox>();
  std::shared_ptr<recorded_owner> owner = std::make_shared<recorded_owner>();
  std::vector<std::string> read() { return payloads_of(out->drained()); }
};

inline std::shared_ptr<const price_snapshot> stands_at(std::string_view name, stream_position at) {
  return std::make_shared<const price_snapshot>(
      samples::snapshot(name, at, 100 + at.seq.value(), at.seq.value()));
}

struct DeliveryTable : testing::Test {
  DeliveryTable() : metrics(registry), table(metrics, [this] { ++flushes_asked; }) {
    table.attach(alice, at_alice.out, at_alice.owner, false);
    table.attach(bob, at_bob.out, at_bob.owner, false);
  }
  void open(connection_id who, std::uint64_t group, std::vector<stream_index> streams) {
    open_group request{who, group, std::to_string(group), {}};
    for (auto index : streams)
      request.members.push_back({index, named(index == a ? "A" : "B")});
    table.open(request);
  }
  void join(connection_id who, std::uint64_t group, stream_index index,
            std::shared_ptr<const price_snapshot> at, bool away = false) {
    table.joined({who, group, index, std::move(at), away});
  }
  void say(connection_id who, const std::string& text) {
    auto frame = std::make_shared<std::string>();
    websocket::append_text_frame(*frame, [&](std::string& out) { out += text; });
    table.control({who, frame});
  }
  // Subscribed to A at `at`, everything read.
  void subscribe(connection_id who, stream_position at) {
    open(who, 1, {a});
    join(who, 1, a, stands_at("A", at));
    at_alice.out->drained();
    at_bob.out->drained();
  }
  void deliver(std::int64_t e, std::int64_t first, std::int64_t last) {
    table.deliver(burst(0, "A", e, first, last));
  }
  static handed_item item(stream_position through, std::int64_t first, std::uint64_t group = 1) {
    merged_update update;
    update.symbol = named("A");
    update.epoch = through.epoch;
    update.first_seq = sequence{first};
    update.last_seq = update.price_seq = through.seq;
    update.count = static_cast<std::uint64_t>(through.seq.value() - first + 1);
    handed_item out;
    out.index = a;
    out.group = group;
    out.update = update;
    out.through = through;
    return out;
  }

  metrics::registry registry;
  engine_metrics metrics;
  client at_alice;
  client at_bob;
  int flushes_asked = 0;
  delivery_table table;
};

} // namespace tradepulse::delivery_testing
