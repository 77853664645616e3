#include "protocol/expects.hpp"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace tradepulse {

void contract_violated(const char* condition, const char* file, int line) {
  std::string text = std::string(file) + ":" + std::to_string(line) + ": expects(" + condition + ")";
#ifdef TRADEPULSE_HARD_ASSERTIONS
  std::fprintf(stderr, "%s\n", text.c_str());
  std::abort();
#else
  throw std::logic_error(text);
#endif
}

} // namespace tradepulse
