#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/candle.hpp"
#include "protocol/decimal.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/stream_position.hpp"
#include "protocol/timestamps.hpp"

// How the messages of the native dialect are put together; for its own files.
namespace tradepulse::native {

// A message of bounded length is put together here and appended at once. The longest one is a
// candle with all it may have: about 420 characters of names, a symbol of 32, eight decimals below
// 42 each with their quotes and twelve integers of at most 20, so below the size.
class line {
 public:
  line& text(std::string_view literal) noexcept {
    std::memcpy(at_, literal.data(), literal.size());
    at_ += literal.size();
    return *this;
  }
  line& integer(std::int64_t value) noexcept {
    at_ = std::to_chars(at_, buffer_.data() + buffer_.size(), value).ptr;
    return *this;
  }
  line& decimal(int128 units, bool quotes) noexcept {
    if (quotes)
      *at_++ = '"';
    at_ = write_decimal(at_, units);
    if (quotes)
      *at_++ = '"';
    return *this;
  }
  line& quote_volume(int128 units, bool quotes) noexcept { // of 10^-16
    if (quotes)
      *at_++ = '"';
    at_ = write_quote_volume(at_, units);
    if (quotes)
      *at_++ = '"';
    return *this;
  }
  line& volume(const std::optional<quantity>& value, bool quotes) noexcept {
    return value ? decimal(value->units(), quotes) : text("null");
  }
  void append_to(std::string& out) const {
    out.append(buffer_.data(), static_cast<std::size_t>(at_ - buffer_.data()));
  }

 private:
  std::array<char, 1024> buffer_;
  char* at_ = buffer_.data();
};

inline std::int64_t milliseconds_of(time_ms time) noexcept {
  return time.time_since_epoch().count();
}

inline void put_source_sequence(line& to, const std::optional<std::int64_t>& number) noexcept {
  if (number)
    to.text(R"(,"source_sequence":)").integer(*number);
}

// `"symbol":..,"price":..,"volume":..,"timestamp":..`
inline void put_event(line& to, const symbol& name, price p, const std::optional<quantity>& volume,
                      time_ms event_time, bool quotes) noexcept {
  to.text(R"("symbol":")").text(name.view()).text(R"(","price":)").decimal(p.units(), quotes);
  to.text(R"(,"volume":)").volume(volume, quotes);
  to.text(R"(,"timestamp":)").integer(milliseconds_of(event_time));
}

inline void put_position(line& to, sequence seq, epoch e) noexcept {
  to.text(R"(,"sequence":)").integer(seq.value()).text(R"(,"epoch":)").integer(e.value());
}

// `"epoch":..,"seq":..`
inline line& put_place(line& to, stream_position at) noexcept {
  return to.text(R"("epoch":)")
      .integer(at.epoch.value())
      .text(R"(,"seq":)")
      .integer(at.seq.value());
}

} // namespace tradepulse::native
