#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// What the load client produces and what must come back, written by hand and not by the engine's
// encoder. Every member is a function of the symbol's number and of the event's number within the
// symbol, so that an event which is taken for another one cannot look right.
namespace benchmark {

struct load_event {
  std::size_t symbol = 0;
  std::int64_t seq = 0; // from 1
};

// 10000 to 89999, and always a half behind it.
inline std::int64_t whole_price(load_event e) {
  return 10'000 + (e.seq * 7 + static_cast<std::int64_t>(e.symbol) * 977) % 80'000;
}

inline void append_number(std::string& out, std::int64_t value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

inline void append_price(std::string& out, std::int64_t whole) {
  append_number(out, whole);
  out += ".5";
}

// L00000 and on.
inline void append_name(std::string& out, std::size_t symbol) {
  char digits[6] = {'L', '0', '0', '0', '0', '0'};
  for (std::size_t at = 5; at > 0 && symbol > 0; --at, symbol /= 10)
    digits[at] = static_cast<char>('0' + symbol % 10);
  out.append(digits, sizeof digits);
}

// "symbol" to "timestamp", as they stand in the record and in the update alike.
inline void append_fields(std::string& out, std::int64_t base_ms, load_event e) {
  out += R"("symbol":")";
  append_name(out, e.symbol);
  out += R"(","price":)";
  append_price(out, whole_price(e));
  out += R"(,"volume":)";
  append_number(out, 1 + (e.seq + static_cast<std::int64_t>(e.symbol)) % 9);
  out += R"(,"timestamp":)";
  append_number(out, base_ms + e.seq);
}

// The value of the record.
inline void append_record(std::string& out, std::int64_t base_ms, load_event e) {
  out += '{';
  append_fields(out, base_ms, e);
  out += '}';
}

inline constexpr std::string_view update_begins = R"({"type":"price_update","data":{"symbol":"L)";

inline void append_update(std::string& out, std::int64_t base_ms, load_event e) {
  out += R"({"type":"price_update","data":{)";
  append_fields(out, base_ms, e);
  out += R"(,"sequence":)";
  append_number(out, e.seq);
  out += R"(,"epoch":1}})";
}

// The update that stands for `first` to `last.seq`.
inline void append_merged(std::string& out, std::int64_t base_ms, std::int64_t first,
                          load_event last) {
  std::int64_t high = 0;
  std::int64_t low = 1'000'000;
  for (load_event each{last.symbol, first}; each.seq <= last.seq; ++each.seq) {
    high = std::max(high, whole_price(each));
    low = std::min(low, whole_price(each));
  }
  out += R"({"type":"price_update","data":{)";
  append_fields(out, base_ms, last);
  out += R"(,"sequence":)";
  append_number(out, last.seq);
  out += R"(,"epoch":1,"first_seq":)";
  append_number(out, first);
  out += R"(,"n":)";
  append_number(out, last.seq - first + 1);
  out += R"(,"o":)";
  append_price(out, whole_price({last.symbol, first}));
  out += R"(,"h":)";
  append_price(out, high);
  out += R"(,"l":)";
  append_price(out, low);
  out += R"(,"c":)";
  append_price(out, whole_price(last));
  out += "}}";
}

// The number behind `"name":`, or -1.
inline std::int64_t number_after(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  std::int64_t value = -1;
  if (at != std::string_view::npos)
    std::from_chars(text.data() + at + name.size(), text.data() + text.size(), value);
  return value;
}

} // namespace benchmark
