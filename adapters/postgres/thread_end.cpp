#include "adapters/postgres/thread_end.hpp"

#include <openssl/crypto.h>

namespace tradepulse {

// SCRAM takes its random numbers from two generators of OpenSSL's that each thread has.
void end_database_thread() noexcept {
  ::OPENSSL_thread_stop();
}

} // namespace tradepulse
