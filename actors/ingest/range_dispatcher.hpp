#pragma once

#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "actors/engine_metrics.hpp"
#include "actors/fwd.hpp"
#include "actors/ingest/ingest_range.hpp"
#include "actors/market/symbol_directory.hpp"
#include "actors/messages.hpp"
#include "protocol/ports/dead_letter_sink.hpp"

namespace tradepulse {

// Hands a range to its participants: each slot to its symbol's actor, each record that cannot be
// used to the dead-letter producer; and keeps count of what is under way until it is committed.
// Belongs to one partition actor.
class range_dispatcher {
 public:
  struct parts {
    topic_partition source;
    symbol_directory* directory = nullptr;
    dead_letter_sink* dead_letters = nullptr;
    engine_metrics* metrics = nullptr;
    partition_actor partition;
    writer_actor writer;
  };
  explicit range_dispatcher(parts given) : parts_(std::move(given)) {}
  ~range_dispatcher() { forget_all(); }
  range_dispatcher(const range_dispatcher&) = delete;
  range_dispatcher& operator=(const range_dispatcher&) = delete;

  // `on` goes with the symbols' work, and not with the letters: one that waits must not hold up
  // what is delivered.
  void dispatch(const std::shared_ptr<ingest_range>& range, std::vector<dead_letter> letters,
                const std::shared_ptr<passage>& on);

  // Streams of which work waits until the partition has restored them: only the database knows how
  // far another process has numbered them. Those that were not told yet.
  std::vector<stream_key> take_unknown() { return std::exchange(unknown_, {}); }
  // They are restored.
  void restored(const std::vector<stream_key>& streams);
  bool streams_wait() const noexcept { return !waiting_.empty(); }

  // A letter was refused: it waits for retry_letters().
  void keep_letter(letter_refused letter) { waiting_letters_.push_back(std::move(letter)); }
  void retry_letters();
  bool letters_wait() const noexcept { return !waiting_letters_.empty(); }

  // Everything below `next` is in the database.
  void committed(next_offset next);
  // A claim: nothing of what was under way will be committed. Its credit comes back.
  void forget_all();

  std::size_t in_flight() const noexcept { return uncommitted_.size(); }
  std::size_t events_in_flight() const noexcept;

 private:
  // The credit is held here and not by the range alone: the writer lets ranges go when it loses
  // its connection, and without credit reading must stop.
  struct uncommitted {
    next_offset end;
    std::size_t events = 0;
    std::shared_ptr<credit_lease> credit;
  };
  void produce(const dead_letter& letter, const range_ticket& ticket);
  symbol_actor actor_of(const stream_key& name, const symbol_work& work);
  bool has_to_wait(const stream_key& name, const symbol_work& work);

  parts parts_;
  std::deque<uncommitted> uncommitted_; // in the order of the log
  std::vector<letter_refused> waiting_letters_;
  std::unordered_map<stream_key, std::vector<symbol_work>> waiting_; // in the order of the log
  std::vector<stream_key> unknown_;                                  // of these
};

} // namespace tradepulse
