#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/config/origin.hpp"

namespace tradepulse::config::hocon {

struct token {
  enum class type : std::uint8_t {
    end,
    newline,
    blank, // white space other than a newline; its text matters between strings
    comma,
    colon, // also '='
    plus_equals,
    open_brace,
    close_brace,
    open_bracket,
    close_bracket,
    quoted,       // text: without quotes, escapes decoded
    unquoted,     // text: as written
    substitution, // "${", optional: "${?"
    broken,       // text: what is wrong
  };

  type kind = type::end;
  bool optional = false;
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::string text;
};

// Cuts a text into tokens, one at a time; comments vanish. After a broken token comes no other.
// Requires: the text is valid UTF-8 without NUL and outlives the lexer.
class lexer {
 public:
  explicit lexer(std::string_view text);
  token next();

 private:
  token make(token::type kind, std::size_t bytes);
  token broken(std::string why);
  token quoted();
  token triple_quoted();
  token unquoted();
  bool escape(std::string& out);
  bool code_unit(std::uint32_t& value);
  void skip_comment();
  void advance(std::size_t bytes);
  bool ahead(std::string_view expected) const;
  // Bytes of the white space at `from`, 0 where there is none; a newline is none.
  std::size_t blank_at(std::size_t from) const;

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::uint32_t column_ = 1;
};

} // namespace tradepulse::config::hocon
