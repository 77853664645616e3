#include "runtime/feeds/recording_line.hpp"

#include <charconv>

#include "adapters/json/binance_symbol.hpp"

namespace tradepulse {

std::variant<recorded_frame, skipped_line, error>
read_recording_line(std::string_view line, std::string_view symbol_suffix) {
  const auto space = line.find(' ');
  std::int64_t received_ns = 0;
  const char* time_end = line.data() + (space == std::string_view::npos ? 0 : space);
  const auto [end, fault] = std::from_chars(line.data(), time_end, received_ns);
  if (fault != std::errc{} || end != time_end || received_ns < 0)
    return error{errc::bad_time, "a line begins with nanoseconds since 1970 and a space"};
  const auto frame = line.substr(space + 1);

  auto found = json::find_binance_symbol(frame);
  if (!found)
    return found.failure();
  if (!found->has_stream)
    return skipped_line::no_stream;
  if (found->text.empty())
    return skipped_line::no_symbol;
  auto key = symbol::parse(found->text.append(symbol_suffix));
  if (!key)
    return key.failure();

  recorded_frame out{std::chrono::nanoseconds(received_ns), *key, {}};
  out.value.reserve(frame.size() + symbol_suffix.size());
  out.value.append(frame.substr(0, found->end))
      .append(symbol_suffix)
      .append(frame.substr(found->end));
  return out;
}

} // namespace tradepulse
