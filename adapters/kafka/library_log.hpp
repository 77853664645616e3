#pragma once

#include <librdkafka/rdkafka.h>

namespace tradepulse::kafka {

// librdkafka's own log lines, as event `kafka_library`: warnings and worse at warning, the rest at
// debug. At most one line in 10 s per facility and client; the next one says how many were left
// out. Thread: any of the library's.
// A certificate that is refused is told with the option to change: the library names it in one of
// the two texts that it has for it, and which of them comes is up to OpenSSL.
void write_library_log(const rd_kafka_t* handle, int level, const char* facility, const char* text);

} // namespace tradepulse::kafka
