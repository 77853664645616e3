#include "adapters/kafka/library_version.hpp"

#include <librdkafka/rdkafka.h>

namespace tradepulse::kafka {

std::string library_version() {
  return std::string("librdkafka ") + rd_kafka_version_str();
}

} // namespace tradepulse::kafka
