#include "adapters/kafka/dead_letter_message.hpp"

#include <algorithm>
#include <memory>
#include <string_view>

#include "adapters/kafka/handle.hpp"
#include "adapters/kafka/topic_selection.hpp"

namespace tradepulse::kafka {
namespace {

using headers_ptr = std::unique_ptr<rd_kafka_headers_t, destroy_with<rd_kafka_headers_destroy>>;

void add(rd_kafka_headers_t* headers, std::string_view name, std::string_view value) {
  rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                      static_cast<ssize_t>(value.size()));
}

const record& record_of(const dead_letter& letter) {
  return letter.batch->records.at(letter.index);
}

headers_ptr headers_of(const dead_letter& letter) {
  const auto& r = record_of(letter);
  headers_ptr headers(rd_kafka_headers_new(8));
  if (r.headers > 0)
    for (const auto& [name, value] : letter.batch->headers.at(r.headers - 1))
      add(headers.get(), name, value);
  add(headers.get(), "tradepulse-reason", to_string(letter.reason));
  add(headers.get(), "tradepulse-detail", letter.detail);
  add(headers.get(), "tradepulse-topic", letter.batch->source.topic);
  add(headers.get(), "tradepulse-partition", std::to_string(letter.batch->source.partition));
  add(headers.get(), "tradepulse-offset", std::to_string(r.offset.value()));
  return headers;
}

// librdkafka takes pointers without const and, told to copy, only reads.
void* readable(std::string_view bytes) {
  return const_cast<char*>(bytes.data());
}

} // namespace

std::string dead_letter_topic(const dead_letter& letter) {
  return letter.batch->source.topic + std::string(dead_letter_suffix);
}

bool can_be_cut(const dead_letter& letter, std::size_t limit) {
  const auto& value = record_of(letter).value;
  return value && value->size() > limit;
}

rd_kafka_resp_err_t send_letter(rd_kafka_t* producer, const dead_letter& letter, letter_form form,
                                std::size_t limit, void* opaque) {
  const auto& r = record_of(letter);
  auto headers = headers_of(letter);
  const auto full = r.value.value_or(std::string_view());
  std::string_view value = full;
  bool has_value = r.value.has_value();
  if (form == letter_form::cut)
    value = full.substr(0, limit);
  else if (form == letter_form::bare)
    value = {}, has_value = false; // null on the wire, not empty
  if (value.size() < full.size())
    add(headers.get(), "tradepulse-truncated", std::to_string(full.size()));
  const std::string topic = dead_letter_topic(letter);
  // A null pointer is an absent key or value; an empty one must point somewhere.
  void* key = r.has_key ? readable(r.key.data() ? r.key : std::string_view("")) : nullptr;
  void* bytes = has_value ? readable(value.data() ? value : std::string_view("")) : nullptr;
  const auto failed =
      rd_kafka_producev(producer, RD_KAFKA_VTYPE_TOPIC, topic.c_str(), RD_KAFKA_VTYPE_MSGFLAGS,
                        int{RD_KAFKA_MSG_F_COPY}, RD_KAFKA_VTYPE_KEY, key, r.key.size(),
                        RD_KAFKA_VTYPE_VALUE, bytes, value.size(), RD_KAFKA_VTYPE_HEADERS,
                        headers.get(), RD_KAFKA_VTYPE_OPAQUE, opaque, RD_KAFKA_VTYPE_END);
  if (failed == RD_KAFKA_RESP_ERR_NO_ERROR)
    static_cast<void>(headers.release()); // taken over
  return failed;
}

} // namespace tradepulse::kafka
