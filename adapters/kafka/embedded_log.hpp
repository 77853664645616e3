#pragma once

#include <memory>
#include <string>

#include "adapters/kafka/options.hpp"
#include "protocol/result.hpp"

namespace tradepulse::kafka {

// librdkafka's mock cluster as a small log: loopback only, ports of its own choice, in memory (at
// most 5 MB or 100,000 message sets a partition, older ones go), not for production.
// Run it in a process of its own: together with consumers in one process it once got stuck.
// Lives until destroyed; needs no thread of the caller.
class embedded_log {
 public:
  // Errors: configuration (a topic's name or number of partitions), internal.
  static result<std::unique_ptr<embedded_log>> start(const embedded_log_options& options);
  ~embedded_log();

  // "127.0.0.1:PORT[,...]", for `kafka.brokers`.
  const std::string& bootstrap_servers() const noexcept;

 private:
  class cluster;
  explicit embedded_log(std::unique_ptr<cluster> made);
  std::unique_ptr<cluster> cluster_;
};

} // namespace tradepulse::kafka
