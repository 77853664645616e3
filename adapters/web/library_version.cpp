#include "adapters/web/library_version.hpp"

#include <boost/beast/version.hpp>

namespace tradepulse::web {

std::string library_version() {
  return "Boost.Beast " + std::to_string(BOOST_BEAST_VERSION);
}

} // namespace tradepulse::web
