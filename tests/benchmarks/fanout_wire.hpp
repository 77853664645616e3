#pragma once

#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

// What the floor sends and the clients expect, written by hand and not by the engine's encoder:
// the bytes are the measure of both servers.
namespace benchmark {

// The example of RFC 6455, section 1.3: a fixed key has a known answer.
inline constexpr std::string_view websocket_key = "dGhlIHNhbXBsZSBub25jZQ==";
inline constexpr std::string_view websocket_accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

// An unmasked frame of up to 65,535 bytes; a text frame where nothing else is said.
inline std::string server_frame(std::string_view payload, char first_byte = '\x81') {
  if (payload.size() > 65'535)
    throw std::length_error("a benchmark's frame is short");
  std::string out(1, first_byte);
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size());
  } else {
    out += static_cast<char>(126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xff);
  }
  return out.append(payload);
}

// A client's frame: the mask is zero, which leaves the payload as it is.
inline std::string client_frame(std::string_view payload, char first_byte = '\x81') {
  std::string out = server_frame(payload, first_byte);
  out[1] = static_cast<char>(out[1] | '\x80');
  return out.insert(out.size() - payload.size(), 4, '\0');
}

// Symbols have numbers from 0 and names of one length.
inline constexpr std::string_view symbol_prefix = "SYM";
inline constexpr std::size_t symbol_digits = 5;
inline constexpr std::size_t most_symbols = 100'000;

inline std::string symbol_name(std::size_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "SYM%05zu", number);
  return text;
}

// The number of the symbol whose name begins at `at`; throws where there is none.
inline std::size_t symbol_at(std::string_view text, std::size_t at) {
  const auto name = text.substr(at, symbol_prefix.size() + symbol_digits);
  std::size_t number = 0;
  if (!name.starts_with(symbol_prefix) || name.size() != symbol_prefix.size() + symbol_digits)
    throw std::runtime_error("a name that is no symbol's");
  for (const char digit : name.substr(symbol_prefix.size())) {
    if (digit < '0' || digit > '9')
      throw std::runtime_error("a name that is no symbol's");
    number = number * 10 + static_cast<std::size_t>(digit - '0');
  }
  return number;
}

inline constexpr std::string_view event_prefix = R"({"type":"price_update","data":{"symbol":")";

// The frame of event `seq` of a symbol. fanout_market.py produces the same numbers: price
// 10000 + seq % 80000 + 0.5, volume 1 + seq % 9, time `base_ms` + seq.
inline std::string event_frame(std::size_t symbol, std::int64_t base_ms, std::int64_t seq) {
  char text[256];
  const int size = std::snprintf(
      text, sizeof text,
      "%.*s%s\",\"price\":%lld.5,\"volume\":%lld,\"timestamp\":%lld,\"sequence\":%lld,"
      "\"epoch\":1}}",
      static_cast<int>(event_prefix.size()), event_prefix.data(), symbol_name(symbol).c_str(),
      static_cast<long long>(10'000 + seq % 80'000), static_cast<long long>(1 + seq % 9),
      static_cast<long long>(base_ms + seq), static_cast<long long>(seq));
  return server_frame({text, static_cast<std::size_t>(size)});
}

} // namespace benchmark
