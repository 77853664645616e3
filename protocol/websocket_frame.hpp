#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/error_codes.hpp"

// Server frames of RFC 6455: unmasked, whole.
namespace tradepulse::websocket {

enum class opcode : std::uint8_t { text = 0x1, binary = 0x2, close = 0x8, ping = 0x9, pong = 0xa };

// Appends header and payload of one final frame.
void append_frame(std::string& out, opcode op, std::string_view payload);

// Appends a text frame whose payload is what `write` appends: no second buffer. The header is put
// in front when the length is known.
template <class Write>
void append_text_frame(std::string& out, Write&& write);

// A close frame; the reason is cut to 123 bytes at a UTF-8 border.
void append_close_frame(std::string& out, close_code code, std::string_view reason);

// Implementation detail of append_text_frame: inserts the header at `start`.
void insert_text_header(std::string& out, std::size_t start);

template <class Write>
void append_text_frame(std::string& out, Write&& write) {
  const std::size_t start = out.size();
  out.append(4, '\0'); // room for the header of a payload of 126..65535 bytes
  write(out);
  insert_text_header(out, start);
}

} // namespace tradepulse::websocket
