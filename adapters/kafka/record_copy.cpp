#include "adapters/kafka/record_copy.hpp"

#include <string>

namespace tradepulse::kafka {
namespace {

std::string_view view_of_bytes(const void* bytes, std::size_t size) {
  return {static_cast<const char*>(bytes), size};
}

record_headers headers_of(const rd_kafka_headers_t& from) {
  record_headers headers;
  const std::size_t count = rd_kafka_header_cnt(&from);
  headers.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    if (rd_kafka_header_get_all(&from, i, &name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR)
      break;
    headers.emplace_back(name, value ? std::string(view_of_bytes(value, size)) : std::string());
  }
  return headers;
}

} // namespace

record view_of(const rd_kafka_message_t& message) {
  record r;
  r.offset = record_offset(message.offset);
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  r.append_time = time_ms(std::chrono::milliseconds(rd_kafka_message_timestamp(&message, &type)));
  r.has_key = message.key != nullptr;
  if (r.has_key)
    r.key = view_of_bytes(message.key, message.key_len);
  if (message.payload)
    r.value = view_of_bytes(message.payload, message.len);
  return r;
}

void copy_into(record_batch& batch, std::span<rd_kafka_message_t* const> messages) {
  std::size_t size = 0;
  for (const auto* message : messages)
    size += message->key_len + message->len;
  batch.bytes.reserve(size); // the views stay valid: nothing is moved after this
  batch.records.reserve(messages.size());

  const auto keep = [&batch](std::string_view bytes) {
    const std::size_t at = batch.bytes.size();
    batch.bytes.append(bytes);
    return std::string_view(batch.bytes.data() + at, bytes.size());
  };
  for (const auto* message : messages) {
    record r = view_of(*message);
    r.key = keep(r.key);
    if (r.value)
      r.value = keep(*r.value);
    rd_kafka_headers_t* headers = nullptr; // stay the message's
    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      batch.headers.push_back(headers_of(*headers));
      r.headers = static_cast<std::uint32_t>(batch.headers.size());
    }
    batch.records.push_back(r);
  }
}

} // namespace tradepulse::kafka
