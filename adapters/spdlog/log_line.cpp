#include "adapters/spdlog/log_line.hpp"

#include <cstdint>

#include "protocol/utf8.hpp"

namespace tradepulse::log {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";

// C0, DEL, and C1, which terminals obey as well.
bool is_control(std::string_view character) noexcept {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1)
    return first < 0x20 || first == 0x7f;
  return character.size() == 2 && first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

void append_hex_byte(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out += hex_digits[byte >> 4];
  out += hex_digits[byte & 15];
}

void append_escaped(std::string& out, std::string_view character, line_format format) {
  if (character == "\n" || character == "\r" || character == "\t") {
    out += character == "\n" ? "\\n" : character == "\r" ? "\\r" : "\\t";
    return;
  }
  if (format == line_format::key_value) {
    for (char c : character) {
      out += "\\x";
      append_hex_byte(out, c);
    }
    return;
  }
  out += "\\u00"; // U+0000 .. U+009F: the last byte is the code point's low byte
  append_hex_byte(out, character.back());
}

// Text between quotes, cut at a character's boundary.
void append_quoted(std::string& out, std::string_view text, line_format format) {
  const bool cut = text.size() > longest_value_bytes;
  const std::size_t end = cut ? longest_value_bytes : text.size();
  out += '"';
  for (std::size_t at = 0; at < end;) {
    const auto size = utf8::first_character(text.substr(at));
    if (size == 0) {
      if (format == line_format::json)
        out += "\xef\xbf\xbd";
      else
        append_escaped(out, text.substr(at, 1), format);
      ++at;
      continue;
    }
    if (at + size > end)
      break;
    const auto character = text.substr(at, size);
    if (character == "\"" || character == "\\")
      (out += '\\') += character;
    else if (is_control(character))
      append_escaped(out, character, format);
    else
      out += character;
    at += size;
  }
  if (cut)
    out += "...";
  out += '"';
}

bool is_plain(std::string_view text) noexcept {
  if (text.empty() || text.size() > longest_value_bytes)
    return false;
  for (char c : text)
    if (c <= 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '=')
      return false;
  return true;
}

void append_value(std::string& out, std::string_view text, line_format format) {
  if (format == line_format::key_value && is_plain(text))
    out += text;
  else
    append_quoted(out, text, format);
}

void append_key(std::string& out, std::string_view key) {
  for (char c : key) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '.' || c == '-';
    out += fits ? c : '_';
  }
  if (key.empty() || key == "time" || key == "level" || key == "event")
    out += '_';
}

} // namespace

std::string_view to_string(level severity) noexcept {
  switch (severity) {
  case level::debug:
    return "debug";
  case level::info:
    return "info";
  case level::warning:
    return "warning";
  case level::error:
    return "error";
  case level::off:
    break;
  }
  return "off";
}

std::string to_line(line_format format, time_ms time, level severity, std::string_view event,
                    std::initializer_list<field> fields) {
  std::string out;
  out.reserve(128);
  if (format == line_format::json) {
    out.append("{\"time\":\"").append(to_iso8601(time));
    out.append("\",\"level\":\"").append(to_string(severity)).append("\",\"event\":");
    append_value(out, event, format);
    for (const auto& f : fields) {
      out += ",\"";
      append_key(out, f.key);
      out += "\":";
      append_value(out, f.value, format);
    }
    out += '}';
    return out;
  }
  out.append(to_iso8601(time)).append(1, ' ').append(to_string(severity)).append(" event=");
  append_value(out, event, format);
  for (const auto& f : fields) {
    out += ' ';
    append_key(out, f.key);
    out += '=';
    append_value(out, f.value, format);
  }
  return out;
}

} // namespace tradepulse::log
