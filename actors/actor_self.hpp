#pragma once

#include <chrono>
#include <functional>
#include <variant>

namespace tradepulse {

// What a state machine has of the actor around it, and nothing more: so the same machine runs where
// there is none (tests/simulation). `Later`: what it tells itself.
template <class Address, class... Later>
struct actor_self {
  // By which others reach it. Made anew at each call: kept in the machine it would keep the actor.
  std::function<Address()> address;
  // It hears that after so long.
  std::function<void(std::chrono::milliseconds, std::variant<Later...>)> later;
  // Nothing more reaches it.
  std::function<void()> end;
};

} // namespace tradepulse
