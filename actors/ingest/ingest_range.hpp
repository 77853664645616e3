#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/ingest/credit_ledger.hpp"
#include "protocol/ports/range_store.hpp"
#include "protocol/record.hpp"
#include "protocol/stored_stream.hpp"
#include "protocol/tick.hpp"

namespace tradepulse {

// The unit of durability: offsets [from, to) of one partition (rising, not contiguous). One shared
// object with a slot per symbol in it; each symbol actor writes its own slot and acknowledges, the
// last one hands the range on. Complete only when every participant acknowledged explicitly: one
// that dies without fails the range.
// Thread: after `open()`, each slot belongs to the actor that holds its ticket.
class ingest_range {
 public:
  struct slot {
    tradepulse::symbol symbol;
    std::uint32_t first = 0; // into ticks
    std::uint32_t count = 0;
    stored_stream row;        // filled by the symbol actor
    bool began_epoch = false; // by a move of its home: not published before this range commits
  };

  std::shared_ptr<const record_batch> batch; // a record may still be dead-lettered
  std::shared_ptr<credit_lease> credit;
  generation gen;
  next_offset from;
  next_offset to;
  epoch floor{1}; // of the partition, committed
  std::string cluster_id;
  std::optional<applied_record> last_applied;
  std::vector<tick> ticks; // grouped by symbol, within a symbol by offset
  std::vector<slot> slots; // one a symbol
  // Rows that no symbol actor writes: a symbol that was stopped.
  std::vector<stored_stream> extra_rows;

  // Called once, by whoever is last: `failed` names the symbol whose token died, empty where the
  // range is complete.
  using settled = std::function<void(std::shared_ptr<ingest_range>, std::optional<symbol> failed)>;

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
