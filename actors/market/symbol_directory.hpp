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
#include "actors/market/candle_options.hpp"
#include "actors/market/recalled_events.hpp"
#include "actors/market/symbol_entry.hpp"
#include "actors/market/symbol_index.hpp"

namespace tradepulse {

// All streams of the process. REST and introspection read snapshots here without a message.
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
    head_ptr snapshot;
  };
  lookup find(const stream_key& name) const;
  // At most `limit` behind `after`: streams of `price` in the order of their symbols, and all in
  // the order of symbols and kinds.
  std::vector<std::shared_ptr<symbol_entry>> list(std::string_view after, std::size_t limit) const {
    return index_.list_prices(after, limit);
  }
  std::vector<std::shared_ptr<symbol_entry>> list_all(const stream_key& after,
                                                      std::size_t limit) const {
    return index_.list_all(after, limit);
  }
  lookup read(const symbol_entry& entry) const;
  // With a price.
  std::size_t size() const noexcept { return known_.load(std::memory_order_relaxed); }
  std::size_t actors() const noexcept { return actors_.load(std::memory_order_relaxed); }
  // Up to which number events of the epoch wait for their commit although the stream has gone on
  // to a later one, from another partition. Absent: what the database has of it, asked later, is
  // all that it will ever have.
  std::optional<sequence> waits_still(const stream_key& name, epoch of) const;
  // Whether that is so of any epoch but the newest.
  bool waits_still(const stream_key& name) const;
  std::optional<topic_partition> home_of(const stream_key& name) const;

  // --- the market side ---
  // At start, before the first assignment: stored rows answer.
  void preload(std::vector<stored_stream> rows);
  // From the first assignment on, symbols of partitions that are not assigned are `not_owner`.
  void set_assignment(const std::vector<topic_partition>& assigned);
  // How many partitions there are, also those that others hold: a symbol that nobody has seen here
  // may live in any of them. From any thread.
  void set_listed_partitions(std::size_t count);
  // The state of a claim of `source`: to the actor where there is one, else kept for it. Not where
  // the stream has gone on to another partition in this process. With it go the streams of the
  // candles that are made from it. `looked_up`: nor where memory has as much; what the partition that
  // it came from has not committed yet may be on its way to its actor.
  void restore(const topic_partition& source, stored_stream stored,
               const candle_claim& candles = {}, bool looked_up = false);
  // By the stream's actor, of a claim that was sent to it: whether another partition has moved the
  // stream on since its row was read. That claim is not its home's any more.
  bool has_moved_on(const symbol_entry& entry, const restore_stream& claim) const;
  // By the same, of a claim that is still its home's: the row right after a move that events of that
  // partition have begun meanwhile, and that is not committed. Absent: none.
  std::optional<stored_stream> moved_meanwhile(const symbol_entry& entry,
                                               const restore_stream& claim) const;
  // By the worker of a stream that candles are made from: the entries of their streams, and the
  // board of all of them. No board where another stream was first: it has them all.
  candle_outlets outlets_of(symbol_entry& source, candle_intervals intervals);
  // How far their streams are numbered.
  std::shared_ptr<const stored_candles> numbered_candles(const candle_outlets& of) const;
  // The open candles of a symbol, of every interval, as they were shown last.
  std::vector<candle_view> views_of(const symbol& name) const;
  // Candles of a stream that are closed and may not be in the tables yet.
  std::vector<waiting_candles> waiting_candles_of(const stream_key& name) const;
  // By the actor of such a stream when it has restored itself: behind all that it has sent before.
  void restore_candles(const restore_stream& claim);
  // Whether memory says where the stream goes on with an event of this partition. False: another
  // process may have numbered it meanwhile, also where its home was held here all the time; restore()
  // of what the database knows has to come first.
  bool can_number(const stream_key& name, const topic_partition& source) const;
  // Whether what the database then said of it is still to be restored: not where a claim of its home
  // has come here meanwhile, which has brought the same or more.
  bool can_use(const stored_stream& found, const topic_partition& source) const;
  // By a partition whose claim has restored its streams, until it ends or another claim came first:
  // what this process has of them is the newest there is.
  void hold(const topic_partition& source);
  void let_go(const topic_partition& source);
  // The symbol's actor, for one message that is counted here already; made now where it has none,
  // with what is known of it. Null where only a claim can tell what to begin with, and while the
  // process ends.
  symbol_actor actor_for(const stream_key& name, const topic_partition& source);
  // For what this partition brings without events: a time at which candles close. Absent: the
  // stream's events come from another one, whose times its candles go by. Null: as above.
  std::optional<symbol_actor> actor_at(const stream_key& name, const topic_partition& source);
  // The actor died: there is none until the next restore(). Does nothing where another one has
  // taken its place already. True: it was the symbol's actor.
  bool forget_actor(const stream_key& name, std::uint64_t actor_id);
  // Whether only a claim can make another actor of it.
  bool needs_restore(const stream_key& name) const;
  // By the stream's worker, behind forget_actor(): the partition that is its home has to claim.
  void tell_partition(const symbol_entry& entry) const;
  // By a partition actor at its beginning and at its end, for that.
  void set_partition(const topic_partition& source, partition_actor actor);
  void remove_partition(const topic_partition& source, const partition_actor& actor);
  // Once a second, by one thread: asks actors without work to end. A part of the symbols each time.
  void passivate_idle();
  // By the symbol's actor that was asked. True: `state` is kept here, and the actor ends. False:
  // something is on its way to it, or a move of its home is not committed.
  bool passivate(symbol_entry& entry, std::uint64_t actor_id, std::shared_ptr<symbol_state> state);
  // Streams whose home is this partition, or is about to be by events that it has sent them, and of
  // which this process has something, or has lost it: of one that a claim does not bring, only the
  // database can say that it is not stored. One that never was committed is not; nor one whose only
  // transaction was lost with its server, although it has done nothing here since it was loaded.
  std::vector<stream_key> active_at(const topic_partition& home) const;
  symbol_actor find_actor(const stream_key& name) const;
  // By the symbol's actor, when an event of another partition has moved the stream's home.
  // `row` is the stream's row right after the move; `waits`: what the home before has not
  // committed.
  void move_home(symbol_entry& entry, const stored_stream& row,
                 std::optional<waiting_ranges::earlier> waits = {});
  // That move is in the database, or has been lost with its claim and is not to come again.
  void home_committed(symbol_entry& entry, epoch committed);
  // That claim is over, or about to be: what it has not committed will be read again. Said before
  // the first of its ranges is thrown away, so that who finds one gone finds this said.
  void unsettle(const topic_partition& source, generation lost);
  // The same, by a new owner that does not know which claim was before.
  void unsettle(const topic_partition& source);
  bool settled(const topic_partition& source) const;
  // Under this claim everything has been read that the log had when it was made.
  void settle(const topic_partition& source, generation gen);
  // By the symbol's actor: the newest state. Never goes back within an epoch (the actor's duty).
  void publish(symbol_entry& entry, head_ptr snapshot);
  const std::vector<fan_out_actor>& fan_outs() const noexcept { return fan_outs_; }

  // --- the client side ---
  struct subscription_ticket {
    stream_index index;
    bool refused = false; // the bound on symbols nobody has seen
  };
  // Counts the interest; makes the entry where there is none (bounded). Does not join yet.
  subscription_ticket enter(const stream_key& name, std::size_t io_thread);
  // Has the stream joined in the order of its data: `stream_joined` comes to the fan-out actor of
  // `io_thread` before every burst above its snapshot. Requires: enter() before.
  void join(stream_index index, std::size_t io_thread, connection_id connection,
            std::uint64_t group);
  // What memory has of the stream goes to the fan-out actor of the question's I/O thread, in the
  // order of its bursts: those above `newest` come behind it. No answer where the symbol is another
  // one by now, or its actor dies before (recall_again follows).
  void recall(const stream_key& name, stream_index index, const recall_events& question);
  // By the symbol's actor, for such a question.
  void answer(symbol_entry& entry, const recall_events& question, recalled_events found);
  // Gives the interest back; the entry of a symbol that nobody has seen goes with the last one.
  void leave(stream_index index, std::size_t io_thread);

 private:
  static constexpr std::size_t shard_count = 64;
  struct shard {
    mutable std::mutex mutex;
    std::unordered_map<stream_key, std::shared_ptr<symbol_entry>> entries;
  };

  shard& shard_of(const stream_key& name) const;
  symbol_entry& make_entry(shard& in, const stream_key& name);
  symbol_entry& entry_of(shard& in, const stream_key& name);
  bool are_free(const symbol& name, candle_intervals intervals) const;
  std::shared_ptr<symbol_state> new_state(const symbol_entry& entry) const;
  symbol_actor at_work(symbol_entry& entry);
  candle_view_ptr view_of(const symbol_entry& entry) const;
  bool is_idle(const symbol_entry& entry) const;
  static bool is_elsewhere(const symbol_entry& entry, const topic_partition& source,
                           const stored_stream& stored);
  bool is_of_another_claim(const symbol_entry& entry, const topic_partition& source,
                           const stored_stream& stored) const;
  static std::optional<stored_stream> begun_here(const symbol_entry& entry,
                                                 const stored_stream& stored);
  void becomes_known(symbol_entry& entry);
  bool is_away(const std::optional<topic_partition>& home) const;
  void look_whether_all_are_held();
  bool is_settled(const topic_partition& source) const;
  bool is_settled_at(const std::optional<topic_partition>& home) const;
  void tell_settled(const topic_partition& source) const;
  void ask(symbol_entry& entry, recall_events question) const;
  void send_recalled(symbol_entry& entry, const recall_events& question,
                     recalled_events found) const;
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
  std::mutex outlets_mutex_; // taken before the lock of a shard

  mutable std::mutex assignment_mutex_;
  std::optional<std::unordered_set<topic_partition>> assigned_; // absent before the first one
  std::size_t listed_partitions_ = 0;                           // 0: not known yet
  struct claim_progress {
    generation lost{-1};
    generation settled{-1};
  };
  std::unordered_map<topic_partition, claim_progress> claims_;
  std::uint64_t times_settled_ = 0; // all of them
  std::unordered_set<topic_partition> held_;
  std::atomic<bool> all_held_{false};
  std::unordered_map<topic_partition, partition_actor> partitions_;
};

} // namespace tradepulse
