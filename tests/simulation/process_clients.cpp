#include <utility>

#include <caf/typed_event_based_actor.hpp>

#include "actors/tell.hpp"
#include "tests/simulation/process_ports.hpp"

// A process's clients, and what is looked at.
namespace tradepulse::simulation {

// --- clients: what the gateway does --------------------------------------------------------------

namespace {

class owner final : public connection_owner {
 public:
  owner(connection_actor to, client& who) : to_(std::move(to)), who_(who) {}
  void tell(events_diverted what) override { tradepulse::tell(to_, std::move(what)); }
  void tell(move_diverted what) override {
    who_.is_moved(what.before, *what.moved.snapshot);
    tradepulse::tell(to_, std::move(what));
  }
  void tell(handed_back what) override { tradepulse::tell(to_, std::move(what)); }
  void tell(control_refused what) override { tradepulse::tell(to_, std::move(what)); }
  void tell(recovery_failed what) override { tradepulse::tell(to_, std::move(what)); }

 private:
  connection_actor to_;
  client& who_;
};

} // namespace

std::shared_ptr<process::connection> process::connect(client& who) {
  const auto made = std::make_shared<connection>();
  made->who = &who;
  made->id = connection_id{connections_.size() + 1};
  made->out = std::make_shared<simulated_outbox>(with_.outbox_bytes);
  made->address =
      stand_in_for<connection_actor>(world_.system, world_.all, name_ + " " + who.name(), alive_);
  addresses_.push_back(caf::actor_cast<caf::strong_actor_ptr>(made->address));
  connection_options options;
  options.id = made->id;
  options.lossless_bytes = with_.lossless_bytes;
  options.hand_back_bytes = with_.hand_back_bytes;
  options.directory = &directory_;
  options.card = board_.make("connection", std::to_string(made->id.value()));
  options.close = [this, at = made.get()](close_code code, std::string_view) {
    send_away(*at, code);
  };
  options.time = &world_.time;
  made->mine.emplace(std::move(options));
  auto& place = behind(made->address);
  place.handlers = std::move(handlers_of(*made->mine, [&place] { place.end(); }).unbox());
  connections_.push_back(made);
  io_port_->post([this, made] {
    table_.attach(made->id, made->out, std::make_shared<owner>(made->address, *made->who), false);
  });
  who.connected();
  return made;
}

void process::say(connection& from, client_message what) {
  io_port_->post([&from, said = std::make_shared<const client_message>(std::move(what))] {
    if (!from.gone)
      tell(from.address, client_said{said});
  });
}

void process::drain(connection& of) {
  std::string text;
  const bool owed = of.out->drain(text);
  of.who->receive(text);
  if (owed)
    io_port_->post([this, &of] {
      if (of.gone)
        return;
      table_.drained(of.id);
      tell(of.address, outbox_drained{});
    });
}

void process::send_away(connection& which, close_code code) {
  io_port_->post([this, &which, code] {
    which.out->close(code, {});
    which.ended = which.ended.value_or(code);
    hang_up(which);
  });
}

void process::hang_up(connection& which) {
  which.out->cut = true;
  io_port_->post([this, &which] {
    if (std::exchange(which.gone, true))
      return;
    io_port_->post([this, id = which.id] { table_.detach(id); });
    tell(which.address, client_gone{close_code::normal});
  });
}

bool process::is_open(const connection& which) {
  return !which.out->cut && !which.ended;
}
bool process::has_ended(const connection& which) {
  return which.ended.has_value();
}
close_code process::ended_with(const connection& which) {
  return *which.ended;
}
simulated_outbox& process::outbox_of(connection& which) {
  return *which.out;
}

// --- what is looked at -------------------------------------------------------------------------

void process::look() {
  for (const auto& [stream, home] : world_.log.streams())
    look(stream);
  for (const auto& [stream, home] : world_.log.candle_streams())
    look(stream);
}

void process::look(const stream_key& stream) {
  const auto now = directory_.find(stream).snapshot;
  if (!now)
    return;
  auto& before = published_[stream];
  if (now->position == before)
    return;
  const auto there = world_.log.count(stream, now->position.epoch.value());
  const auto what =
      name_ + ": what was published of " + stream.symbol.str() + " " + name_of(stream.kind);
  if (now->position < before)
    world_.found.fail(what + " goes back");
  else if (!there || now->position.seq.value() > *there)
    world_.found.fail(what + " does not exist");
  before = now->position;
}

std::string process::at_rest() const {
  if (credit_->in_use().events != 0)
    return name_ + " holds the credit of " + std::to_string(credit_->in_use().events) + " records";
  if (window_->in_flight() != 0)
    return name_ + " holds the passage of " + std::to_string(window_->in_flight()) + " records";
  if (counted_.ranges_in_flight.value() != 0)
    return name_ + " has " + std::to_string(counted_.ranges_in_flight.value()) +
           " ranges in flight";
  // One that has given up the work of a claim waits for the next one, wherever that is.
  if (directory_.actors() != 0 && !assigned_.empty())
    return name_ + " has " + std::to_string(directory_.actors()) + " actors without work";
  if (counted_.recovering.value() != 0)
    return name_ + " has " + std::to_string(counted_.recovering.value()) + " that catch up";
  return {};
}

} // namespace tradepulse::simulation
