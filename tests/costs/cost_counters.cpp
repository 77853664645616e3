#include "tests/costs/cost_counters.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <caf/scheduled_actor.hpp>

namespace tradepulse::costs {
namespace {

// One a thread, so that counting costs no shared cache line. The layout is read by
// tests/benchmarks/cost_counters.py.
struct slot {
  std::atomic<std::int64_t> thread{0}; // 0: free
  std::atomic<std::uint64_t> allocations{0};
  std::atomic<std::uint64_t> allocated_bytes{0};
  std::atomic<std::uint64_t> messages{0};
  std::atomic<std::uint64_t> wake_ups{0};
  std::byte rest[24]{};
};
static_assert(sizeof(slot) == 64);
constexpr std::size_t slots = 512; // threads behind these share the last one

slot own_table[slots];
std::atomic<slot*> table{nullptr};
std::atomic<void (*)(const caf::mailbox_element&)> observer{nullptr};
thread_local slot* mine = nullptr;
thread_local int exempt = 0;
thread_local bool delivering = false; // a message goes into its mailbox

// A preloaded process counts in the file that COST_COUNTERS names, so that others can read it;
// its parent may have it open too.
slot* find_table() noexcept {
  if (auto* known = table.load(std::memory_order_acquire))
    return known;
  auto* found = own_table;
  if (const char* path = std::getenv("COST_COUNTERS")) {
    const int file = ::open(path, O_RDWR | O_CLOEXEC);
    void* seen =
        file < 0 ? MAP_FAILED
                 : ::mmap(nullptr, sizeof own_table, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0)
      ::close(file);
    if (seen == MAP_FAILED)
      std::abort();
    found = static_cast<slot*>(seen);
  }
  slot* none = nullptr;
  return table.compare_exchange_strong(none, found) ? found : none;
}

slot& here() noexcept {
  if (!mine) {
    auto* next = find_table();
    const auto* last = next + slots - 1;
    for (std::int64_t free = 0; !next->thread.compare_exchange_strong(free, ::gettid()); free = 0)
      if (next++ == last)
        break;
    mine = next > last ? next - 1 : next;
  }
  return *mine;
}

void count(std::atomic<std::uint64_t>& what, std::uint64_t more) noexcept {
  what.fetch_add(more, std::memory_order_relaxed);
}

void* allocate(std::size_t bytes, std::size_t alignment) {
  if (exempt == 0) {
    auto& to = here();
    count(delivering ? to.wake_ups : to.allocations, 1);
    if (!delivering)
      count(to.allocated_bytes, bytes);
  }
  const std::size_t asked = bytes == 0 ? 1 : bytes;
  void* out = alignment <= alignof(std::max_align_t)
                  ? std::malloc(asked)
                  : std::aligned_alloc(alignment, (asked + alignment - 1) / alignment * alignment);
  if (!out)
    throw std::bad_alloc{};
  return out;
}

} // namespace

counts so_far() noexcept {
  counts out;
  const auto* all = find_table();
  for (std::size_t i = 0; i < slots; ++i) {
    out.allocations += all[i].allocations.load();
    out.allocated_bytes += all[i].allocated_bytes.load();
    out.messages += all[i].messages.load();
    out.wake_ups += all[i].wake_ups.load();
  }
  return out;
}

uncounted::uncounted() noexcept {
  ++exempt;
}
uncounted::~uncounted() {
  --exempt;
}

void observe_messages(void (*each)(const caf::mailbox_element&)) noexcept {
  observer = each;
}

} // namespace tradepulse::costs

// The forms for arrays come down to these. Those that do not throw would, too, but for a sanitizer,
// which has its own of each: what one of them allocates is given back below.
void* operator new(std::size_t bytes) {
  return tradepulse::costs::allocate(bytes, 0);
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return tradepulse::costs::allocate(bytes, 0);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return tradepulse::costs::allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* what) noexcept {
  std::free(what);
}
void operator delete(void* what, std::size_t) noexcept {
  std::free(what);
}
void operator delete(void* what, std::align_val_t) noexcept {
  std::free(what);
}
void operator delete(void* what, std::size_t, std::align_val_t) noexcept {
  std::free(what);
}

// Every actor of ours has this as the entry of its mailbox: messages of actors, of other threads
// and of timers come by it.
void caf::scheduled_actor::enqueue(mailbox_element_ptr message, execution_unit* unit) {
  namespace costs = tradepulse::costs;
  using function = void (*)(scheduled_actor*, mailbox_element_ptr, execution_unit*);
  static const auto original = reinterpret_cast<function>(
      ::dlsym(RTLD_NEXT, "_ZN3caf15scheduled_actor7enqueueESt10unique_ptrINS_15mailbox_elementENS_"
                         "6detail8disposerEEPNS_14execution_unitE"));
  costs::count(costs::here().messages, 1);
  if (const auto each = costs::observer.load()) {
    const costs::uncounted ours;
    each(*message);
  }
  costs::delivering = true;
  original(this, std::move(message), unit);
  costs::delivering = false;
}
