#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/web/origins.hpp"

namespace tradepulse::web {

// How the end of a body is told.
enum class body_framing : std::uint8_t {
  none,       // 204, 304
  length,     // Content-Length
  chunked,    // HTTP/1.1, length not known
  until_close // HTTP/1.0, length not known
};

struct answer_head {
  int status = 200;
  std::string_view content_type;
  body_framing framing = body_framing::length;
  std::size_t length = 0;
  bool keep_alive = true;
};

// Status line and fields of an answer, with the empty line. A field whose name or value could end
// the line is left out: no header can be smuggled in by what a service echoes.
std::string write_head(const answer_head& head, const header_list& more, const header_list& cors);

// A chunk of a chunked body; `last` adds the end of the body.
std::string chunk_prefix(std::size_t length);
inline constexpr std::string_view chunk_suffix = "\r\n";
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

} // namespace tradepulse::web
