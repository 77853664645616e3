// Preloaded into tradepulse by a test: librdkafka's destroy never returns.
#include <unistd.h>

void rd_kafka_destroy(void* handle) {
  (void)handle;
  for (;;)
    pause();
}
