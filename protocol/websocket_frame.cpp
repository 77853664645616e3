#include "protocol/websocket_frame.hpp"

namespace tradepulse::websocket {
namespace {

constexpr std::size_t room_of_text_header = 4; // what append_text_frame left free
constexpr char final_bit = '\x80';

char octet(std::uint64_t value, int shift) noexcept {
  return static_cast<char>(static_cast<unsigned char>((value >> shift) & 0xff));
}

// The length as RFC 6455 wants it: the shortest of its three forms.
void append_length(std::string& out, std::uint64_t length) {
  if (length < 126) {
    out.push_back(octet(length, 0));
  } else if (length <= 0xffff) {
    out.push_back(126);
    out.push_back(octet(length, 8));
    out.push_back(octet(length, 0));
  } else {
    out.push_back(127);
    for (int shift = 56; shift >= 0; shift -= 8)
      out.push_back(octet(length, shift));
  }
}

char first_octet(opcode op) noexcept {
  return static_cast<char>(final_bit | static_cast<char>(op));
}

// The longest prefix of at most `limit` bytes that does not cut a character.
std::string_view cut_at_character(std::string_view text, std::size_t limit) noexcept {
  if (text.size() <= limit)
    return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80)
    --limit;
  return text.substr(0, limit);
}

} // namespace

void append_frame(std::string& out, opcode op, std::string_view payload) {
  out.push_back(first_octet(op));
  append_length(out, payload.size());
  out.append(payload);
}

void insert_text_header(std::string& out, std::size_t start) {
  const std::size_t length = out.size() - start - room_of_text_header;
  std::string header(1, first_octet(opcode::text));
  append_length(header, length);
  if (header.size() == room_of_text_header)
    out.replace(start, room_of_text_header, header); // in place: the usual length
  else if (header.size() < room_of_text_header)
    out.erase(start, room_of_text_header - header.size()).replace(start, header.size(), header);
  else
    out.replace(start, room_of_text_header, header);
}

void append_close_frame(std::string& out, close_code code, std::string_view reason) {
  constexpr std::size_t longest_reason = 123; // a control frame holds 125 bytes, the code takes 2
  std::string payload;
  payload.push_back(octet(static_cast<std::uint16_t>(code), 8));
  payload.push_back(octet(static_cast<std::uint16_t>(code), 0));
  payload.append(cut_at_character(reason, longest_reason));
  append_frame(out, opcode::close, payload);
}

} // namespace tradepulse::websocket
