#include "runtime/config/cross_checks.hpp"

#include <algorithm>
#include <functional>
#include <string>

#include "runtime/config/candle_checks.hpp"
#include "runtime/config/missed_klines_checks.hpp"
#include "runtime/config/topic_checks.hpp"

namespace tradepulse::config {
namespace {

std::string pair_text(const effective_value& v) {
  return v.name + " = " + v.text;
}

class checker {
 public:
  checker(const settings& s, const effective_values& effective, diagnostics& faults,
          diagnostics& warnings)
      : s_(s), effective_(effective), faults_(faults), warnings_(warnings) {}

  void all() {
    pairs();
    listeners();
    paths();
    check_topics(s_, effective_, faults_, warnings_);
    check_candles(s_, effective_, faults_, warnings_);
    check_missed_klines(s_, effective_, faults_, warnings_);
    advice();
  }

 private:
  const effective_value& at(std::string_view name) const { return find(effective_, name); }

  // The one of the two that was set is the one to point at.
  void tell(diagnostics& into, std::string_view name, std::string_view other, std::string_view must,
            std::string_view why = {}) {
    const effective_value* first = &at(name);
    const effective_value* second = &at(other);
    std::string text =
        pair_text(*first) + ": must be " + std::string(must) + " " + pair_text(*second);
    if (!why.empty())
      text += ": " + std::string(why);
    into.push_back({first->set() || !second->set() ? first->where : second->where, text});
  }

  template <class Value, class Relation>
  void require(const Value& a, Relation holds, const Value& b, std::string_view name,
               std::string_view other, std::string_view must) {
    if (!holds(a, b))
      tell(faults_, name, other, must);
  }

  void pairs() {
    using std::greater;
    using std::less;
    using std::less_equal;
    require(s_.heartbeat.timeout, greater<>{}, s_.heartbeat.interval, "heartbeat.timeout",
            "heartbeat.interval", "more than");
    require(s_.kafka.heartbeat_interval, less<>{}, s_.kafka.session_timeout,
            "kafka.heartbeat_interval", "kafka.session_timeout", "less than");
    require(s_.postgres.writers, less_equal<>{}, s_.postgres.max_connections, "postgres.writers",
            "postgres.max_connections", "at most");
    require(s_.postgres.readers, less_equal<>{}, s_.postgres.max_connections, "postgres.readers",
            "postgres.max_connections", "at most");
    require(s_.postgres.retry_min, less_equal<>{}, s_.postgres.retry_max, "postgres.retry_min",
            "postgres.retry_max", "at most");
    require(s_.shutdown.retry_after_min, less_equal<>{}, s_.shutdown.retry_after_max,
            "shutdown.retry_after_min", "shutdown.retry_after_max", "at most");
    require(s_.ingest.batch_records, less_equal<>{}, s_.ingest.credit_events,
            "ingest.batch_records", "ingest.credit_events", "at most");
    require(s_.ingest.max_record_bytes, less_equal<>{}, s_.ingest.credit_bytes,
            "ingest.max_record_bytes", "ingest.credit_bytes", "at most");
    require(s_.candles.grace, less_equal<>{}, s_.candles.lateness, "candles.grace",
            "candles.lateness", "at most");
    require(s_.candles.max_ahead, less_equal<>{}, s_.ingest.max_ahead, "candles.max_ahead",
            "ingest.max_ahead", "at most");
    if (s_.limits.messages_per_second > 0)
      require(s_.limits.messages_burst, std::greater_equal<>{}, s_.limits.messages_per_second,
              "limits.messages_burst", "limits.messages_per_second", "at least");
  }

  const origin& origin_of_listener(std::size_t index, std::string_view member) const {
    return find(at("listeners").elements[index], member).where;
  }

