#include "adapters/kafka/embedded_log.hpp"

#include <array>

#include "adapters/kafka/handle.hpp"
#include "adapters/kafka/library_log.hpp"

#include <librdkafka/rdkafka_mock.h>

namespace tradepulse::kafka {
namespace {

constexpr std::int32_t max_partitions = 10'000;

} // namespace

class embedded_log::cluster {
 public:
  cluster(handle_ptr handle, std::int32_t brokers)
      : handle_(std::move(handle)), mock_(rd_kafka_mock_cluster_new(handle_.get(), brokers)) {
    if (mock_)
      servers_ = rd_kafka_mock_cluster_bootstraps(mock_.get());
  }

  rd_kafka_mock_cluster_t* mock() const noexcept { return mock_.get(); }
  const std::string& servers() const noexcept { return servers_; }

 private:
  handle_ptr handle_; // the cluster's home: it has no brokers of its own
  std::unique_ptr<rd_kafka_mock_cluster_t, destroy_with<rd_kafka_mock_cluster_destroy>> mock_;
  std::string servers_;
};

result<std::unique_ptr<embedded_log>> embedded_log::start(const embedded_log_options& options) {
  if (options.brokers < 1 || options.replication < 1 || options.replication > options.brokers)
    return error{errc::configuration, "embedded log: 1 <= replication <= brokers is needed"};
  conf_ptr conf(rd_kafka_conf_new());
  rd_kafka_conf_set_log_cb(conf.get(), &write_library_log);
  auto handle = make_handle(RD_KAFKA_PRODUCER, std::move(conf), {});
  if (!handle)
    return handle.failure();
  auto made = std::make_unique<cluster>(std::move(*handle), options.brokers);
  if (!made->mock())
    return error{errc::internal, "embedded log: the cluster could not be started"};
  for (const auto& topic : options.topics) {
    if (topic.partitions < 1 || topic.partitions > max_partitions)
      return error{errc::configuration, "embedded log: topic \"" + topic.name +
                                            "\": " + std::to_string(topic.partitions) +
                                            " partitions, 1 to 10000 are allowed"};
    const auto failed = rd_kafka_mock_topic_create(made->mock(), topic.name.c_str(),
                                                   topic.partitions, options.replication);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR)
      return error{errc::configuration,
                   "embedded log: topic \"" + topic.name + "\": " + rd_kafka_err2str(failed)};
  }
  return std::unique_ptr<embedded_log>(new embedded_log(std::move(made)));
}

embedded_log::embedded_log(std::unique_ptr<cluster> made) : cluster_(std::move(made)) {}
embedded_log::~embedded_log() = default;

const std::string& embedded_log::bootstrap_servers() const noexcept {
  return cluster_->servers();
}

} // namespace tradepulse::kafka
