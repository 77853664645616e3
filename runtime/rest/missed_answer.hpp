#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/ports/history.hpp"
#include "runtime/rest/missed_request.hpp"

namespace tradepulse {

// Gathers the events that were asked for, page by page, and says what is missing and why. Pure: who
// reads the pages, and when, is the route's business.
class missed_answer {
 public:
  // The JSON text of the i-th event of a burst.
  using spelling = std::string (*)(const event_burst& burst, std::size_t i);

  // `published`: the stream's newest position as subscribers know it, read before the first page.
  // Requires: published.epoch is not below the epoch that is asked for.
  // `waits`: up to which number events of the epoch that is asked for wait for their commit
  // although a later one is published; looked up behind `published`, and before the first page too.
  missed_answer(const missed_request& asked, stream_position published,
                std::optional<sequence> waits = {}, spelling spelled = nullptr);

  // The next page to read.
  history_query next_query() const;
  // Takes it; true where the answer needs another one.
  bool take(const history_page& page);

  // {"symbol","stream","epoch","seq","fromSeq","toSeq","count","data":[{"seq","epoch","timestamp",
  //  ...}],"next"?,"lowest","highest",
  //  "gaps":[{"from","to","reason"}],"ended_at"?}
  // Each number above fromSeq and up to toSeq (up to `next` where there is one) is in `data` or in
  // `gaps`. Reasons: not_kept (the journal does not have it, any more or at all), not_committed
  // (subscribers have it, the database not yet), not_yet (never numbered so far), epoch_ended (the
  // epoch ended before).
  // `seq`: all up to it is told for good; go on from there.
  // null: `lowest` and `highest` where nothing of the epoch is kept; `toSeq`, a gap's `to` and
  // `ended_at` where besides nobody knows any more where it ended.
  std::string body() const;

  struct gap {
    std::int64_t from;
    std::optional<std::int64_t> to;
    std::string_view reason;
  };
  // The same in parts, for who spells it otherwise.
  tradepulse::epoch in_epoch() const noexcept { return epoch_; }
  std::size_t count() const noexcept { return events_.size(); }
  std::string data() const;                 // with its brackets
  std::optional<std::int64_t> next() const; // where the limit has cut it
  std::vector<gap> gaps() const { return gaps(told()); }

 private:
  bool full() const { return events_.size() >= asked_.limit; }
  std::int64_t reached() const;
  bool ended() const;
  std::int64_t committed() const;
  std::int64_t published() const;
  std::optional<std::int64_t> end() const;
  std::optional<std::int64_t> told() const; // the last number that is answered for
  std::vector<gap> gaps(std::optional<std::int64_t> end) const;

  const missed_request asked_;
  const tradepulse::epoch epoch_;
  const stream_position published_;
  const std::optional<sequence> waits_;
  const spelling spelled_;
  struct gathered {
    sequence seq;
    std::string members;
  };
  std::vector<gathered> events_;
  // Of the last page.
  stream_position committed_;
  std::int64_t lowest_kept_ = 0; // of the epoch; 0: nothing is
  std::int64_t highest_kept_ = 0;
};

// [{"from","to","reason"},...]
std::string gaps_text(const std::vector<missed_answer::gap>& gaps);

} // namespace tradepulse
