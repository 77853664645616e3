#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

// What the floor sends and the clients expect, written by hand and not by the engine's encoder:
// the bytes are the measure of both servers.
namespace benchmark {

// The example of RFC 6455, section 1.3: a fixed key has a known answer.
inline constexpr std::string_view websocket_key = "dGhlIHNhbXBsZSBub25jZQ==";
inline constexpr std::string_view websocket_accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

// An unmasked frame; a text frame where nothing else is said.
inline std::string server_frame(std::string_view payload, char first_byte = '\x81') {
  std::string out(1, first_byte);
  const std::size_t octets = payload.size() < 126 ? 0 : payload.size() < 65'536 ? 2 : 8;
  out += static_cast<char>(octets == 0 ? payload.size() : octets == 2 ? 126 : 127);
  for (std::size_t left = octets; left-- > 0;)
    out += static_cast<char>(payload.size() >> (8 * left));
  return out.append(payload);
}

// Where the frame at the start of `bytes` has its payload and its end; none where it is not whole.
struct frame_bounds {
  std::size_t payload;
  std::size_t end;
};
inline std::optional<frame_bounds> bounds_of(std::string_view bytes) {
  if (bytes.size() < 2)
    return {};
  const auto octet = [&](std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at]));
  };
  std::size_t size = octet(1) & 0x7f;
  const std::size_t octets = size < 126 ? 0 : size == 126 ? 2 : 8;
  if (bytes.size() < 2 + octets)
    return {};
  if (octets > 0)
    size = 0;
  for (std::size_t i = 0; i < octets; ++i)
    size = (size << 8) | octet(2 + i);
  if (bytes.size() - 2 - octets < size)
    return {};
  return frame_bounds{2 + octets, 2 + octets + size};
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
