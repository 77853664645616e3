#include "actors/distribution/fan_out_actor.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/actor_rules.hpp"
#include "actors/message_types.hpp"

namespace tradepulse {
namespace {

struct shell {
  static constexpr const char* name = "fan_out";
};

fan_out_actor::behavior_type behavior(fan_out_actor::stateful_pointer<shell> self, io_thread* io,
                                      delivery_table* table,
                                      const std::function<void(std::string)>& fatal) {
  obey_house_rules(self);
  at_unasked_end(self, [fatal] { fatal("a fan-out actor failed"); });
  return handlers_of(*io, *table);
}

} // namespace

fan_out_actor::behavior_type handlers_of(io_thread& io, delivery_table& table) {
  return {
      [&io, &table](const burst_ptr& burst) { io.post([&table, burst] { table.deliver(burst); }); },
      [&io, &table](const candle_shown& what) { io.post([&table, what] { table.show(what); }); },
      [&io, &table](const stream_joined& answer) {
        io.post([&table, answer] { table.joined(answer); });
      },
      [&io, &table](const stream_recalled& answer) {
        io.post([&table, answer] { table.recalled(answer); });
      },
      [&io, &table](const partition_settled& what) {
        io.post([&table, what] { table.settled(what); });
      },
      [&io, &table](const stream_moved& to) { io.post([&table, to] { table.moved(to); }); },
      [&io, &table](const stream_away& what) { io.post([&table, what] { table.away(what); }); },
      [&io, &table](const stream_back& what) { io.post([&table, what] { table.back(what); }); },
      [&io, &table](const recall_lost& what) { io.post([&table, what] { table.lost(what); }); },
      [&io, &table](const open_group& request) {
        io.post([&table, request] { table.open(request); });
      },
      [&io, &table](const leave_streams& request) {
        io.post([&table, request] { table.leave(request); });
      },
      [&io, &table](const hand_back& handed) {
        io.post([&table, handed] { table.take_back(handed); });
      },
      [&io, &table](const control_frame& frame) {
        io.post([&table, frame] { table.control(frame); });
      },
  };
}

fan_out_actor spawn_fan_out_actor(caf::actor_system& system, io_thread& io, delivery_table& table,
                                  std::function<void(std::string why)> fatal) {
  return system.spawn(behavior, &io, &table, std::move(fatal));
}

} // namespace tradepulse
