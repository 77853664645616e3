#include "adapters/kafka/fetch_doubts.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "adapters/kafka/library_log.hpp"

namespace tradepulse::kafka {
namespace {

constexpr int syslog_debug = 7;

std::optional<std::int32_t> number(std::string_view text) {
  std::int32_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

// The last word of `text`.
std::string_view last_word(std::string_view text) {
  const auto space = text.rfind(' ');
  return space == std::string_view::npos ? text : text.substr(space + 1);
}

// `[thrd:127.0.0.1:9092/1]: ticks [3]: broker unavailable: fetch: Broker: Unknown topic...`
std::optional<topic_partition> refused_partition(std::string_view line) {
  const auto end = line.find("]: broker unavailable: ");
  const auto begin = end == std::string_view::npos ? end : line.rfind(" [", end);
  if (begin == std::string_view::npos)
    return std::nullopt;
  const auto partition = number(line.substr(begin + 2, end - begin - 2));
  const auto topic = last_word(line.substr(0, begin));
  if (!partition || topic.empty())
    return std::nullopt;
  return topic_partition{std::string(topic), *partition};
}

// `[thrd:127.0.0.1:9092/1]: 127.0.0.1:9092/1: Broker changed state APIVERSION_QUERY -> UP`
std::optional<std::int32_t> reached_broker(std::string_view line) {
  const auto end = line.find(": Broker changed state ");
  if (end == std::string_view::npos || !line.ends_with(" -> UP"))
    return std::nullopt;
  const auto name = last_word(line.substr(0, end));
  const auto slash = name.rfind('/');
  return slash == std::string_view::npos ? std::nullopt : number(name.substr(slash + 1));
}

} // namespace

void fetch_doubts::take_line(std::string_view facility, std::string_view line) {
  if (facility == "BROKERUA") {
    if (const auto source = refused_partition(line)) {
      const std::lock_guard guard(mutex_);
      ++refusals_[*source];
    }
  } else if (facility == "STATE") {
    if (const auto broker = reached_broker(line)) {
      const std::lock_guard guard(mutex_);
      ++connections_[*broker];
    }
  }
}

std::uint64_t fetch_doubts::refusals(const topic_partition& source) const {
  const std::lock_guard guard(mutex_);
  const auto found = refusals_.find(source);
  return found == refusals_.end() ? 0 : found->second;
}

std::uint64_t fetch_doubts::connections(std::int32_t broker) const {
  const std::lock_guard guard(mutex_);
  const auto found = connections_.find(broker);
  return found == connections_.end() ? 0 : found->second;
}

std::map<std::int32_t, std::uint64_t> fetch_doubts::connections() const {
  const std::lock_guard guard(mutex_);
  return connections_;
}

result<void> fetch_doubts::listen(rd_kafka_conf_t* conf, fetch_doubts& doubts) {
  std::array<char, 512> text{};
  std::size_t size = text.size();
  std::string contexts = "topic,broker";
  if (rd_kafka_conf_get(conf, "debug", text.data(), &size) == RD_KAFKA_CONF_OK &&
      std::string_view(text.data()) != "") {
    doubts.user_debugs_ = true;
    contexts = std::string(text.data()) + ',' + contexts;
  }
  if (rd_kafka_conf_set(conf, "debug", contexts.c_str(), text.data(), text.size()) !=
      RD_KAFKA_CONF_OK)
    return error{errc::configuration, "kafka.properties: debug: " + std::string(text.data())};
  rd_kafka_conf_set_opaque(conf, &doubts);
  rd_kafka_conf_set_log_cb(conf, &fetch_doubts::take_log);
  return {};
}

void fetch_doubts::take_log(const rd_kafka_t* handle, int level, const char* facility,
                            const char* line) {
  auto* doubts = handle ? static_cast<fetch_doubts*>(rd_kafka_opaque(handle)) : nullptr;
  if (doubts && level == syslog_debug)
    doubts->take_line(facility, line);
  if (level < syslog_debug || (doubts && doubts->user_debugs_))
    write_library_log(handle, level, facility, line);
}

} // namespace tradepulse::kafka
