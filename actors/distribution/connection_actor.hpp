#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include <caf/fwd.hpp>
#include <caf/typed_behavior.hpp>

#include "actors/actor_card.hpp"
#include "actors/fwd.hpp"
#include "actors/market/symbol_directory.hpp"
#include "protocol/error_codes.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/ports/clock.hpp"

namespace tradepulse {

struct connection_options {
  connection_id id;
  std::size_t io_thread = 0;
  bool numbers_as_strings = false;
  std::size_t max_subscriptions = 10'000;
  // Requests and answers behind one that cannot be written yet; beyond it the client is a slow
  // consumer.
  std::size_t max_waiting_answers_bytes = 256 * 1'024;
  // What may wait of its lossless streams (trades, klines), over all of them; beyond it the client
  // is a slow consumer.
  std::size_t lossless_bytes = 4 * 1'024 * 1'024;
  // The most that one hand-back of what waits may hold.
  std::size_t hand_back_bytes = 512 * 1'024;
  symbol_directory* directory = nullptr; // outlives the actor
  std::shared_ptr<actor_card> card;
  // Ends the connection; may be called from any thread, more than once.
  std::function<void(close_code, std::string_view reason)> close;
  const clock* time = &process_clock();
};

class connection_session;
// What the actor does with each message; `end`: nothing more reaches it.
connection_actor::behavior_type handlers_of(connection_session& mine, std::function<void()> end);

// Owns every decision about one client: its subscriptions, what it gets while it is slow, when it
// is closed. It is not a station on the way of a frame.
connection_actor spawn_connection_actor(caf::actor_system& system, connection_options options);

} // namespace tradepulse
