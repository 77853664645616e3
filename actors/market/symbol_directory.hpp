#pragma once

#include <array>
#include <atomic>
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
#include "protocol/identifiers.hpp"
#include "protocol/price_burst.hpp"
#include "protocol/price_snapshot.hpp"
#include "protocol/stored_stream.hpp"

namespace tradepulse {

// One symbol of this process, whether it has an actor, a stored row, or only somebody who waits
// for it. Never moved; freed before the directory only where nobody ever had a price for it.
struct symbol_entry {
  static constexpr std::size_t max_io_threads = 16;

  tradepulse::symbol symbol;
  stream_index index;
  // How many subscriptions each I/O thread has; a burst goes only where somebody listens.
  std::array<std::atomic<std::uint32_t>, max_io_threads> interest{};
  // Messages sent to the actor and not yet handled; for /admin.
  std::atomic<std::uint32_t> queued{0};
  std::atomic<std::uint32_t> restarts{0};

  // Under the lock of its shard:
  std::shared_ptr<const price_snapshot> snapshot; // the highest published; null: unknown
  std::unique_ptr<restore_stream> stored;         // what an actor begins with; null: it has one
  std::optional<topic_partition> home;
  symbol_actor actor; // null until the first tick
  // The row as an event of another partition has left it, while that move is not committed.
  std::unique_ptr<stored_stream> uncommitted_move;
  // Its actor died: what it had numbered is gone, only a claim knows where to go on.
  bool needs_restore = false;
  bool away = false;         // its partition is held elsewhere
  bool only_awaited = false; // made by a subscription; counted against the bound until it has data
};

// All symbols of the process. REST and introspection read snapshots here without a message.
// Thread: any; every call is short and never waits for an actor.
class symbol_directory {
 public:
  using spawner = std::function<symbol_actor(symbol_entry&)>;

  explicit symbol_directory(std::size_t max_unknown);
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
  // Entries in the order of their symbols, behind `after`, at most `limit`; only those that have a
  // snapshot, if asked for.
  std::vector<std::shared_ptr<symbol_entry>> list(std::string_view after, std::size_t limit) const;
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
  void restore(const topic_partition& source, generation gen, stored_stream stored);
  // The symbol's actor; made now where it has none, with what is stored of it. Null where only a
  // claim can tell what to begin with, and while the process ends.
  struct routed {
    symbol_actor actor;
    symbol_entry* entry = nullptr;
  };
  routed actor_for(const symbol& name, const topic_partition& source);
  // The actor died: there is none until the next restore(). Does nothing where another one has
  // taken its place already. True: it was the symbol's actor.
  bool forget_actor(const symbol& name, std::uint64_t actor_id);
  // Symbols whose home is this partition and that have an actor, or had one that died: also of one
  // that was never committed only a claim can say so.
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
  // `io_thread`. Requires: enter() before.
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
  void becomes_known(symbol_entry& entry);
  bool is_away(const std::optional<topic_partition>& home) const;
  template <class Message>
  void tell_interested(const symbol_entry& entry, const Message& message) const;

  const std::size_t max_unknown_;
  mutable std::array<shard, shard_count> shards_;
  spawner spawn_;
  std::vector<fan_out_actor> fan_outs_;
  std::atomic<std::size_t> known_{0};
  std::atomic<std::size_t> unknown_{0};
  std::atomic<std::size_t> actors_{0};
  std::atomic<bool> ended_{false};

  mutable std::mutex index_mutex_;
  using entry_list = std::vector<std::shared_ptr<symbol_entry>>;
  std::shared_ptr<symbol_entry> at(stream_index index) const;
  entry_list by_index_; // null: free
  std::vector<std::uint32_t> free_indices_;
  mutable std::shared_ptr<const entry_list> sorted_; // null: to be made again

  mutable std::mutex assignment_mutex_;
  std::optional<std::unordered_set<topic_partition>> assigned_; // absent before the first one
};

} // namespace tradepulse
