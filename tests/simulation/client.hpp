#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/ports/client_connection.hpp"
#include "tests/simulation/database.hpp"
#include "tests/simulation/market_log.hpp"

namespace tradepulse::simulation {

// A socket that takes nothing until the world says so: bounded in bytes, each slice whole or not at
// all.
class simulated_outbox final : public outbox {
 public:
  explicit simulated_outbox(std::size_t limit) : limit_(limit) {}

  push_outcome push(frame_slice frames) override;
  void flush() override {}
  std::size_t queued_bytes() const noexcept override { return queued_.size(); }
  void close(close_code, std::string_view) override { sealed = true; }

  // What reaches the client. True: on_drained() is due.
  bool drain(std::string& into);

  bool sealed = false; // by the engine: nothing more is taken
  bool cut = false;    // by the client, or with the process

 private:
  std::size_t limit_;
  std::string queued_;
  bool owes_drained_ = false;
};

// A client that believes nothing, and comes back with the positions it has. On each stream each
// number comes once and in order, or a gap says which do not come; each value is the one of the
// log; what was merged adds up.
class client {
 public:
  client(std::string name, std::vector<stream_key> streams, market_log& log, const database& stored,
         verdict& found)
      : name_(std::move(name)), wanted_(std::move(streams)), log_(log), stored_(stored),
        found_(found) {}

  const std::string& name() const noexcept { return name_; }
  const std::vector<stream_key>& wanted() const noexcept { return wanted_; }

  // A new connection: nothing is subscribed.
  void connected();
  // What it says to have one of its streams: with its position, where it has one and wants so; or
  // with a time.
  client_message subscribe(const stream_key& stream, bool with_position,
                           std::optional<time_ms> since = {});
  client_message unsubscribe(const stream_key& stream);
  bool is_subscribed(const stream_key& stream) const;
  bool may_leave(const stream_key& stream) const;
  // The engine is about to take its subscription over what others have stored.
  void is_moved(stream_position from, const stream_head& to);
  void receive(std::string_view frames);
  // Of a subscription that has all that its log has so far.
  bool has_all(const stream_key& stream);
  std::string where(const stream_key& stream) const;
  // At the very end: of an epoch that it was told to be over no more than that is kept.
  void look_back();

 private:
  // Of a stream of candles: what was shown that has no number.
  struct shown_candles {
    stream_position through;          // of the source
    time_ms closed = time_ms::min();  // start of the newest that was closed by a number
    std::map<time_ms, candle> newest; // of those that are open
    std::set<time_ms> provisional;    // of these
    void begin(epoch source);
  };
  struct subscription {
    bool asked = false;    // and not answered
    bool with = false;     // its position
    std::optional<time_ms> since; // instead
    bool answered = false; // and not left
    stream_position position;
    bool epoch_ended = false;  // a gap said so: the next one is of a later epoch
    bool snapshot_due = false; // at `position`
    bool refused = false;      // its position: an error says so, then a snapshot may come
    int left = 0;              // `unsubscribed` that are still to come
    shown_candles candles;
  };
  using json = std::string_view;

  void told(json text);
  void subscribed(json text);
  void placed(json text, const stream_key& stream, subscription& of, stream_position first);
  void unsubscribed(json text);
  void missed(json text);
  void failed(json text);
  void snapshot(json text, const stream_key& stream, subscription& of);
  void update(json text, const stream_key& stream, subscription& of);
  bool goes_on(json text, const stream_key& stream, subscription& of, stream_position first,
               stream_position last);
  void shows(json text, const stream_key& stream, const history& events, std::int64_t first,
             std::int64_t last);
  // --- candles (client_candles.cpp) ---
  void closed(json text, const stream_key& stream, subscription& of);
  void view(json text, const stream_key& stream, subscription& of);
  bool is_shown(const stream_key& stream, const subscription& of);
  subscription* live(json text, const stream_key& stream);
  void fail(json text, const std::string& what);
  void expect(json text, bool holds, std::string_view what) {
    if (!holds)
      fail(text, std::string(what));
  }

  std::string name_;
  std::vector<stream_key> wanted_;
  market_log& log_;
  const database& stored_;
  verdict& found_;
  std::map<stream_key, subscription> subscriptions_;
  std::set<std::pair<stream_key, epoch>> moved_; // out of that epoch, on this connection
  struct ending {
    stream_key stream;
    epoch of;
    std::int64_t last = 0;
    std::string said;
  };
  std::vector<ending> endings_;
  // A position stands for one event: which log it is of, by stream and epoch of candles.
  std::map<std::pair<stream_key, std::int64_t>, std::size_t> eras_;
};

} // namespace tradepulse::simulation
