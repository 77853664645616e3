#include "protocol/decimal.hpp"
#include "tests/fuzz/fuzz.hpp"

// Numbers as text: what is accepted comes out as the same number, and its own text is a fixed
// point.

using namespace tradepulse;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto units = parse_decimal(text);
  if (!units) {
    fuzz::claim(!price::parse(text) && !quantity::parse(text), "no decimal is no price");
    return 0;
  }
  std::string out;
  append_decimal(out, *units);
  char buffer[48];
  fuzz::claim(out == std::string_view(
                         buffer, static_cast<std::size_t>(write_decimal(buffer, *units) - buffer)),
              "both writers write the same");
  const auto again = parse_decimal(out);
  fuzz::claim(again && *again == *units, "a written decimal is read as the same");
  if (const auto p = price::parse(text))
    fuzz::claim(p->to_string() == out, "a price is its decimal");
  if (const auto q = quantity::parse(text))
    fuzz::claim(q->to_string() == out, "a quantity is its decimal");
  return 0;
}
