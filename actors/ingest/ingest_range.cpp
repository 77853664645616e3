#include "actors/ingest/ingest_range.hpp"

#include <utility>

#include "protocol/expects.hpp"

namespace tradepulse {

ingest_range::~ingest_range() {
  auto waits = range_fate::waits;
  fate->compare_exchange_strong(waits, range_fate::lost);
}

logged_events ingest_range::events(const slot& of) const noexcept {
  switch (of.kind.events()) {
  case event_kind::trade:
    return events<trade_events>(of);
  case event_kind::quote:
    return events<quote_events>(of);
  case event_kind::kline:
    return events<kline_events>(of);
  case event_kind::candle:
    return events<candle_events>(of);
  case event_kind::price:
    break;
  }
  return events<price_events>(of);
}

void ingest_range::open(std::size_t letters, settled then) {
  participant_count_ = slots.size() + letters;
  participants_ = std::make_unique<participant[]>(participant_count_);
  open_.store(participant_count_, std::memory_order_release);
  then_ = std::move(then);
}

void ingest_range::settle(const std::shared_ptr<ingest_range>& self, std::size_t index, bool ok) {
  if (!ok) {
    std::size_t none = 0;
    self->failed_.compare_exchange_strong(none, index + 1);
  }
  if (self->open_.fetch_sub(1, std::memory_order_acq_rel) != 1)
    return;
  const std::size_t failed = self->failed_.load();
  auto then = std::exchange(self->then_, nullptr);
  if (failed == 0)
    then(self, std::nullopt);
  else
    then(self, failed <= self->slots.size() ? self->slots[failed - 1].key() : stream_key{});
}

range_ticket::range_ticket(std::shared_ptr<ingest_range> range, std::size_t index)
    : range_(std::move(range)), index_(index) {
  TRADEPULSE_EXPECTS(index_ < range_->participant_count_);
  range_->participants_[index_].holders.fetch_add(1, std::memory_order_relaxed);
}

range_ticket::range_ticket(const range_ticket& other) noexcept
    : range_(other.range_), index_(other.index_) {
  if (range_)
    range_->participants_[index_].holders.fetch_add(1, std::memory_order_relaxed);
}

range_ticket::range_ticket(range_ticket&& other) noexcept
    : range_(std::exchange(other.range_, nullptr)), index_(other.index_) {}

range_ticket& range_ticket::operator=(range_ticket other) noexcept {
  std::swap(range_, other.range_);
  std::swap(index_, other.index_);
  return *this;
}

range_ticket::~range_ticket() {
  if (!range_)
    return;
  auto& mine = range_->participants_[index_];
  if (mine.holders.fetch_sub(1, std::memory_order_acq_rel) == 1 &&
      !mine.acknowledged.load(std::memory_order_acquire))
    ingest_range::settle(range_, index_, false);
}

void range_ticket::acknowledge() const {
  auto& mine = range_->participants_[index_];
  if (!mine.acknowledged.exchange(true, std::memory_order_acq_rel))
    ingest_range::settle(range_, index_, true);
}

} // namespace tradepulse
