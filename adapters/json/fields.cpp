#include "adapters/json/fields.hpp"

#include <charconv>

namespace tradepulse::json {
namespace {

constexpr std::size_t max_detail_bytes = 200;

std::string named(std::string_view label, std::string_view rest) {
  std::string out(label);
  out += rest;
  return out;
}

rejected_record absent(std::string_view label) {
  return reject(reject_reason::missing_member, named(label, ": absent, and required"));
}

rejected_record mistyped(std::string_view label, value_kind is, std::string_view must_be) {
  std::string detail = named(label, ": ");
  detail.append(to_string(is)).append(", must be ").append(must_be);
  return reject(reject_reason::wrong_type, std::move(detail));
}

// A number, or a string that may hold one.
rejection require_number(std::string_view label, const member& from) {
  if (from.kind == value_kind::absent)
    return absent(label);
  if (from.kind != value_kind::number && from.kind != value_kind::string)
    return mistyped(label, from.kind, "a number or a string that holds one");
  return {};
}

// What protocol/decimal calls out of range, below zero as well.
rejected_record refused_decimal(std::string_view label, std::string_view text, const error& why,
                                std::string_view range) {
  reject_reason reason = reject_reason::bad_number;
  if (why.code == errc::too_precise)
    reason = reject_reason::too_precise;
  if (why.code == errc::out_of_range) {
    if (text.starts_with('-'))
      return reject(reject_reason::negative,
                    named(label, " ") + shown(text) + ": negative, must be " + std::string(range));
    reason = reject_reason::out_of_range;
  }
  return reject(reason, named(label, " ") + why.detail);
}

} // namespace

rejected_record reject(reject_reason reason, std::string detail) {
  if (detail.size() > max_detail_bytes)
    detail.resize(max_detail_bytes);
  return {reason, std::move(detail)};
}

rejection require_string(std::string_view label, const member& from) {
  if (from.kind == value_kind::absent)
    return absent(label);
  if (from.kind != value_kind::string)
    return mistyped(label, from.kind, "a string");
  return {};
}

rejection require_object(std::string_view label, const member& from) {
  if (from.kind == value_kind::absent)
    return absent(label);
  if (from.kind != value_kind::object)
    return mistyped(label, from.kind, "an object");
  return {};
}

rejection read_symbol(std::string_view label, const member& from, symbol& to) {
  if (auto refused = require_string(label, from))
    return refused;
  auto parsed = symbol::parse(from.text);
  if (!parsed)
    return reject(reject_reason::bad_symbol, named(label, ": ") + parsed.failure().detail);
  to = *parsed;
  return {};
}

rejection read_price(std::string_view label, const member& from, price& to) {
  if (auto refused = require_number(label, from))
    return refused;
  auto parsed = price::parse(from.text);
  if (!parsed)
    return refused_decimal(label, from.text, parsed.failure(), "0 up to 92233720368.54775807");
  to = *parsed;
  return {};
}

rejection read_volume(std::string_view label, const member& from, std::optional<quantity>& to) {
  to.reset();
  if (from.kind == value_kind::absent || from.kind == value_kind::null)
    return {};
  return read_quantity(label, from, to.emplace());
}

rejection read_quantity(std::string_view label, const member& from, quantity& to) {
  if (auto refused = require_number(label, from))
    return refused;
  auto parsed = quantity::parse(from.text);
  if (!parsed)
    return refused_decimal(label, from.text, parsed.failure(), "0 up to below 10^12");
  to = *parsed;
  return {};
}

rejection read_amount(std::string_view label, const member& from, std::optional<int128>& to) {
  constexpr std::string_view range = "0 up to below 10^28";
  to.reset();
  if (from.kind == value_kind::absent || from.kind == value_kind::null)
    return {};
  if (auto refused = require_number(label, from))
    return refused;
  auto parsed = parse_decimal(from.text);
  if (!parsed)
    return refused_decimal(label, from.text, parsed.failure(), range);
  if (*parsed < 0)
    return refused_decimal(label, from.text, error{errc::out_of_range, {}}, range);
  to = *parsed;
  return {};
}

rejection read_any_time(std::string_view label, const member& from, time_ms& to) {
  if (from.kind == value_kind::absent)
    return absent(label);
  if (from.kind != value_kind::number && from.kind != value_kind::string)
    return mistyped(label, from.kind, "integer milliseconds or ISO-8601");
  auto parsed = parse_time(from.text);
  if (!parsed)
    return reject(reject_reason::bad_time, named(label, ": ") + parsed.failure().detail);
  to = *parsed;
  return {};
}

rejection read_time(std::string_view label, const member& from, time_ms append_time,
                    std::chrono::milliseconds max_ahead, time_ms& to) {
  if (auto refused = read_any_time(label, from, to))
    return refused;
  const bool record_has_time = append_time.time_since_epoch().count() >= 0;
  if (record_has_time && to - append_time > max_ahead)
    return reject(reject_reason::time_ahead,
                  named(label, " ") + to_iso8601(to) + ": " +
                      std::to_string((to - append_time).count()) + " ms after its record (" +
                      to_iso8601(append_time) + "), at most " + std::to_string(max_ahead.count()));
  return {};
}

rejection read_count(std::string_view label, const member& from, std::optional<std::int64_t>& to) {
  to.reset();
  if (from.kind == value_kind::absent || from.kind == value_kind::null)
    return {};
  if (auto refused = require_number(label, from))
    return refused;
  std::int64_t number = 0;
  const char* end = from.text.data() + from.text.size();
  const auto [stopped, fault] = std::from_chars(from.text.data(), end, number);
  if (stopped != end || fault == std::errc::invalid_argument)
    return reject(reject_reason::bad_number,
                  named(label, " ") + shown(from.text) + ": not an integer");
  const char* range = ", must be 0 up to 9223372036854775807";
  if (from.text.front() == '-' && (number != 0 || fault != std::errc{}))
    return reject(reject_reason::negative,
                  named(label, " ") + shown(from.text) + ": negative" + range);
  if (fault == std::errc::result_out_of_range)
    return reject(reject_reason::out_of_range,
                  named(label, " ") + shown(from.text) + ": too large" + range);
  to = number;
  return {};
}

rejection read_flag(std::string_view label, const member& from, bool& to) {
  if (from.kind == value_kind::absent)
    return absent(label);
  if (from.kind != value_kind::boolean)
    return mistyped(label, from.kind, "true or false");
  to = from.text == "true";
  return {};
}

} // namespace tradepulse::json
