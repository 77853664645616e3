#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tradepulse {

// Where a feed produces to.
struct log_target {
  std::string brokers = "localhost:9092";
  std::vector<std::pair<std::string, std::string>> properties; // of librdkafka, as they are
  std::string topic;
};

} // namespace tradepulse
