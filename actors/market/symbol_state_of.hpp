#pragma once

#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "actors/market/event_ring.hpp"
#include "actors/market/head_pair.hpp"
#include "actors/market/stream_numbering.hpp"
#include "actors/market/symbol_state.hpp"

namespace tradepulse {

// The state of a stream whose events are of one kind.
template <class Events>
class symbol_state_of final : public symbol_state {
 public:
  using event = typename Events::numbered;
  using head =
      std::conditional_t<std::is_same_v<Events, price_events>, price_snapshot, stream_head>;

  symbol_state_of(const stream_key& key, stream_index index, std::size_t ring_capacity);

  outcome apply(ingest_range& range, ingest_range::slot& slot, event_room& room) override;
  burst_ptr burst_of(const outcome& done, const event_room& room) const override;
  outcome commit_epoch(epoch committed) override;
  restored restore(stored_stream stored, head_ptr published, bool uncommitted_epoch = false,
                   const candle_claim& candles = {}) override;
  bool covers(const stored_stream& stored) const override;
  const std::vector<candle_key>& make_candles(const ingest_range& range,
                                              ingest_range::slot& slot) override;
  candle_desk* candles() noexcept override { return desk_.get(); }
  void begin_candles(const std::shared_ptr<const candle_options>& rules,
                     std::shared_ptr<const stored_candles> numbered) override;
  recalled_events recall(stream_position after, std::size_t limit) override;
  void rest() noexcept override;
  std::optional<waiting_ranges::earlier> waits_before(epoch begun) const override {
    return waiting_.newest_before(begun);
  }

  std::size_t remembered() const noexcept override { return ring_.size(); }

  const event_ring<Events>& ring() const noexcept { return ring_; }
  const head_ptr& published() const noexcept { return published_; }

 private:
  struct held {
    std::shared_ptr<const tradepulse::burst_of<Events>> burst; // null: an epoch begins, no more
    head_ptr published;
  };
  auto make_burst(epoch of, std::vector<event> events, time_ms oldest_append) const {
    return std::make_shared<const tradepulse::burst_of<Events>>(index_, numbering_.row().symbol, of,
                                                                std::move(events), oldest_append,
                                                                numbering_.row().kind);
  }
  typename stream_numbering<Events>::numbered number(ingest_range& range, ingest_range::slot& slot,
                                                     std::vector<event> room);
  head_ptr next_head();
  void release(std::span<const event> events, epoch of, head_ptr now, outcome& out);
  bool in_ring(epoch of, sequence seq) const noexcept;
  using parts = std::vector<waiting_ranges::part>;
  sequence reach(stream_position top, stream_position after, parts& found) const;
  burst_ptr burst_between(epoch of, sequence first, sequence last, const parts& from);

  stream_numbering<Events> numbering_;
  stream_index index_;
  head_pair<head> heads_;
  event_ring<Events> ring_;
  waiting_ranges waiting_;
  stream_position restored_;                  // as of the last claim, so committed
  std::weak_ptr<const event_burst> recalled_; // the last, while somebody still sends it
  head_ptr published_;
  std::vector<held> held_; // in order; empty but for the moments after a move of the home
  std::unique_ptr<candle_desk> desk_; // null: no candles are made from it
};

using price_state = symbol_state_of<price_events>;

// symbol_state.cpp makes them.
extern template class symbol_state_of<price_events>;
extern template class symbol_state_of<trade_events>;
extern template class symbol_state_of<quote_events>;
extern template class symbol_state_of<kline_events>;
extern template class symbol_state_of<candle_events>;

} // namespace tradepulse
