#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/json/request_members.hpp"
#include "protocol/result.hpp"
#include "protocol/since_point.hpp"

// Private to this folder: one place within the member `since` of a request.
namespace tradepulse::json {

// The last of each name, in the order of the text.
std::vector<const request_node*> last_of_each(const std::vector<request_node>& members);

// "epoch", "seq" or "time".
bool names_a_place(const request_node& member) noexcept;

// {"epoch":E,"seq":N} or {"time":ms}. `where` is how errors call it: "since", "since.AAPL.trade".
// Errors: bad_request.
result<since_point> place_of(const std::string& where,
                             std::span<const request_node* const> members);

} // namespace tradepulse::json
