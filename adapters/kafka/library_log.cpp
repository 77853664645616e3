#include "adapters/kafka/library_log.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "protocol/log.hpp"

namespace tradepulse::kafka {
namespace {

using steady = std::chrono::steady_clock;
constexpr auto interval = std::chrono::seconds(10);
constexpr std::size_t max_kinds = 1000; // facilities are a closed set; clients are few
constexpr int syslog_warning = 4;

class line_limit {
 public:
  // How many lines were left out since the last one; nothing where this one is left out too.
  std::optional<std::uint64_t> admit(std::string kind) {
    const std::lock_guard guard(mutex_);
    if (kinds_.size() > max_kinds)
      kinds_.clear();
    auto& known = kinds_[std::move(kind)];
    const auto now = steady::now();
    if (known.next > now) {
      ++known.left_out;
      return std::nullopt;
    }
    known.next = now + interval;
    return std::exchange(known.left_out, 0);
  }

 private:
  struct entry {
    steady::time_point next{};
    std::uint64_t left_out = 0;
  };
  std::mutex mutex_;
  std::map<std::string, entry> kinds_;
};

line_limit& limit() {
  // Never destroyed: threads of the library may outlive main().
  static auto* const instance = new line_limit;
  return *instance;
}

} // namespace

void write_library_log(const rd_kafka_t* handle, int level, const char* facility,
                       const char* text) {
  const auto severity = level <= syslog_warning ? log::level::warning : log::level::debug;
  if (!log::enabled(severity))
    return;
  const std::string client = handle ? rd_kafka_name(handle) : "";
  const auto left_out = limit().admit(client + '/' + facility);
  if (!left_out)
    return;
  std::string detail = text;
  if (detail.find("certificate verify failed") != std::string::npos &&
      detail.find("ssl.ca.location") == std::string::npos)
    detail += ": the broker's certificate is not signed by whom ssl.ca.location "
              "(kafka.properties) names";
  log::write(
      severity, "kafka_library",
      {{"client", client}, {"facility", facility}, {"detail", detail}, {"left_out", *left_out}});
}

} // namespace tradepulse::kafka
