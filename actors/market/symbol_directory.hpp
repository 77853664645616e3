#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "actors/fwd.hpp"
#include "actors/market/symbol_entry.hpp"
#include "actors/market/symbol_index.hpp"

namespace tradepulse {

// All symbols of the process. REST and introspection read snapshots here without a message.
// Thread: any; every call is short and never waits for an actor.
class symbol_directory {
 public:
  using spawner = std::function<symbol_actor(symbol_entry&, std::shared_ptr<symbol_state>)>;

  // `max_unknown`: symbols that somebody waits for and nobody has seen. An actor that has had no
  // event for `passivate_after` ends within the same time again, and its state stays here.
  explicit symbol_directory(std::size_t max_unknown, std::size_t ring_events = 1'024,
                            std::chrono::seconds passivate_after = std::chrono::minutes{1});
  ~symbol_directory();

  // Before anything else. `fan_outs[i]` serves I/O thread i.
  void connect(spawner spawn, std::vector<fan_out_actor> fan_outs);
  // Ends every symbol actor and makes no new ones.
  void end_actors();
  // Lets go of the fan-out actors. After every actor has ended.
  void disconnect();

  // --- what is known ---
  enum class lookup_state : std::uint8_t { found, unknown, not_owner };
  struct lookup {
    lookup_state state = lookup_state::unknown;
    std::shared_ptr<const price_snapshot> snapshot;
  };
  lookup find(const symbol& name) const;
  // Entries in the order of their symbols, behind `after`, at most `limit`.
  std::vector<std::shared_ptr<symbol_entry>> list(std::string_view after, std::size_t limit) const {
    return index_.list(after, limit);
  }
  lookup read(const symbol_entry& entry) const;
  std::size_t size() const noexcept { return known_.load(std::memory_order_relaxed); }
  std::size_t actors() const noexcept { return actors_.load(std::memory_order_relaxed); }
  std::optional<topic_partition> home_of(const symbol& name) const;

  // --- the market side ---
  // At start, before the first assignment: stored rows answer.
  void preload(std::vector<stored_stream> rows);
  // From the first assignment on, symbols of partitions that are not assigned are `not_owner`.
  void set_assignment(const std::vector<topic_partition>& assigned);
  // The state of a claim of `source`: to the actor where there is one, else kept for it. Not where
  // the stream has gone on to another partition in this process.
  void restore(const topic_partition& source, stored_stream stored);
  // The symbol's actor, for one message that is counted here already; made now where it has none,
  // with what is known of it. Null where only a claim can tell what to begin with, and while the
  // process ends.
  symbol_actor actor_for(const symbol& name, const topic_partition& source);
  // The actor died (absent: whichever it has): there is none until the next restore(). Does nothing
  // where another one has taken its place already. True: it was the symbol's actor.
  bool forget_actor(const symbol& name, std::optional<std::uint64_t> actor_id = {});
  // Once a second, by one thread: asks actors without work to end. A part of the symbols each time.
  void passivate_idle();
  // By the symbol's actor that was asked. True: `state` is kept here, and the actor ends. False:
  // something is on its way to it, or a move of its home is not committed.
  bool passivate(symbol_entry& entry, std::uint64_t actor_id, std::shared_ptr<symbol_state> state);
  // Symbols whose home is this partition and of which memory may be ahead of the database, or has
  // lost what it was ahead: also of one that was never committed only a claim can say so.
  std::vector<symbol> active_at(const topic_partition& home) const;
  symbol_actor find_actor(const symbol& name) const;
  // By the symbol's actor, when an event of another partition has moved the stream's home.
  // `row` is the stream's row right after the move.
  void move_home(symbol_entry& entry, const stored_stream& row);
  // That move is in the database.
  void home_committed(symbol_entry& entry, epoch committed);
  // By the symbol's actor: the newest state. Never goes back within an epoch (the actor's duty).
  void publish(symbol_entry& entry, std::shared_ptr<const price_snapshot> snapshot);
  const std::vector<fan_out_actor>& fan_outs() const noexcept { return fan_outs_; }

  // --- the client side ---
  struct subscription_ticket {
    stream_index index;
    bool refused = false; // the bound on symbols nobody has seen
  };
  // Counts the interest; makes the entry where there is none (bounded). Does not join yet.
  subscription_ticket enter(const symbol& name, std::size_t io_thread);
  // Has the stream joined in the order of its data: `stream_joined` comes to the fan-out actor of
  // `io_thread` before every burst above its snapshot. Requires: enter() before.
  void join(stream_index index, std::size_t io_thread, connection_id connection,
            std::uint64_t group);
  // Gives the interest back; the entry of a symbol that nobody has seen goes with the last one.
  void leave(stream_index index, std::size_t io_thread);

 private:
  static constexpr std::size_t shard_count = 64;
  struct shard {
    mutable std::mutex mutex;
    std::unordered_map<symbol, std::shared_ptr<symbol_entry>> entries;
  };

  shard& shard_of(const symbol& name) const;
  symbol_entry& make_entry(shard& in, const symbol& name);
  symbol_entry& entry_of(shard& in, const symbol& name);
  std::shared_ptr<symbol_state> new_state(const symbol_entry& entry) const;
  bool is_idle(const symbol_entry& entry) const;
  void becomes_known(symbol_entry& entry);
  bool is_away(const std::optional<topic_partition>& home) const;
  template <class Message>
  void tell_interested(const symbol_entry& entry, const Message& message) const;

  const std::size_t max_unknown_;
  const std::size_t ring_events_;
  const std::uint32_t passivate_after_; // seconds
  mutable std::array<shard, shard_count> shards_;
  spawner spawn_;
  std::vector<fan_out_actor> fan_outs_;
  std::atomic<std::size_t> known_{0};
  std::atomic<std::size_t> unknown_{0};
  std::atomic<std::size_t> actors_{0};
  std::atomic<bool> ended_{false};
  std::atomic<std::uint32_t> seconds_{0}; // calls of passivate_idle()
  std::size_t next_shard_ = 0;            // of passivate_idle()
  symbol_index index_;

  mutable std::mutex assignment_mutex_;
  std::optional<std::unordered_set<topic_partition>> assigned_; // absent before the first one
};

} // namespace tradepulse
