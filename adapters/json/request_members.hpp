#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/json/value_kind.hpp"
#include "protocol/result.hpp"

// Private to this folder: the members of what clients send, over WebSocket or REST.
namespace tradepulse::json {

struct request_value {
  value_kind kind = value_kind::absent;
  std::string text; // of a string, number or boolean

  // JSON's null says nothing, as absence does.
  bool given() const noexcept { return kind != value_kind::absent && kind != value_kind::null; }
};

struct request_list {
  value_kind kind = value_kind::absent; // array where `items` are its elements
  std::vector<request_value> items;     // no more than were asked for
  std::size_t size = 0;                 // how many there were

  bool given() const noexcept { return kind != value_kind::absent && kind != value_kind::null; }
};

// A member of any depth, in the order of the text and with doubles. Of arrays nothing is kept.
struct request_node {
  std::string name;
  value_kind kind = value_kind::absent;
  std::string text;                  // of a string, number or boolean
  std::vector<request_node> members; // of an object

  bool given() const noexcept { return kind != value_kind::absent && kind != value_kind::null; }
};

struct request_limits {
  std::size_t max_bytes;
  std::size_t max_depth;
  std::size_t max_items; // kept of each list; `size` counts on
  bool with_since;       // whether `since` is kept
};

// Of a doubled member the last one is kept.
struct request_members {
  request_value type, symbol, delivery, method, action;
  request_node since;
  request_list symbols, streams;
  value_kind id_kind = value_kind::absent;
  std::string id_json; // the text of the member as it was sent
  bool symbols_before_symbol = false;
  std::vector<std::string> unknown; // names in order, at most max_unknown of them
  std::size_t unknown_count = 0;

  static constexpr std::size_t max_unknown = 8;
};

// Errors: too_large, bad_utf8, bad_json, bad_number, out_of_range (as in records), bad_request
// (not an object, too deep).
result<request_members> read_request(std::string_view text, const request_limits& limits);

} // namespace tradepulse::json
