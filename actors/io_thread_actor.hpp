#pragma once

#include <cstddef>
#include <utility>

#include <caf/execution_unit.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/resumable.hpp>

#include "protocol/ports/client_connection.hpp"

namespace tradepulse {

// An I/O thread as CAF sees it: what runs there is posted, and posted again while messages wait.
class io_execution final : public caf::execution_unit {
 public:
  io_execution(caf::actor_system& system, io_thread& io) : caf::execution_unit(&system), io_(io) {}

  // Takes over the reference that comes with it, as CAF's own workers do. What is posted are two
  // pointers, which std::function keeps without an allocation.
  void exec_later(caf::resumable* job) override {
    io_.post([this, job] {
      if (job->resume(this, messages_at_a_time) == caf::resumable::resume_later)
        exec_later(job);
      else
        caf::intrusive_ptr_release(job);
    });
  }

 private:
  // Then it is the sockets' turn.
  static constexpr std::size_t messages_at_a_time = 256;

  io_thread& io_;
};

// An actor whose messages are heard on an I/O thread: what it does there needs no lock, and no
// worker is woken to hand it on. `Base` is an event-based actor of CAF.
// Requires: the thread runs until the actor has ended.
template <class Base>
class io_thread_actor : public Base {
 public:
  io_thread_actor(caf::actor_config& config, io_thread& io)
      : Base(config), unit_(this->home_system(), io) {}

  using Base::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    Base::enqueue(std::move(what), &unit_);
  }
  void launch(caf::execution_unit*, bool lazy, bool hide) override {
    Base::launch(&unit_, lazy, hide);
  }

 private:
  io_execution unit_;
};

} // namespace tradepulse
