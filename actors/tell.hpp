#pragma once

#include <utility>

#include <caf/send.hpp>

#include "actors/fwd.hpp"
#include "actors/message_types.hpp"

namespace tradepulse {

// Says something to an actor, from whatever thread: it is heard behind what was said to it before,
// and never blocks. A null address, or one of an actor that has ended, is nobody's.
template <class Address, class Message>
void tell(const Address& to, Message&& what) {
  caf::anon_send(to, std::forward<Message>(what));
}

} // namespace tradepulse
