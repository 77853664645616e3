#pragma once

// Private to adapters/web.
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "adapters/web/refused_request.hpp"

namespace tradepulse::web {

using beast_request = boost::beast::http::request<boost::beast::http::string_body>;

// What is wrong with a request, judged by its head alone: what Beast 1.81 lets through and two
// servers could read differently (any Transfer-Encoding, a second Host, a body where none belongs),
// and what is too large. The answer ends the connection.
std::optional<refused_request> judge_head(const beast_request& head, std::size_t target_bytes);

// Whether the client waits for "100 Continue" before it sends its body.
bool expects_go_on(const beast_request& head);

// Whether it asks to become a WebSocket, and what is wrong with how it asks.
bool asks_for_websocket(const beast_request& head);
std::optional<refused_request> judge_upgrade(const beast_request& head);

} // namespace tradepulse::web
