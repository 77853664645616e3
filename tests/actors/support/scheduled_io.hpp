#pragma once

#include <functional>
#include <utility>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/ref_counted.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include "protocol/ports/client_connection.hpp"

namespace tradepulse::samples {

// An I/O thread whose tasks take their turns among the actors of CAF's deterministic coordinator,
// unless it is held.
class scheduled_io : public io_thread {
 public:
  explicit scheduled_io(caf::actor_system& system) : system_(system) {}
  void post(std::function<void()> task) override {
    if (held_)
      waiting_.push_back(std::move(task));
    else
      system_.scheduler().enqueue(new one_task(std::move(task)));
  }
  void post_behind(std::function<void()> task) override { post(std::move(task)); }
  void hold() { held_ = true; }
  void release() {
    held_ = false;
    for (auto& task : std::exchange(waiting_, {}))
      post(std::move(task));
  }

 private:
  class one_task final : public caf::resumable, public caf::ref_counted {
   public:
    explicit one_task(std::function<void()> task) : task_(std::move(task)) {}
    resume_result resume(caf::execution_unit*, std::size_t) override {
      task_();
      return done;
    }
    void intrusive_ptr_add_ref_impl() override { ref(); }
    void intrusive_ptr_release_impl() override { deref(); }

   private:
    std::function<void()> task_;
  };

  caf::actor_system& system_;
  bool held_ = false;
  std::vector<std::function<void()>> waiting_;
};

} // namespace tradepulse::samples
