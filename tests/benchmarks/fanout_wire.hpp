#pragma once

#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

// What the floor sends and the client expects, written by hand and not by the engine's encoder:
// the bytes are the measure of both servers.
namespace benchmark {

// The example of RFC 6455, section 1.3: a fixed key has a known answer.
inline constexpr std::string_view websocket_key = "dGhlIHNhbXBsZSBub25jZQ==";
inline constexpr std::string_view websocket_accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

// An unmasked text frame of up to 65,535 bytes.
inline std::string text_frame(std::string_view payload) {
  if (payload.size() > 65'535)
    throw std::length_error("a benchmark's frame is short");
  std::string out(1, '\x81');
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size());
  } else {
    out += static_cast<char>(126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xff);
  }
  out += payload;
  return out;
}

// The frame of event `seq`. tests/benchmarks/fanout_benchmark.py produces the same numbers: price
// 10000 + seq % 80000 + 0.5, volume 1 + seq % 9, time `base_ms` + seq.
inline std::string event_frame(std::string_view symbol, std::int64_t base_ms, std::int64_t seq) {
  char text[256];
  const int size = std::snprintf(
      text, sizeof text,
      "{\"type\":\"price_update\",\"data\":{\"symbol\":\"%.*s\",\"price\":%lld.5,"
      "\"volume\":%lld,\"timestamp\":%lld,\"sequence\":%lld,\"epoch\":1}}",
      static_cast<int>(symbol.size()), symbol.data(), static_cast<long long>(10'000 + seq % 80'000),
      static_cast<long long>(1 + seq % 9), static_cast<long long>(base_ms + seq),
      static_cast<long long>(seq));
  return text_frame({text, static_cast<std::size_t>(size)});
}

} // namespace benchmark
