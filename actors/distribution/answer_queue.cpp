#include "actors/distribution/answer_queue.hpp"

#include <utility>

namespace tradepulse {
namespace {

std::size_t bytes_of(const join_request& request) {
  return request.id.size() + request.members.size() * sizeof(stream_index);
}
std::size_t bytes_of(const answer_queue::frame& frame) {
  return frame->size();
}
// As it is held, not as it will be written.
std::size_t held_bytes(const answer_queue::answer& what) {
  return sizeof what + std::visit([](const auto& each) { return bytes_of(each); }, what);
}

} // namespace

void answer_queue::add(join_request request) {
  add(answer{std::move(request)});
}
void answer_queue::add(frame answered) {
  add(answer{std::move(answered)});
}

void answer_queue::add(answer what) {
  if (!waiting_.empty())
    bytes_behind_oldest_ += held_bytes(what);
  waiting_.push_back(std::move(what));
}

bool answer_queue::joined(std::uint64_t group) {
  for (auto& each : waiting_)
    if (auto* request = std::get_if<join_request>(&each); request && request->group == group) {
      request->open -= 1;
      return true;
    }
  return false;
}

void answer_queue::pop() {
  waiting_.pop_front();
  if (!waiting_.empty())
    bytes_behind_oldest_ -= held_bytes(waiting_.front());
}

void answer_queue::clear() {
  waiting_.clear();
  bytes_behind_oldest_ = 0;
}

} // namespace tradepulse
