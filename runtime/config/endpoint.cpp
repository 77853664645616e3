#include "runtime/config/endpoint.hpp"

#include "runtime/config/quantities.hpp"

namespace tradepulse::config {

result<endpoint> parse_endpoint(std::string_view text) {
  error bad{errc::configuration, "not HOST:PORT with a port of 1 .. 65535"};
  std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return bad;
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return error{errc::configuration, "an IPv6 address must be in brackets: [::1]:9092"};
  auto port = parse_integer(text.substr(colon + 1));
  if (host.empty() || host.find_first_of(" \t/,") != std::string_view::npos || !port || *port < 1 ||
      *port > 65535)
    return bad;
  return endpoint{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::string to_string(const endpoint& where) {
  bool brackets = where.host.find(':') != std::string::npos;
  return (brackets ? "[" + where.host + "]" : where.host) + ":" + std::to_string(where.port);
}

std::string to_string(std::span<const endpoint> list) {
  std::string text;
  for (const endpoint& one : list)
    text += (text.empty() ? "" : ",") + to_string(one);
  return text;
}

} // namespace tradepulse::config
