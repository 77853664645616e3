#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "actors/fwd.hpp"
#include "actors/ingest/credit_ledger.hpp"
#include "protocol/lateness.hpp"
#include "protocol/market_events.hpp"
#include "protocol/ports/range_store.hpp"
#include "protocol/record.hpp"
#include "protocol/stored_stream.hpp"
#include "protocol/tick.hpp"

namespace tradepulse {

struct candle_marks;
struct made_candles;

// What became of a range. Its end alone does not tell: one that has failed ends before the claim
// that follows, and until then the claim that it was read under is in force.
enum class range_fate : std::uint8_t {
  waits,
  committed,
  lost, // it has ended without a commit: nothing behind it is committed under its claim
};

// The unit of durability: offsets [from, to) of one partition (rising, not contiguous). One shared
// object with a slot per symbol in it; each symbol actor writes its own slot and acknowledges, the
// last one hands the range on. Complete only when every participant acknowledged explicitly: one
// that dies without fails the range.
// Thread: after `open()`, each slot belongs to the actor that holds its ticket.
class ingest_range : public std::enable_shared_from_this<ingest_range> {
 public:
  struct slot {
    tradepulse::symbol symbol;
    std::uint32_t first = 0; // into the events of its kind
    std::uint32_t count = 0;
    stored_stream row;        // filled by the symbol actor
    bool began_epoch = false; // by a move of its home: not published before this range commits
    // Event time of the newest of the epoch before these ticks: it says which of them are late.
    time_ms newest_before = lateness::nothing_before;
    stream_kind kind{};
    // Of a stream that candles are made from; written with the row. Null: nothing came of them.
    std::shared_ptr<made_candles> candles;
    const logged_candle* facts = nullptr; // of a candle stream: those of its slot

    stream_key key() const noexcept { return {symbol, kind}; }
  };

  std::shared_ptr<const record_batch> batch; // a record may still be dead-lettered
  std::shared_ptr<credit_lease> credit;
  generation gen;
  next_offset from;
  next_offset to;
  // Outlives the range, for those whose work was in it. The writer's to set.
  const std::shared_ptr<std::atomic<range_fate>> fate =
      std::make_shared<std::atomic<range_fate>>(range_fate::waits);
  epoch floor{1};                       // of the partition, committed
  bool klines_have_own_numbers = false; // see tick_decoder
  std::string cluster_id;
  std::optional<applied_record> last_applied;
  // By kind; each grouped by stream, within a stream by offset.
  std::vector<tick> ticks;
  std::vector<logged_trade> trades;
  std::vector<logged_quote> quotes;
  std::vector<logged_kline> klines;
  // One a stream. Of one that candles are made from also without events, where some close.
  std::vector<slot> slots;
  // Null: no candles are made of this topic.
  std::shared_ptr<const candle_marks> marks;
  writer_actor writer; // who is asked for what of candles is in the database alone
  // Rows that no symbol actor writes: a stream that was stopped.
  std::vector<stored_stream> extra_rows;

  ingest_range() = default;
  ingest_range(const ingest_range&) = delete;
  ingest_range& operator=(const ingest_range&) = delete;
  ~ingest_range();

  std::size_t event_count() const noexcept {
    return ticks.size() + trades.size() + quotes.size() + klines.size();
  }
  // Those of one slot. Requires: it is one of this range, of that kind.
  template <class Events>
  std::span<const typename Events::logged> events(const slot& of) const noexcept {
    if constexpr (std::is_same_v<Events, price_events>)
      return {ticks.data() + of.first, of.count};
    else if constexpr (std::is_same_v<Events, trade_events>)
      return {trades.data() + of.first, of.count};
    else if constexpr (std::is_same_v<Events, quote_events>)
      return {quotes.data() + of.first, of.count};
    else if constexpr (std::is_same_v<Events, candle_events>)
      return {of.facts, of.count};
    else
      return {klines.data() + of.first, of.count};
  }
  logged_events events(const slot& of) const noexcept;

  // Called once, by whoever is last: `failed` names the stream whose token died (of an empty
  // symbol: a dead letter's), absent where the range is complete.
  using settled =
      std::function<void(std::shared_ptr<ingest_range>, std::optional<stream_key> failed)>;

  // Starts the count: one participant per slot and per dead letter.
  void open(std::size_t letters, settled then);
  std::size_t participants() const noexcept { return participant_count_; }

 private:
  friend class range_ticket;
  struct participant {
    std::atomic<std::uint32_t> holders{0};
    std::atomic<bool> acknowledged{false};
  };
  static void settle(const std::shared_ptr<ingest_range>& self, std::size_t index, bool ok);

  std::unique_ptr<participant[]> participants_;
  std::size_t participant_count_ = 0;
  std::atomic<std::size_t> open_{0};
  std::atomic<std::size_t> failed_{0}; // 1 + index of the participant that failed first
  settled then_;
};

// A participant's token. Copies share it (messages are copied); when the last one goes without
// acknowledge() the range has failed.
class range_ticket {
 public:
  // Requires: index < participants(); at most one ticket is made for an index, copies apart.
  range_ticket(std::shared_ptr<ingest_range> range, std::size_t index);
  range_ticket(const range_ticket& other) noexcept;
  range_ticket(range_ticket&& other) noexcept;
  range_ticket& operator=(range_ticket other) noexcept;
  ~range_ticket();

  ingest_range& range() const noexcept { return *range_; }
  // Requires: this is the ticket of a slot.
  ingest_range::slot& slot() const noexcept { return range_->slots[index_]; }
  // At most once, by the holder, after its part is written.
  void acknowledge() const;

 private:
  std::shared_ptr<ingest_range> range_;
  std::size_t index_;
};

} // namespace tradepulse
