#include "runtime/application/stats.hpp"

#include "actors/actor_rules.hpp"
#include "protocol/native_dialect.hpp"
#include "runtime/application/engine.hpp"
#include "runtime/database_watch.hpp"

namespace tradepulse {
namespace {

void append_service(std::string& out, const stats_parts& of) {
  const auto uptime =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - of.began);
  const auto credit = of.core->credit().in_use();
  out += R"("service":{"uptime_seconds":)" + std::to_string(uptime.count()) + R"(,"symbols":)" +
         std::to_string(of.core->directory().size()) + R"(,"credit_events":)" +
         std::to_string(credit.events) + R"(,"credit_bytes":)" + std::to_string(credit.bytes) + "}";
}

void append_kafka(std::string& out, const stats_parts& of) {
  out += R"("kafka":[)";
  bool first = true;
  for (const auto& each : of.core->pump().positions()) {
    out += first ? "{" : ",{";
    first = false;
    out += R"("topic":)";
    native::append_json_string(out, each.source.topic);
    out += R"(,"partition":)" + std::to_string(each.source.partition);
    if (each.applied)
      out += R"(,"next_offset":)" + std::to_string(each.applied->value());
    if (each.end)
      out += R"(,"high_watermark":)" + std::to_string(each.end->value());
    if (each.end && each.applied)
      out += R"(,"lag":)" +
             std::to_string(std::max<std::int64_t>(0, each.end->value() - each.applied->value()));
    out += "}";
  }
  out += "]";
}

void append_database(std::string& out, const stats_parts& of) {
  const auto now = of.database->latest();
  out += R"("database":{"reachable":)";
  out += now.statistics && now.error.empty() ? "true" : "false";
  if (!now.error.empty()) {
    out += R"(,"error":)";
    native::append_json_string(out, now.error);
  }
  if (now.statistics) {
    const auto& known = *now.statistics;
    out += R"(,"snapshots":)" + std::to_string(known.snapshot_rows) + R"(,"database_bytes":)" +
           std::to_string(known.database_bytes) + R"(,"snapshot_table_bytes":)" +
           std::to_string(known.snapshot_table_bytes) + R"(,"newest_update":)";
    if (known.newest_update)
      native::append_json_string(out, to_iso8601(*known.newest_update));
    else
      out += "null";
    out += R"(,"server_version":)";
    native::append_json_string(out, known.server_version);
  }
  out += "}";
}

} // namespace

std::string stats_text(const stats_parts& of) {
  std::string out = "{";
  append_service(out, of);
  out += ",";
  append_kafka(out, of);
  out += ",";
  append_database(out, of);
  return out + "}";
}

void describe_process(metrics::registry& registry) {
  const auto began = std::chrono::steady_clock::now();
  registry.make_function(
      metrics::kind::gauge, "tradepulse_uptime_seconds", "Since the process started", {}, [began] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
      });
  registry.make_function(metrics::kind::gauge, "tradepulse_build_info",
                         "1; the version is in the label", {{"version", TRADEPULSE_VERSION}},
                         [] { return 1.0; });
}

} // namespace tradepulse
