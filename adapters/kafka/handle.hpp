#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/kafka/options.hpp"
#include "protocol/result.hpp"

// Owners for what librdkafka hands out, and how a handle of it is configured. Inside the adapter
// only.
namespace tradepulse::kafka {

template <auto Destroy>
struct destroy_with {
  template <class T>
  void operator()(T* object) const noexcept {
    Destroy(object);
  }
};

using handle_ptr = std::unique_ptr<rd_kafka_t, destroy_with<rd_kafka_destroy>>;
using conf_ptr = std::unique_ptr<rd_kafka_conf_t, destroy_with<rd_kafka_conf_destroy>>;
using queue_ptr = std::unique_ptr<rd_kafka_queue_t, destroy_with<rd_kafka_queue_destroy>>;
using topic_ptr = std::unique_ptr<rd_kafka_topic_t, destroy_with<rd_kafka_topic_destroy>>;
using event_ptr = std::unique_ptr<rd_kafka_event_t, destroy_with<rd_kafka_event_destroy>>;
using partition_list_ptr = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                           destroy_with<rd_kafka_topic_partition_list_destroy>>;

using setting = std::pair<std::string_view, std::string>;

// Brokers, client id, log callback, then `ours`, then the user's properties.
// Errors: configuration, naming the key; a property that `ours` fixes for correctness is refused.
result<conf_ptr> make_conf(const connection_options& connection, std::span<const setting> ours);

result<handle_ptr> make_handle(rd_kafka_type_t type, conf_ptr conf,
                               const connection_options& connection);

// `kafka.brokers "host:9092": what`
error brokers_error(errc code, const connection_options& connection, std::string_view what);

// Credentials or rights are wrong: no restart of ours cures that.
bool is_refusal(rd_kafka_resp_err_t code) noexcept;

// The library's text of a refusal, and which key of ours to look at.
error refusal(rd_kafka_resp_err_t code, std::string_view text);

bool is_unknown_partition(rd_kafka_resp_err_t code) noexcept;

int to_int_ms(std::chrono::milliseconds span) noexcept;

} // namespace tradepulse::kafka
