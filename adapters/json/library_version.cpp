#include "adapters/json/library_version.hpp"

#include <rapidjson/rapidjson.h>

namespace tradepulse::json {

std::string library_version() {
  return "RapidJSON " RAPIDJSON_VERSION_STRING;
}

} // namespace tradepulse::json
