#include "adapters/web/outgoing_answer.hpp"

#include <algorithm>

namespace tradepulse::web {

bool outgoing_answer::begin(http_response response, terms how, const header_list& cors) {
  more_ = std::move(response.more);
  route_ = response.route;
  status_ = response.status;

  answer_head head;
  head.status = response.status;
  head.content_type = response.content_type;
  head.length = response.body.size();
  if (response.status == 204 || response.status == 304)
    head.framing = body_framing::none;
  else if (more_)
    head.framing = how.old_client ? body_framing::until_close : body_framing::chunked;
  head.keep_alive = how.keep_alive && head.framing != body_framing::until_close;
  head_ = write_head(head, response.headers, cors);
  body_ = std::move(response.body);
  chunked_ = head.framing == body_framing::chunked;
  if (how.head_only || head.framing == body_framing::none) {
    body_.clear();
    more_ = nullptr;
  } else if (chunked_ && !body_.empty()) {
    head_ += chunk_prefix(body_.size());
    body_ += chunk_suffix;
  }
  written_ = 0;
  return head.keep_alive;
}

std::array<std::string_view, 2> outgoing_answer::left() const noexcept {
  const std::size_t of_head = std::min(written_, head_.size());
  return {std::string_view(head_).substr(of_head),
          std::string_view(body_).substr(written_ - of_head)};
}

void outgoing_answer::next_slice() {
  head_.clear();
  body_.clear();
  written_ = 0;
  const bool again = more_(body_);
  if (chunked_ && !body_.empty()) {
    head_ = chunk_prefix(body_.size());
    body_ += chunk_suffix;
  }
  if (again)
    return;
  more_ = nullptr;
  if (chunked_)
    body_ += last_chunk;
}

void outgoing_answer::clear() {
  std::string().swap(head_);
  std::string().swap(body_);
  written_ = 0;
  more_ = nullptr;
}

} // namespace tradepulse::web
