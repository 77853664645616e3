#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "actors/distribution/backlog.hpp"
#include "actors/messages.hpp"

namespace tradepulse {

// What one client is not sent while its outbox is full, and when it goes there: one hand-back at a
// time, and none while the outbox is known to be full. Decides and does nothing else: who holds it
// sends what is due(), and the client away where more would have to be kept than may be.
class slow_reader {
 public:
  struct limits {
    std::size_t lossless_bytes = 4 * 1'024 * 1'024; // of lossless streams that waits
    std::size_t hand_back_bytes = 512 * 1'024;      // the most that one hand-back may hold, about
  };
  slow_reader(bool numbers_as_strings, limits most)
      : waiting_(numbers_as_strings, most.lossless_bytes), hand_back_bytes_(most.hand_back_bytes) {}

  // `meant`: of the subscription as it is now. What one before it has left behind is not kept.
  // Something: the bound is reached, and the client must go; said once. Nothing is kept for it any
  // more. Where a hand-back is under way it is handed() that says so: what of that was written is
  // known only then, and the client must not be told to come back for it.
  [[nodiscard]] std::optional<resume_point> diverted(const events_diverted& what, bool meant);
  [[nodiscard]] std::optional<resume_point> diverted(const move_diverted& what, bool meant);
  [[nodiscard]] std::optional<resume_point> handed(const handed_back& answer);
  void drained() noexcept { full_ = false; }
  // A stream was left, or begins anew.
  void forget(stream_index index) { waiting_.forget(index); }
  // It is sent away: nothing is kept for it any more.
  void give_up();
  bool given_up() const noexcept { return given_up_; }

  // What the outbox is to be given now. Empty: nothing.
  std::vector<handed_item> due();

  const backlog& waiting() const noexcept { return waiting_; }

 private:
  struct handed_place { // where a hand-back leaves a subscription if all of it is written
    stream_index index;
    std::uint64_t group = 0;
    stream_position through;
  };
  struct beyond {
    stream_index index;
    std::uint64_t group = 0;
    resume_point where;
  };
  std::optional<resume_point> judged(beyond what);

  backlog waiting_;
  std::size_t hand_back_bytes_;
  bool full_ = false;    // the outbox has refused something and has not drained since
  bool handing_ = false; // a hand-back is under way
  bool given_up_ = false;
  std::vector<handed_place> under_way_; // with the hand-back
  std::optional<beyond> beyond_;        // told when that is answered
};

} // namespace tradepulse
