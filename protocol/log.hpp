#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

// One line, one event: log::warning("gap", {{"symbol", s.view()}, {"expected", 101}}).
// error = a person must act; warning = degraded and self-healing; info = lifecycle;
// debug = per message. No payloads, no secrets.
namespace tradepulse::log {

enum class level : std::uint8_t { debug, info, warning, error, off };

// A key and its value as text. Keys are literals.
struct field {
  std::string_view key;
  std::string value;

  field(std::string_view k, std::string_view v) : key(k), value(v) {}
  field(std::string_view k, const std::string& v) : key(k), value(v) {}
  field(std::string_view k, const char* v) : key(k), value(v) {}
  field(std::string_view k, bool v) : key(k), value(v ? "true" : "false") {}
  template <class Number>
  requires std::is_arithmetic_v<Number> field(std::string_view k, Number v)
      : key(k), value(std::to_string(v)) {}
};

// Where lines go. Thread: any.
class sink {
 public:
  virtual ~sink() = default;
  virtual void write(level severity, std::string_view event,
                     std::initializer_list<field> fields) = 0;
};

// Set once at start, before other threads exist; without one, lines are dropped.
void set_sink(sink* target, level threshold) noexcept;
bool enabled(level severity) noexcept;
void write(level severity, std::string_view event, std::initializer_list<field> fields);

inline void debug(std::string_view event, std::initializer_list<field> fields = {}) {
  if (enabled(level::debug))
    write(level::debug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<field> fields = {}) {
  write(level::info, event, fields);
}
inline void warning(std::string_view event, std::initializer_list<field> fields = {}) {
  write(level::warning, event, fields);
}
inline void error(std::string_view event, std::initializer_list<field> fields = {}) {
  write(level::error, event, fields);
}

} // namespace tradepulse::log
