#pragma once

#include <exception>
#include <string>

#include <caf/actor_system.hpp>
#include <caf/make_message.hpp>
#include <caf/message_view.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>

#include "actors/actor_self.hpp"
#include "protocol/log.hpp"

namespace tradepulse {

inline std::string exception_text(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "not a std::exception";
  }
}

// What every long-lived actor does instead of CAF's defaults: errors sent back do not end it,
// unknown messages are logged and dropped, an exception is logged and ends it (its supervisor
// acts).
inline void obey_house_rules(caf::scheduled_actor* self) {
  self->set_error_handler([](caf::scheduled_actor* me, caf::error& why) {
    log::warning("actor_error_message",
                 {{"actor", me->name()}, {"error", me->system().render(why)}});
  });
  self->set_default_handler(
      [](caf::scheduled_actor* me, caf::message_view&) -> caf::result<caf::message> {
        log::error("unexpected_message", {{"actor", me->name()}});
        if (me->current_message_id().is_request())
          return caf::sec::unexpected_message;
        return caf::make_message();
      });
  self->set_exception_handler(
      [](caf::scheduled_actor* me, std::exception_ptr& thrown) -> caf::error {
        log::error("actor_failed", {{"actor", me->name()}, {"error", exception_text(thrown)}});
        return caf::sec::runtime_error;
      });
}

// The machine's side of an actor that runs under CAF.
template <class Address, class... Later, class Pointer>
actor_self<Address, Later...> self_of(Pointer self) {
  return {[self] { return Address{self}; },
          [self](std::chrono::milliseconds delay, std::variant<Later...> what) {
            std::visit([&](auto& each) { self->delayed_send(self, delay, std::move(each)); }, what);
          },
          [self] { self->quit(); }};
}

// Does it where the actor ends without having been asked to.
template <class Then> // void()
void at_unasked_end(caf::local_actor* self, Then then) {
  self->attach_functor([then = std::move(then)](const caf::error& why) {
    if (why && why != caf::exit_reason::user_shutdown)
      then();
  });
}

} // namespace tradepulse
