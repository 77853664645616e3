#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include <caf/fwd.hpp>

#include "actors/actor_card.hpp"
#include "actors/fwd.hpp"
#include "actors/market/symbol_directory.hpp"
#include "protocol/error_codes.hpp"
#include "protocol/identifiers.hpp"

namespace tradepulse {

struct connection_options {
  connection_id id;
  std::size_t io_thread = 0;
  bool numbers_as_strings = false;
  std::size_t max_subscriptions = 10'000;
  // Requests and answers behind one that cannot be written yet; beyond it the client is a slow
  // consumer.
  std::size_t max_waiting_answers_bytes = 256 * 1'024;
  // The most that one hand-back of merged updates may hold.
  std::size_t hand_back_bytes = 512 * 1'024;
  symbol_directory* directory = nullptr; // outlives the actor
  std::shared_ptr<actor_card> card;
  // Ends the connection; may be called from any thread, more than once.
  std::function<void(close_code, std::string_view reason)> close;
};

// Owns every decision about one client: its subscriptions, what it gets while it is slow, when it
// is closed. It is not a station on the way of a frame.
connection_actor spawn_connection_actor(caf::actor_system& system, connection_options options);

} // namespace tradepulse
