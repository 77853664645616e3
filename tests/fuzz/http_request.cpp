#include <algorithm>
#include <cstring>
#include <string>

#include "adapters/web/request_reader.hpp"
#include "tests/fuzz/fuzz.hpp"

// Bytes of a connection, in pieces as its first byte says: requests that are judged, one after the
// other, and how they are cut makes no difference.

using namespace tradepulse;

namespace {

struct outcome {
  std::size_t requests = 0;
  std::size_t body_bytes = 0;
  bool refused = false;
  friend bool operator==(const outcome&, const outcome&) = default;
};

outcome read_all(std::string_view bytes, std::size_t piece) {
  web::connection_limits limits;
  limits.target_bytes = 64;
  limits.header_bytes = 512;
  limits.body_bytes = 256;
  web::request_reader reader(limits);
  outcome out;
  reader.begin();
  for (;;) {
    switch (reader.advance()) {
    case web::request_reader::step::refused:
      out.refused = true;
      return out;
    case web::request_reader::step::whole: {
      const auto body = reader.take_body();
      fuzz::claim(body.size() <= limits.body_bytes, "no body above the limit");
      fuzz::claim(reader.request().target.size() <= limits.target_bytes, "no path above the limit");
      ++out.requests;
      out.body_bytes += body.size();
      reader.begin();
      break;
    }
    case web::request_reader::step::head:
      break;
    case web::request_reader::step::more: {
      if (bytes.empty())
        return out;
      const auto room = reader.room();
      fuzz::claim(!room.empty(), "there is room where more is wanted");
      const auto count = std::min({room.size(), bytes.size(), piece});
      std::memcpy(room.data(), bytes.data(), count);
      bytes.remove_prefix(count);
      reader.received(count);
      break;
    }
    }
  }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  // Of a head that comes in pieces Beast looks for the end before it looks at the rest.
  const auto bytes = std::string(fuzz::text_of(data + 1, size - 1)) + "\r\n\r\n";
  const auto whole = read_all(bytes, bytes.size() + 1);
  const auto cut = read_all(bytes, 1 + data[0]);
  fuzz::claim(whole == cut, "how bytes are cut makes no difference");
  return 0;
}
