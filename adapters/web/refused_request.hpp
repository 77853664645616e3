#pragma once

#include <string>

#include "protocol/error_codes.hpp"

namespace tradepulse::web {

// What is wrong with a request. The answer ends the connection.
struct refused_request {
  int status;
  errc code;
  std::string message;
};

} // namespace tradepulse::web
