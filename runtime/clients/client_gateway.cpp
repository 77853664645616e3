#include "runtime/clients/client_gateway.hpp"

#include <caf/send.hpp>

#include "actors/distribution/connection_actor.hpp"
#include "actors/message_types.hpp"
#include "adapters/json/client_message_parser.hpp"
#include "runtime/rest/query_string.hpp"

namespace tradepulse {
namespace {

// What the delivery table has to say goes to the connection's actor.
class actor_owner final : public connection_owner {
 public:
  explicit actor_owner(connection_actor to) : to_(std::move(to)) {}
  void tell(events_diverted what) override { caf::anon_send(to_, std::move(what)); }
  void tell(move_diverted what) override { caf::anon_send(to_, std::move(what)); }
  void tell(handed_back what) override { caf::anon_send(to_, std::move(what)); }
  void tell(control_refused what) override { caf::anon_send(to_, std::move(what)); }
  void tell(recovery_failed what) override { caf::anon_send(to_, std::move(what)); }

 private:
  connection_actor to_;
};

class handler final : public client_handler {
 public:
  handler(connection_id id, connection_actor actor, io_shard& shard, actor_board& board,
          std::shared_ptr<actor_card> card, client_message_limits limits)
      : id_(id), actor_(std::move(actor)), io_(*shard.io), table_(*shard.table), board_(board),
        card_(std::move(card)), limits_(limits) {}

  void on_text(std::string_view message) override {
    auto said = std::make_shared<const client_message>(parse_client_message(message, limits_));
    caf::anon_send(actor_, client_said{std::move(said)});
  }

  void on_drained() override {
    table_.drained(id_);
    caf::anon_send(actor_, outbox_drained{});
  }

  void on_closed(close_code code) override {
    // Not at once: this may come from within a push, while the table walks its lists.
    io_.post([&table = table_, id = id_] { table.detach(id); });
    board_.remove(*card_);
    caf::anon_send(actor_, client_gone{code});
    actor_ = nullptr;
  }

 private:
  connection_id id_;
  connection_actor actor_;
  io_thread& io_;
  delivery_table& table_;
  actor_board& board_;
  std::shared_ptr<actor_card> card_;
  client_message_limits limits_;
};

class turned_away final : public client_handler {
  void on_text(std::string_view) override {}
  void on_drained() override {}
  void on_closed(close_code) override {}
};

} // namespace

std::shared_ptr<client_handler> client_gateway::opened(const client_info& client,
                                                       std::shared_ptr<outbox> out) {
  if (!parts_.open()) {
    out->close(close_code::try_again_later, R"({"retry_after_ms":1000})");
    return std::make_shared<turned_away>();
  }
  auto& shard = parts_.shards->at(client.io_thread);
  const auto question = client.target.find('?');
  const query_string query(question == std::string::npos
                               ? std::string_view{}
                               : std::string_view(client.target).substr(question + 1));
  connection_options options;
  options.id = client.id;
  options.io_thread = client.io_thread;
  options.numbers_as_strings = query.value("numbers") == "string";
  options.max_subscriptions = parts_.max_subscriptions;
  options.lossless_bytes = parts_.max_lossless_bytes;
  options.directory = parts_.directory;
  options.card = parts_.board->make("connection", std::to_string(client.id.value()) + "@" +
                                                      client.remote_address);
  options.close = [io = shard.io, out](close_code code, std::string_view reason) {
    io->post([out, code, text = std::string(reason)] { out->close(code, text); });
  };
  auto card = options.card;
  const bool strings = options.numbers_as_strings;
  auto actor = spawn_connection_actor(*parts_.system, std::move(options));
  shard.table->attach(client.id, std::move(out), std::make_shared<actor_owner>(actor), strings);
  client_message_limits limits;
  limits.max_bytes = parts_.max_message_bytes;
  limits.max_symbols = parts_.max_subscriptions;
  limits.candles = parts_.candles;
  return std::make_shared<handler>(client.id, std::move(actor), shard, *parts_.board,
                                   std::move(card), limits);
}

} // namespace tradepulse
