// Preloaded into tradepulse by a test: the wall clock is off by the seconds in the file that
// JUMPING_CLOCK names; it is read at each look, so that the clock jumps while the process runs.
// The steady clock stays. libfaketime cannot be had here: it and jemalloc wait for each other.
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t none = 0;
static const volatile int64_t* offset_s = &none;

__attribute__((constructor)) static void begin(void) {
  const char* path = getenv("JUMPING_CLOCK");
  const int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  void* seen = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *offset_s, PROT_READ, MAP_SHARED, file, 0);
  if (file >= 0)
    close(file);
  if (seen == MAP_FAILED)
    abort();
  offset_s = seen;
}

int clock_gettime(clockid_t clock, struct timespec* at) {
  const int failed = (int)syscall(SYS_clock_gettime, clock, at);
  if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    at->tv_sec += *offset_s;
  return failed;
}

int gettimeofday(struct timeval* restrict at, void* restrict zone) {
  (void)zone;
  struct timespec now;
  const int failed = clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return failed;
}

time_t time(time_t* at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at)
    *at = now.tv_sec;
  return now.tv_sec;
}
