#include "actors/distribution/connection_actor.hpp"

#include <optional>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/actor_rules.hpp"
#include "actors/distribution/connection_session.hpp"
#include "actors/message_types.hpp"

namespace tradepulse {
namespace {

struct shell {
  static constexpr const char* name = "connection";
  std::optional<connection_session> mine;
};

connection_actor::behavior_type behavior(connection_actor::stateful_pointer<shell> self,
                                         connection_options options) {
  obey_house_rules(self);
  // An end without the client's: nobody would hear it any more, so it is sent away.
  at_unasked_end(self, [close = options.close] { close(close_code::internal, "internal error"); });
  auto& mine = self->state.mine.emplace(std::move(options));
  return handlers_of(mine, [self] { self->quit(); });
}

} // namespace

connection_actor::behavior_type handlers_of(connection_session& mine, std::function<void()> end) {
  return {
      [&mine](const client_said& said) { mine.hear(*said.message); },
      [&mine](const outbox_drained&) { mine.drained(); },
      [&mine](const events_diverted& what) { mine.diverted(what); },
      [&mine](const move_diverted& what) { mine.diverted(what); },
      [&mine](const handed_back& answer) { mine.handed(answer); },
      [&mine](const control_refused& answer) { mine.refused(answer); },
      [&mine](const recovery_failed& what) { mine.failed(what); },
      [&mine, end = std::move(end)](const client_gone&) {
        mine.gone();
        end();
      },
  };
}

connection_actor spawn_connection_actor(caf::actor_system& system, connection_options options) {
  return system.spawn(behavior, std::move(options));
}

} // namespace tradepulse
