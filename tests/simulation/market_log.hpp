#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "protocol/ports/log_inspector.hpp"
#include "protocol/record.hpp"
#include "protocol/stream_kind.hpp"
#include "protocol/stream_position.hpp"
#include "tests/actors/support/fake_decoder.hpp"
#include "tests/simulation/candle_book.hpp"

namespace tradepulse::simulation {

// What a record feeds its stream with.
struct happening {
  std::int64_t offset = 0;
  std::int64_t whole = 0;                  // the price
  std::int64_t ms = 0;                     // event time, after some_time
  bool late = false;                       // in its epoch
  std::shared_ptr<const candle> made = {}; // of a stream of candles, which has no price
};
// Everything that ever happens in one epoch of a stream, from number 1.
using history = std::vector<happening>;

// The log of all partitions, and what it means: which event has which number is worked out here
// once more, from the log and the places where the database was told to begin a new epoch.
class market_log {
 public:
  struct entry {
    std::int64_t offset = 0;
    std::int64_t append_ms = 0;
    std::string value;
    std::vector<stream_key> feeds; // empty: none
    std::int64_t whole = 0;
    std::int64_t ms = 0;
    bool bad = false; // goes to the dead letters
  };
  // From `start` on in that log, streams have this epoch.
  struct era {
    std::int64_t epoch = 1;
    std::size_t log = 0;
    std::int64_t start = 0;
    std::size_t known = 0; // entries that are in `streams`
    std::map<stream_key, history> streams;
    // Candles: what all of the log makes, and what a transaction has taken of it.
    std::optional<candle_book> ahead;
    std::shared_ptr<const candle_book> committed;
    // By stream, then epoch; one that has begun and has no number yet is empty.
    std::map<stream_key, std::map<std::int64_t, std::vector<candle_fact>>> candles;
  };
  struct partition {
    topic_partition source;
    std::vector<std::vector<entry>> logs; // the last one is there now
    std::int64_t begin = 0;               // of it; what is below has expired
    std::int64_t next = 0;                // one past the last record
    std::int64_t markers = 0;             // behind it: offsets that no record has
    std::vector<era> eras;
    std::optional<candle_source> rules; // of candles; absent: none are made of it

    const std::vector<entry>& now() const { return logs.back(); }
    std::int64_t end() const { return next + markers; }
  };

  void add_partition(const topic_partition& source);
  partition& at(const topic_partition& source) { return partitions_.at(source); }
  std::map<topic_partition, partition>& all() { return partitions_; }
  void homes(const stream_key& stream, const topic_partition& source) { homes_[stream] = source; }
  // Its records come from another partition from now on; once in a run. The database has all that
  // came from the one before, and the stream in that epoch.
  void moves(const stream_key& stream, const topic_partition& to, std::int64_t last_epoch);
  bool has_moved(const stream_key& stream) const { return moved_.contains(stream); }
  // That records feed.
  const std::map<stream_key, topic_partition>& streams() const { return homes_; }
  // Its prices may move, and candles are made of them: then which of them close before the move is
  // no matter of one log alone. Nobody says what they have to be, and no client asks for them.
  // Before makes_candles().
  void wanders(const symbol& name) { wanderers_.insert(name); }
  bool is_wanderer(const symbol& name) const { return wanderers_.contains(name); }
  // Candles are made of this partition's streams of one kind. Behind all homes().
  void makes_candles(const topic_partition& source, const candle_source& rules);
  const std::map<stream_key, topic_partition>& candle_streams() const { return candle_homes_; }

  // `skip`: offsets that no record has, as behind a marker.
  void append(partition& to, entry what, std::int64_t skip);
  void replace(partition& which);
  void begin_era(const topic_partition& source, std::int64_t epoch, std::int64_t start);

  // Events of an epoch. Absent: the stream has no such epoch.
  std::optional<std::int64_t> count(const stream_key& stream, std::int64_t epoch);
  // Null: the stream has no such epoch. Of a stream that records feed.
  const history* of(const stream_key& stream, std::int64_t epoch);
  // The epoch of the newest era, whether the stream has an event in it or not.
  std::int64_t epoch_now(const stream_key& stream);
  // Where the stream will stand when all has been read; 0/0: nothing ever happened.
  stream_position end_of(const stream_key& stream);
  // The epoch that a stream has in an era of that partition: its own, or that which a move begins.
  std::int64_t epoch_in(const era& of, const stream_key& stream,
                        const topic_partition& source) const;
  // The number of the event that the record at that offset is in the era; 0: it is not.
  std::int64_t number_of(era& in, const stream_key& stream, const topic_partition& source,
                         std::int64_t offset);

  // --- streams of candles (market_candles.cpp) ---
  struct facts_of_era {
    std::size_t era = 0;
    const std::vector<candle_fact>* facts = nullptr; // null: the stream has no such epoch
  };
  facts_of_era candles(const stream_key& stream, std::int64_t epoch);
  // Whether the epoch's last event is that one: the stream goes on in a later epoch of this log.
  bool is_whole(const stream_key& stream, stream_position at);
  // All of the log of the era in which source streams have that epoch. Null: there is none.
  const candle_book* book(const stream_key& stream, std::int64_t source_epoch);
  const candle_book* book_now(const stream_key& stream); // of the newest era
  candle_record record_of(const topic_partition& source, const entry& of) const;

  static const entry* find(const std::vector<entry>& log, std::int64_t offset);
  // A batch of what the reader has next. `bytes` of the views are the batch's own.
  static std::shared_ptr<const record_batch> batch(const topic_partition& source, generation gen,
                                                   const std::vector<const entry*>& entries);
  static std::uint64_t digest(const entry& of);
  log_state state(const topic_partition& source, std::optional<record_offset> asked);

 private:
  void learn(const topic_partition& source, era& of);
  void learn_candles(const topic_partition& source, era& of, const entry& each);
  stream_position end_of_candles(const stream_key& stream);
  const topic_partition& home_in(const stream_key& stream, std::int64_t epoch) const;

  std::map<topic_partition, partition> partitions_;
  std::map<stream_key, topic_partition> homes_; // now
  struct home_before {
    topic_partition source;
    std::int64_t last_epoch = 0;
  };
  std::map<stream_key, home_before> moved_;
  std::map<stream_key, topic_partition> candle_homes_; // but for those of wanderers
  std::set<symbol> wanderers_;
};

} // namespace tradepulse::simulation
