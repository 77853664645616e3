#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <span>
#include <string>
#include <string_view>

// Random changes of JSON texts that stay close to JSON.
namespace tradepulse::json_testing {

// TRADEPULSE_SEED where it is set, so that a run can be repeated; else a new one. Printed.
inline std::uint64_t printed_seed() {
  const char* given = std::getenv("TRADEPULSE_SEED");
  const std::uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "seed " << seed << "\n";
  return seed;
}

// Takes one of the texts and makes one to four small changes: of bytes, of tokens, of pieces.
class text_mutator {
 public:
  text_mutator(std::uint64_t seed, std::span<const std::string> texts)
      : random_(seed), texts_(texts) {}

  void next(std::string& text) {
    text = texts_[below(texts_.size())];
    for (std::size_t left = 1 + below(4); left > 0; --left)
      change(text);
  }

 private:
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }

  void change(std::string& text) {
    static constexpr std::string_view bytes =
        "{}[]\":,.-+eE0123456789ntfaNsp \t\n\r\\/u\x7f\xc3\xff";
    static constexpr std::array<std::string_view, 20> tokens{
        "\"symbol\"", "\"s\"", "\"data\":{", "},",        "null",    "true",        "false",
        "-1.5",       "1e308", "\\u0041",    "{\"p\":1}", "\"p\":2", ",\"price\":", "00",
        "0.",         "\"\"",  "\"a\":1",    "\xc3\xa9",  "[1]",     "NaN"};
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = std::min(below(12), text.size() - at);
    switch (below(7)) {
    case 0:
      text.insert(at, 1, bytes[below(bytes.size())]);
      break;
    case 1:
      text.erase(at, 1 + below(2));
      break;
    case 2:
      if (at < text.size())
        text[at] = bytes[below(bytes.size())];
      break;
    case 3:
      text.insert(at, tokens[below(tokens.size())]);
      break;
    case 4:
      text.insert(below(text.size() + 1), text.substr(at, length));
      break;
    case 5:
      text.erase(at, length);
      break;
    default:
      if (at < text.size())
        text[at] = static_cast<char>(below(256));
    }
  }

  std::mt19937_64 random_;
  std::span<const std::string> texts_;
};

} // namespace tradepulse::json_testing
