#include "actors/distribution/fan_out_actor.hpp"

#include <caf/typed_event_based_actor.hpp>

#include "actors/actor_rules.hpp"
#include "actors/io_thread_actor.hpp"
#include "actors/message_types.hpp"
#include "protocol/carry_on.hpp"

namespace tradepulse {
namespace {

template <class What>
auto on(delivery_table& table, void (delivery_table::*hear)(const What&)) {
  return [&table, hear](const What& what) {
    carry_on("fan-out", [&] { (table.*hear)(what); });
  };
}

class shell final : public io_thread_actor<fan_out_actor::base> {
 public:
  shell(caf::actor_config& config, io_thread& io, delivery_table* table,
        const std::function<void(std::string)>& fatal)
      : io_thread_actor(config, io), table_(*table) {
    obey_house_rules(this);
    at_unasked_end(this, [fatal] { fatal("a fan-out actor failed"); });
  }
  const char* name() const override { return "fan_out"; }
  behavior_type make_behavior() override { return handlers_of(table_); }

 private:
  delivery_table& table_;
};

} // namespace

fan_out_actor::behavior_type handlers_of(delivery_table& table) {
  return {
      on(table, &delivery_table::deliver),  on(table, &delivery_table::show),
      on(table, &delivery_table::joined),   on(table, &delivery_table::recalled),
      on(table, &delivery_table::settled),  on(table, &delivery_table::moved),
      on(table, &delivery_table::away),     on(table, &delivery_table::back),
      on(table, &delivery_table::recall),   on(table, &delivery_table::open),
      on(table, &delivery_table::leave),    on(table, &delivery_table::take_back),
      on(table, &delivery_table::control),
  };
}

fan_out_actor spawn_fan_out_actor(caf::actor_system& system, io_thread& io, delivery_table& table,
                                  std::function<void(std::string why)> fatal) {
  return system.spawn<shell>(std::ref(io), &table, std::move(fatal));
}

} // namespace tradepulse
