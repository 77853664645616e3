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
  self->attach_functor([fatal](const caf::error& why) {
    if (why && why != caf::exit_reason::user_shutdown)
      fatal("a fan-out actor failed");
  });
  return {
      [=](const burst_ptr& burst) { io->post([table, burst] { table->deliver(burst); }); },
      [=](const stream_joined& answer) { io->post([table, answer] { table->joined(answer); }); },
      [=](const stream_moved& to) { io->post([table, to] { table->moved(to); }); },
      [=](const stream_away& what) { io->post([table, what] { table->away(what); }); },
      [=](const stream_back& what) { io->post([table, what] { table->back(what); }); },
      [=](const open_group& request) { io->post([table, request] { table->open(request); }); },
      [=](const leave_streams& request) { io->post([table, request] { table->leave(request); }); },
      [=](const hand_back& handed) { io->post([table, handed] { table->take_back(handed); }); },
      [=](const control_frame& frame) { io->post([table, frame] { table->control(frame); }); },
  };
}

} // namespace

fan_out_actor spawn_fan_out_actor(caf::actor_system& system, io_thread& io, delivery_table& table,
                                  std::function<void(std::string why)> fatal) {
  return system.spawn(behavior, &io, &table, std::move(fatal));
}

} // namespace tradepulse