  void listeners() {
    if (!at("listeners").elements.empty())
      for (std::string_view name : usual_listener_keys)
        if (at(name).set())
          faults_.push_back(
              {at(name).where, pair_text(at(name)) + ": has no effect while listeners is set (" +
                                   to_string(at("listeners").where) + "); change the port there"});
    for (std::size_t i = 0; i < s_.listeners.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (collide(s_.listeners[i], s_.listeners[j]))
          tell_collision(i, j);
    auto serves_ops = [](const listener_settings& l) { return l.serves(service::ops); };
    if (std::none_of(s_.listeners.begin(), s_.listeners.end(), serves_ops))
      warnings_.push_back({at("listeners").where, "no listener serves ops: there are no metrics "
                                                  "and no /admin"});
  }

  static bool collide(const listener_settings& a, const listener_settings& b) {
    auto any = [](const std::string& host) { return host == "0.0.0.0" || host == "::"; };
    return a.port != 0 && a.port == b.port && (a.host == b.host || any(a.host) || any(b.host));
  }

  void tell_collision(std::size_t i, std::size_t j) {
    if (at("listeners").elements.empty()) {
      tell(faults_, "ops.port", "client.port", "another than");
      return;
    }
    std::string element = "listeners[" + std::to_string(i) + "].port";
    faults_.push_back({origin_of_listener(i, "port"),
                       element + " = " + std::to_string(s_.listeners[i].port) +
                           ": used twice, also by listeners[" + std::to_string(j) + "] (" +
                           to_string(origin_of_listener(j, "port")) + ")"});
  }

  void paths() {
    if (!s_.ops.metrics_path.starts_with('/'))
      faults_.push_back({at("ops.metrics_path").where,
                         pair_text(at("ops.metrics_path")) + ": must begin with \"/\""});
    for (std::size_t i = 0; i < at("listeners").elements.size(); ++i) {
      const listener_settings& one = s_.listeners[i];
      std::string name = "listeners[" + std::to_string(i) + "].websocket_paths";
      for (const std::string& path : one.websocket_paths)
        if (!path.starts_with('/'))
          faults_.push_back({origin_of_listener(i, "websocket_paths"),
                             name + ": \"" + path + "\" must begin with \"/\""});
      if (one.serves(service::websocket) && one.websocket_paths.empty())
        faults_.push_back({origin_of_listener(i, "websocket_paths"),
                           name + " = []: a listener that serves websocket needs a path"});
    }
  }

  void advice() {
    if (s_.postgres.statement_timeout.count() == 0 ||
        s_.postgres.statement_timeout >= s_.postgres.watchdog)
      tell(warnings_, "postgres.statement_timeout", "postgres.watchdog", "less than",
           "a slow statement is cut with its connection");
    if (s_.postgres.batch_size > s_.ingest.credit_events / 2)
      warnings_.push_back(
          {at("postgres.batch_size").where, pair_text(at("postgres.batch_size")) +
                                                ": never reached, a writer flushes at half of " +
                                                pair_text(at("ingest.credit_events"))});
    if (s_.kafka.heartbeat_interval * 3 > s_.kafka.session_timeout &&
        s_.kafka.heartbeat_interval < s_.kafka.session_timeout)
      tell(warnings_, "kafka.heartbeat_interval", "kafka.session_timeout", "at most a third of",
           "one lost heartbeat could cost the partitions");
    if (at("klines.missed_numbers").set() && !s_.journal.keeps("kline"))
      warnings_.push_back({at("klines.missed_numbers").where,
                           pair_text(at("klines.missed_numbers")) +
                               ": journal.streams does not name kline, so nobody can be told what "
                               "was missed"});
    constexpr std::size_t short_token = 16;
    if (!s_.admin.token.empty() && s_.admin.token.size() < short_token)
      warnings_.push_back({at("admin.token").where, "admin.token is shorter than 16 bytes: it can "
                                                    "be guessed"});
  }

  const settings& s_;
  const effective_values& effective_;
  diagnostics& faults_;
  diagnostics& warnings_;
};

} // namespace

bool listener_settings::serves(service what) const {
  constexpr std::string_view names[] = {"rest", "websocket", "ops"};
  return std::find(serves_names.begin(), serves_names.end(),
                   names[static_cast<std::size_t>(what)]) != serves_names.end();
}

bool journal_settings::keeps(std::string_view stream) const {
  return std::find(streams.begin(), streams.end(), stream) != streams.end();
}

void complete_listeners(settings& s) {
  if (!s.listeners.empty())
    return;
  s.listeners.push_back(
      {s.client.host, s.client.port, {"rest", "websocket"}, {"/", "/ws"}, "client.port"});
  s.listeners.push_back({s.ops.host, s.ops.port, {"ops"}, {}, "ops.port"});
}

void cross_check(const settings& s, const effective_values& effective, diagnostics& faults,
                 diagnostics& warnings) {
  checker(s, effective, faults, warnings).all();
}

} // namespace tradepulse::config
