// Preloaded into tradepulse by a test: threads of detached actors do not give back what OpenSSL
// keeps for them at their end, as where the process exits first.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static void (*give_back)(void*);

static void at_end(void* kept) {
  char name[16] = "";
  pthread_getname_np(pthread_self(), name, sizeof name);
  if (strcmp(name, "caf.actor") != 0)
    give_back(kept);
}

int pthread_key_create(pthread_key_t* key, void (*at_thread_end)(void*)) {
  int (*original)(pthread_key_t*, void (*)(void*)) =
      (int (*)(pthread_key_t*, void (*)(void*)))dlsym(RTLD_NEXT, "pthread_key_create");
  Dl_info caller;
  if (at_thread_end && dladdr(__builtin_return_address(0), &caller) &&
      strstr(caller.dli_fname, "libcrypto")) {
    give_back = at_thread_end;
    at_thread_end = at_end;
  }
  return original(key, at_thread_end);
}
