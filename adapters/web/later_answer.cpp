#include "adapters/web/later_answer.hpp"

#include <atomic>
#include <memory>
#include <utility>

#include "adapters/web/http_answers.hpp"
#include "protocol/log.hpp"

namespace tradepulse::web {
namespace {

// What all copies of one answer share.
class promised_answer {
 public:
  promised_answer(io_thread& home, std::function<void(http_response&&)> take)
      : home_(home), take_(std::move(take)) {}
  ~promised_answer() {
    if (given_)
      return;
    log::error("http_service_failed", {{"what", "no answer was given"}});
    give(answer_to_fault());
  }
  promised_answer(const promised_answer&) = delete;
  promised_answer& operator=(const promised_answer&) = delete;

  void give(http_response&& response) {
    if (given_.exchange(true))
      return;
    auto kept = std::make_shared<http_response>(std::move(response));
    kept->later = nullptr;
    home_.post([kept = std::move(kept), take = std::move(take_)] { take(std::move(*kept)); });
  }

 private:
  io_thread& home_;
  std::function<void(http_response&&)> take_;
  std::atomic<bool> given_{false};
};

} // namespace

void ask_later(const std::function<void(http_answer)>& later, io_thread& home,
               std::function<void(http_response&&)> take) {
  const auto promised = std::make_shared<promised_answer>(home, std::move(take));
  const http_answer answer = [promised](http_response&& response) {
    promised->give(std::move(response));
  };
  if (!goes_well([&] { later(answer); }))
    answer(answer_to_fault());
}

} // namespace tradepulse::web
