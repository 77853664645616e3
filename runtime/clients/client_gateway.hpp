#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include <caf/fwd.hpp>

#include "actors/actor_card.hpp"
#include "actors/distribution/delivery_table.hpp"
#include "actors/market/symbol_directory.hpp"
#include "protocol/candle_interval.hpp"
#include "protocol/ports/client_connection.hpp"

namespace tradepulse {

// One I/O thread's share of the distribution.
struct io_shard {
  io_thread* io = nullptr;
  std::unique_ptr<delivery_table> table;
};

// Gives each WebSocket connection its actor and its place in the delivery table.
class client_gateway final : public client_service {
 public:
  struct parts {
    caf::actor_system* system = nullptr;
    symbol_directory* directory = nullptr;
    actor_board* board = nullptr;
    std::vector<io_shard>* shards = nullptr;
    std::size_t max_subscriptions = 10'000;
    std::size_t max_message_bytes = 64 * 1'024;
    std::size_t max_lossless_bytes = 4 * 1'024 * 1'024;
    // Whether clients are served yet; until then they are sent away with 1013.
    std::function<bool()> open;
    candle_intervals candles = {}; // that there are
  };
  explicit client_gateway(parts given) : parts_(std::move(given)) {}

  std::shared_ptr<client_handler> opened(const client_info& client,
                                         std::shared_ptr<outbox> out) override;

 private:
  parts parts_;
};

} // namespace tradepulse
