#pragma once

#include <librdkafka/rdkafka.h>

#include <cstddef>
#include <string>

#include "protocol/ports/dead_letter_sink.hpp"

namespace tradepulse::kafka {

// `<topic>.dead-letter`
std::string dead_letter_topic(const dead_letter& letter);

enum class letter_form : std::uint8_t { whole, cut, bare };

// Whether cutting the value to `limit` bytes changes it.
bool can_be_cut(const dead_letter& letter, std::size_t limit);

// Hands the letter to librdkafka: value, key and headers of the record, then ours. Copies.
// In the form `cut` the value ends after `limit` bytes, in the form `bare` it is left out;
// `tradepulse-truncated` has its full length then. `opaque` comes back with the delivery report.
rd_kafka_resp_err_t send_letter(rd_kafka_t* producer, const dead_letter& letter, letter_form form,
                                std::size_t limit, void* opaque);

} // namespace tradepulse::kafka
