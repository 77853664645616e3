#pragma once

// Private to adapters/web: what a listener answers to a request, whoever writes it.
// Thread: the I/O threads.
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/web/connection_budget.hpp"
#include "adapters/web/listener_state.hpp"
#include "adapters/web/request_reader.hpp"
#include "protocol/ports/http_service.hpp"

namespace tradepulse::web {

http_response answer_to(const refused_request& refused);
// Calls the service. False: it threw, which is logged.
bool goes_well(const std::function<void()>& call);
http_response answer_to_fault();
// To a connection that the budget did not admit.
http_response answer_without_a_place(connection_budget::verdict verdict);
// A preflight's, the service's, or where the listener has no service what is spoken here.
http_response answer_to(const request_view& request, std::string body,
                        const std::string& remote_address, const listener_state& listener);
// Why this upgrade is not accepted; counted by reason. Nothing: it is.
std::optional<http_response> refusal_of_upgrade(const request_view& request,
                                                listener_state& listener);

// The path and the query of a target in any form ("/a?b", "http://host/a?b"). No path: "/".
struct split_target {
  std::string_view path;
  std::string_view query;
};
split_target split(std::string_view target) noexcept;

} // namespace tradepulse::web
