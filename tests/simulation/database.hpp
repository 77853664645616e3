#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "protocol/ports/history.hpp"
#include "protocol/ports/range_store.hpp"
#include "tests/simulation/market_log.hpp"
#include "tests/simulation/turns.hpp"

namespace tradepulse::simulation {

// How much goes wrong, in percent of the calls; all 0: nothing does any more.
struct troubles {
  bool operator==(const troubles&) const = default;

  std::size_t busy = 0;         // an error, and the connection is good
  std::size_t lost = 0;         // the connection is gone, before or behind what was asked
  std::size_t unknown = 0;      // a commit, of which nobody knows what it came to
  std::size_t refused_rows = 0; // by the data
  std::size_t behind = 0;       // pages of a server that lags
  std::size_t unread = 0;       // pages that nobody answers
  std::size_t letters = 0;      // refused by the dead-letter topic
  std::size_t inspections = 0;  // of the log, without an answer
  std::size_t read_faults = 0;
};

// The database: transactions, generations, fencing, the journal. Each commit is compared with what
// the log means, so what is stored is always a function of the log.
class database {
 public:
  database(chance& dice, verdict& found, market_log& log) : dice_(dice), found_(found), log_(log) {}

  struct row {
    generation gen{0};
    std::optional<std::string> owner;
    std::optional<next_offset> next;
    epoch floor{1};
    std::string cluster_id;
    std::optional<applied_record> last_applied;
    std::optional<time_ms> journal_time;
    std::optional<time_ms> watermark;
  };
  struct kept {
    happening what;
    time_ms commit_time;
    std::uint64_t transaction = 0;
  };
  struct numbered {
    stream_key stream;
    stream_position at;
    happening what;
  };
  // A commit, with everything in it.
  struct transaction {
    range_commit head; // without views
    std::vector<numbered> events;
  };

  row& at(const topic_partition& source) { return rows_[source]; }
  const std::map<stream_key, stored_stream>& streams() const { return streams_; }

  claimed_partition claim(const topic_partition& source, const std::string& owner,
                          generation at_least);
  std::optional<claimed_partition> move(const repositioning& what);
  // Closed candles that are made from `source`, as they are in the table.
  std::vector<stored_candle> candles(const stream_key& source,
                                     std::span<const candle_key> which) const;
  // False: fenced. What it commits is looked at.
  bool commit(const transaction& what);
  // Its connection is gone; the server goes on with it, until somebody wants the row, or never.
  void leave_floating(transaction what);
  void settle_floating(const topic_partition& source);
  // The last transactions are lost with the server that had them; all connections, too.
  void fail_over();
  // What was committed so far is on every server.
  void replicate() { undo_.clear(); }
  std::uint64_t server() const noexcept { return server_; }
  history_page page(const history_query& query, std::uint64_t transactions_behind);
  // The lowest position of the journal that was not committed before, on any server.
  std::optional<stream_position> first_since(const stream_key& stream, time_ms time) const;
  bool is_loose(const stream_key& stream) const { return loose_.contains(stream); }
  // How many events of the epoch the journal has.
  std::int64_t kept_of(const stream_key& stream, epoch of) const;
  bool is_untimed(const stream_key& stream) const { return untimed_.contains(stream); }
  bool refused(const stream_key& stream);

  static transaction copy_of(const range_commit& work);

  troubles rates;
  bool up = true;
  // The records whose letters were confirmed: partition, offset, digest.
  std::set<std::tuple<topic_partition, std::int64_t, std::uint64_t>> letters;
  std::uint64_t commits = 0;

 private:
  claimed_partition granted(const topic_partition& source) const;
  void look_at(const transaction& what, market_log::era& in);
  void look_at_row(const stream_row& of, market_log::era& in, stream_position last);
  // --- candles (database_candles.cpp) ---
  void look_at_candles(const transaction& what, market_log::era& in);
  void look_at_table(const range_commit& head, const std::vector<candle_book::made>& made,
                     const candle_book& book);
  void look_at_epochs(const range_commit& head, const candle_book& before,
                      const candle_book& after);
  // Behind the commit: what the next claim brings is what the log makes.
  void look_at_states(const topic_partition& source, const candle_book& book);
  // Returns what puts it back.
  std::function<void()> store_candles(const range_commit& head);
  void fail(const std::string& what) { found_.fail("the database: " + what); }

  chance& dice_;
  verdict& found_;
  market_log& log_;
  std::map<topic_partition, row> rows_;
  std::map<stream_key, stored_stream> streams_;
  std::map<stream_key, std::map<std::int64_t, std::vector<kept>>> journal_;
  // The transactions of rows that say that an epoch has begun, and no more.
  std::map<std::pair<stream_key, epoch>, std::uint64_t> begun_;
  // When each was committed first, also where that was lost.
  std::map<stream_key, std::map<stream_position, time_ms>> commit_times_;
  std::map<std::pair<stream_key, time_ms>, closed_candle> candles_; // by stream and start
  std::map<stream_key, epoch> candle_epochs_; // of the source, by whose events the state is
  std::map<topic_partition, transaction> floating_;
  std::deque<std::function<void()>> undo_; // of the last commits
  std::map<stream_key, int> refusals_;     // that are still to come
  std::set<stream_key> loose_;             // rows that were refused: shown by nobody any more
  std::set<stream_key> untimed_;           // of these: the time of their newest event, too
  std::uint64_t server_ = 1;
};

// Kinds that the journal keeps.
inline bool is_kept(stream_kind kind) {
  return kind != stream_kind::quote;
}

// One connection to it, of one writer.
class simulated_store final : public range_store {
 public:
  simulated_store(database& at, turns& all, chance& dice, const bool& alive)
      : at_(at), turns_(all), dice_(dice), alive_(alive), server_(at.server()) {}

  result<claimed_partition> claim(const topic_partition& source, std::string_view owner) override;
  result<claimed_partition> reposition(const repositioning& move) override;
  commit_outcome commit(const range_commit& work) override;
  result<void> release(const topic_partition& source, generation gen) override;
  result<std::optional<partition_row>> look_at(const topic_partition& source) override;
  result<void>
  for_each_stream(std::size_t slice,
                  const std::function<void(std::vector<stored_stream>)>& take) override;
  result<std::vector<stored_stream>> load(std::span<const stream_key> streams) override;
  result<std::vector<stored_candle>> load_candles(const stream_key& source,
                                                  std::span<const candle_key> which) override;
  result<void> clear_stopped() override { return {}; }

 private:
  // What goes wrong before the server has heard of it.
  std::optional<error> trouble();
  // Nothing: it answered. Behind what it has done.
  std::optional<error> unanswered();
  bool gone(); // the connection is
  void hold_up() { turns_.hold_up(turns_.calls_held_up); }

  database& at_;
  turns& turns_;
  chance& dice_;
  const bool& alive_;
  std::uint64_t server_;
  std::map<topic_partition, generation> claimed_; // the greatest, of each
};

// The journal as others read it.
class simulated_history final : public history_source {
 public:
  simulated_history(database& at, turns& all, chance& dice, const bool& alive)
      : at_(at), turns_(all), dice_(dice), alive_(alive) {}
  void read(history_query query, history_answer then) override;

 private:
  history_query shared(history_query query);

  database& at_;
  turns& turns_;
  chance& dice_;
  const bool& alive_;
};

} // namespace tradepulse::simulation
