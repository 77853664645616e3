#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include "adapters/json/value_kind.hpp"

// The one place that calls RapidJSON 1.1.0. Only .cpp files of this folder include it.
namespace tradepulse::json {

// Iterative, because recursion overflows the stack; numbers stay text, because a double would
// round them. kParseFullPrecisionFlag misreads and kParseValidateEncodingFlag over-reads: never.
inline constexpr unsigned parse_flags =
    rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;

using sax_reader = rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>>;

// Turns RapidJSON's events into the five of a visitor and keeps the limit of depth:
//   void key(std::string_view)
//   void value(value_kind, std::string_view text)   null, boolean, number, string
//   void open(value_kind)                           object or array
//   void close()
template <class Visitor>
class sax_events {
 public:
  sax_events(Visitor& visitor, std::size_t max_depth) : visitor_(visitor), max_depth_(max_depth) {}

  bool Null() { return scalar(value_kind::null, {}); }
  bool Bool(bool value) { return scalar(value_kind::boolean, value ? "true" : "false"); }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
    return scalar(value_kind::number, {text, length});
  }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    return scalar(value_kind::string, {text, length});
  }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    visitor_.key({text, length});
    return true;
  }
  bool StartObject() { return open(value_kind::object); }
  bool StartArray() { return open(value_kind::array); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool EndArray(rapidjson::SizeType) { return close(); }
  // Never called: numbers are passed as text.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

  bool too_deep() const noexcept { return depth_ > max_depth_; }

 private:
  bool scalar(value_kind kind, std::string_view text) {
    visitor_.value(kind, text);
    return true;
  }
  bool open(value_kind kind) {
    if (++depth_ > max_depth_)
      return false;
    visitor_.open(kind);
    return true;
  }
  bool close() {
    --depth_;
    visitor_.close();
    return true;
  }

  Visitor& visitor_;
  std::size_t max_depth_;
  std::size_t depth_ = 0;
};

// Parses `text` whole, white space around it allowed. `stream` is over `text`; a visitor may hold
// it to know where the parser stands (behind a key or value it is told of). The visitor may have
// seen a part of a text that turns out bad.
// Requires: find_bad_utf8(text) == all_good.
template <class Visitor>
parse_fault parse(sax_reader& reader, rapidjson::MemoryStream& stream, std::string_view text,
                  Visitor& visitor, std::size_t max_depth) {
  sax_events<Visitor> events(visitor, max_depth);
  const rapidjson::ParseResult outcome = reader.Parse<parse_flags>(stream, events);
  if (!outcome.IsError())
    return {};
  return explain_fault(text, outcome.Offset(), outcome.Code() == rapidjson::kParseErrorValueInvalid,
                       outcome.Code() == rapidjson::kParseErrorNumberTooBig,
                       events.too_deep() ? max_depth : 0,
                       rapidjson::GetParseError_En(outcome.Code()));
}

} // namespace tradepulse::json
