#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "protocol/ports/history.hpp"

namespace tradepulse::samples {

// A journal that answers when the test says so, and what the test says.
class fake_history : public history_source {
 public:
  void read(history_query query, history_answer then) override {
    asked.push_back(std::move(query));
    answers_.push_back(std::move(then));
  }
  // To the i-th question.
  void answer(std::size_t i, std::vector<burst_ptr> bursts, bool more = false) {
    auto page = std::make_shared<history_page>();
    page->bursts = std::move(bursts);
    page->more = more;
    answers_.at(i)(std::shared_ptr<const history_page>(std::move(page)));
  }
  // To one for a time.
  void name(std::size_t i, stream_position after, bool older = false) {
    auto page = std::make_shared<history_page>();
    page->after = after;
    page->older = older;
    answers_.at(i)(std::shared_ptr<const history_page>(std::move(page)));
  }
  void fail(std::size_t i, error why) { answers_.at(i)(std::move(why)); }

  std::vector<history_query> asked;

 private:
  std::vector<history_answer> answers_;
};

} // namespace tradepulse::samples
