#pragma once

#include <librdkafka/rdkafka.h>

namespace tradepulse::kafka {

// librdkafka's own log lines, as event `kafka_library`: warnings and worse at warning, the rest at
// debug. At most one line in 10 s per facility and client; the next one says how many were left
// out. Thread: any of the library's.
void write_library_log(const rd_kafka_t* handle, int level, const char* facility, const char* text);

} // namespace tradepulse::kafka
