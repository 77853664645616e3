#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "adapters/json/request_members.hpp"
#include "protocol/result.hpp"
#include "protocol/since_point.hpp"

// Private to this folder: the member `since` of a request.
namespace tradepulse::json {

// What a request asks for, by the names it has written: the place among those that are served, or
// `refused` for one that an error names already.
struct asked_names {
  static constexpr std::size_t refused = static_cast<std::size_t>(-1);
  using places = std::unordered_map<std::string_view, std::size_t>;

  places symbols;
  places streams;
  std::size_t served_symbols = 0;
  std::size_t served_streams = 0;
};

// A place P is {"epoch":E,"seq":N} or {"time":ms}, whole numbers and nothing else. `since` is
//   P                              of every symbol; a position only where one stream is asked for
//   {"<symbol>":S,...}             each symbol's own
//   {"<stream>":P,...}             each stream's, of the only symbol that is asked for
// where S is P or {"<stream>":P,...}. A member whose name is one of the symbols asked for is that
// symbol's wherever its value is an object.
// Returns symbols x streams places, those of a symbol together; nothing for what `since` leaves out
// or says null of; empty where that is all of them.
// A place that is misread would be a hole that nobody announces, so anything else is an error:
// bad_request, which names the member and what it may be. What `asked` has as refused is passed
// over.
result<std::vector<std::optional<since_point>>> since_of(const request_node& since,
                                                         const asked_names& asked);

} // namespace tradepulse::json
