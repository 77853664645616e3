#include "actors/ingest/slot_messages.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>

#include "actors/message_types.hpp"

namespace tradepulse {
namespace {

class element;

// The memory of a range's messages: this, and the elements behind it.
class piece {
 public:
  static piece* make(std::size_t elements);
  void* place(std::size_t index) noexcept;
  // An element has gone.
  void release() noexcept {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      this->~piece();
      ::operator delete(this);
    }
  }

 private:
  explicit piece(std::size_t elements) : left_(elements) {}
  std::atomic<std::size_t> left_;
};

// What caf::make_mailbox_element makes, but for where it lies and who frees it.
class element final : public caf::mailbox_element,
                      public caf::detail::tuple_vals_impl<caf::type_erased_tuple, symbol_work> {
 public:
  element(piece& home, symbol_work work)
      : caf::mailbox_element(nullptr, caf::make_message_id(), {}),
        caf::detail::tuple_vals_impl<caf::type_erased_tuple, symbol_work>(std::move(work)),
        home_(home) {}

  const symbol_work& work() const noexcept { return std::get<0>(data()); }

  caf::type_erased_tuple& content() override { return *this; }
  const caf::type_erased_tuple& content() const override { return *this; }
  caf::message move_content_to_message() override {
    return caf::make_message(std::move(std::get<0>(data())));
  }
  caf::message copy_content_to_message() const override {
    return caf::make_message(std::get<0>(data()));
  }
  void request_deletion(bool) const noexcept override {
    piece& home = home_;
    this->~element();
    home.release();
  }

 private:
  piece& home_;
};

constexpr std::size_t first_at =
    (sizeof(piece) + alignof(element) - 1) / alignof(element) * alignof(element);

piece* piece::make(std::size_t elements) {
  static_assert(alignof(element) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
  return new (::operator new(first_at + elements * sizeof(element))) piece(elements);
}

void* piece::place(std::size_t index) noexcept {
  return reinterpret_cast<std::byte*>(this) + first_at + index * sizeof(element);
}

} // namespace

void send_slots(const std::shared_ptr<ingest_range>& range,
                const std::function<symbol_work(range_ticket)>& work_with,
                const std::function<symbol_actor(const symbol_work&)>& actor_of) {
  const std::size_t count = range->slots.size();
  if (count == 0)
    return;
  piece& home = *piece::make(count);
  // All tickets first: the range must not be complete before its last participant is counted.
  for (std::size_t i = 0; i < count; ++i)
    new (home.place(i)) element(home, work_with(range_ticket(range, i)));
  // The piece is there until its last element has gone, and that one is still ours.
  for (std::size_t i = 0; i < count; ++i) {
    auto* made = std::launder(static_cast<element*>(home.place(i)));
    caf::mailbox_element_ptr message{made};
    if (auto to = actor_of(made->work()))
      caf::actor_cast<caf::abstract_actor*>(to)->enqueue(std::move(message), nullptr);
  }
}

} // namespace tradepulse
