#include "runtime/config/hocon_lexer.hpp"

#include <array>

namespace tradepulse::config::hocon {
namespace {

constexpr std::string_view not_in_unquoted = "$\"{}[]:=,+#`^?!@*&\\";

// White space of HOCON beyond ASCII: the Zs, Zl and Zp of Unicode and the byte order mark.
constexpr auto wide_blanks = std::to_array<std::string_view>(
    {"\xC2\xA0", "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83",
     "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89",
     "\xE2\x80\x8A", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80",
     "\xEF\xBB\xBF"});

bool digit(char c) {
  return c >= '0' && c <= '9';
}
bool in_number(char c) {
  return c == '.' || c == '+' || c == 'e' || c == 'E';
}
bool control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

void append_utf8(std::string& out, std::uint32_t code) {
  auto byte = [&out](std::uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | (code >> 6));
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | (code >> 12));
    byte(0x80 | ((code >> 6) & 0x3F));
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xF0 | (code >> 18));
    byte(0x80 | ((code >> 12) & 0x3F));
    byte(0x80 | ((code >> 6) & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

} // namespace

lexer::lexer(std::string_view text) : text_(text) {
  if (ahead("\xEF\xBB\xBF")) // a byte order mark takes no column
    at_ = 3;
}

token lexer::next() {
  while (at_ < text_.size() && (text_[at_] == '#' || ahead("//")))
    skip_comment();
  if (at_ == text_.size())
    return make(token::type::end, 0);
  std::size_t blanks = 0;
  while (std::size_t more = blank_at(at_ + blanks))
    blanks += more;
  if (blanks > 0) {
    token result = make(token::type::blank, 0);
    result.text = text_.substr(at_, blanks);
    advance(blanks);
    return result;
  }
  switch (text_[at_]) {
  case '\n': {
    token result = make(token::type::newline, 0);
    ++at_;
    ++line_;
    column_ = 1;
    return result;
  }
  case ',':
    return make(token::type::comma, 1);
  case ':':
  case '=':
    return make(token::type::colon, 1);
  case '{':
    return make(token::type::open_brace, 1);
  case '}':
    return make(token::type::close_brace, 1);
  case '[':
    return make(token::type::open_bracket, 1);
  case ']':
    return make(token::type::close_bracket, 1);
  case '"':
    return ahead("\"\"\"") ? triple_quoted() : quoted();
  case '+':
    if (ahead("+="))
      return make(token::type::plus_equals, 2);
    break;
  case '$':
    if (ahead("${")) {
      bool optional = ahead("${?");
      token result = make(token::type::substitution, optional ? 3 : 2);
      result.optional = optional;
      return result;
    }
    break;
  default:
    break;
  }
  return unquoted();
}

token lexer::make(token::type kind, std::size_t bytes) {
  token result;
  result.kind = kind;
  result.line = line_;
  result.column = column_;
  advance(bytes);
  return result;
}

token lexer::broken(std::string why) {
  token result = make(token::type::broken, 0);
  result.text = std::move(why);
  at_ = text_.size();
  return result;
}

token lexer::quoted() {
  token result = make(token::type::quoted, 1);
  while (at_ < text_.size() && text_[at_] != '"') {
    if (text_[at_] == '\n') {
      token at_start = result; // the opening quote is the place to look at
      at_start.kind = token::type::broken;
      at_start.text = "a quoted string must end on its line; use \\n, or \"\"\" for several lines";
      at_ = text_.size();
      return at_start;
    }
    if (text_[at_] == '\\') {
      if (!escape(result.text))
        return broken(
            "not an escape: allowed are \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four "
            "hexadecimal digits of a character other than NUL");
      continue;
    }
    if (control(text_[at_]))
      return broken("a control character in a quoted string; write it as an escape");
    result.text += text_[at_];
    advance(1);
  }
  if (at_ == text_.size()) {
    result.kind = token::type::broken;
    result.text = "a quoted string without its closing quote";
    return result;
  }
  advance(1);
  return result;
}

token lexer::triple_quoted() {
  token result = make(token::type::quoted, 3);
  std::size_t close = text_.find("\"\"\"", at_);
  if (close == std::string_view::npos) {
    result.kind = token::type::broken;
    result.text = "a \"\"\" string without its closing \"\"\"";
    at_ = text_.size();
    return result;
  }
  // More than three quotes at the end: the first ones belong to the text.
  while (close + 3 < text_.size() && text_[close + 3] == '"')
    ++close;
  result.text = text_.substr(at_, close - at_);
  for (char c : result.text) {
    if (c == '\n') {
      ++at_;
      ++line_;
      column_ = 1;
    } else {
      advance(1);
    }
  }
  advance(3);
  return result;
}

token lexer::unquoted() {
  token result = make(token::type::unquoted, 0);
  bool number = true; // so far: then an exponent may have its sign
  while (at_ < text_.size() && text_[at_] != '\n' && !ahead("//") && blank_at(at_) == 0) {
    char c = text_[at_];
    bool exponent_sign = c == '+' && number && !result.text.empty() &&
                         (result.text.back() == 'e' || result.text.back() == 'E');
    if (!exponent_sign && not_in_unquoted.find(c) != std::string_view::npos)
      break;
    if (control(c))
      return broken("a control character");
    number = number && (digit(c) || c == '-' || (!result.text.empty() && in_number(c)));
    result.text += c;
    advance(1);
  }
  if (result.text.empty())
    return broken(std::string("unexpected \"") + text_[at_] +
                  "\"; a text that contains it must be in quotes");
  return result;
}

bool lexer::escape(std::string& out) {
  constexpr std::string_view names = "\"\\/bfnrt";
  constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
  if (at_ + 1 >= text_.size())
    return false;
  if (std::size_t found = names.find(text_[at_ + 1]); found != std::string_view::npos) {
    out += meant[found];
    advance(2);
    return true;
  }
  std::uint32_t code = 0;
  if (!code_unit(code))
    return false;
  if (code >= 0xD800 && code < 0xDC00) {
    std::uint32_t low = 0;
    if (!code_unit(low) || low < 0xDC00 || low > 0xDFFF)
      return false;
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  } else if (code >= 0xDC00 && code < 0xE000) {
    return false;
  }
  if (code == 0) // PostgreSQL cannot hold it, C libraries cut there
    return false;
  append_utf8(out, code);
  return true;
}

bool lexer::code_unit(std::uint32_t& value) {
  if (!ahead("\\u") || text_.size() - at_ < 6)
    return false;
  value = 0;
  for (char c : text_.substr(at_ + 2, 4)) {
    constexpr std::string_view digits = "0123456789abcdef0123456789ABCDEF";
    std::size_t found = digits.find(c);
    if (found == std::string_view::npos)
      return false;
    value = value * 16 + static_cast<std::uint32_t>(found % 16);
  }
  advance(6);
  return true;
}

void lexer::skip_comment() {
  std::size_t end = text_.find('\n', at_);
  advance((end == std::string_view::npos ? text_.size() : end) - at_);
}

void lexer::advance(std::size_t bytes) {
  for (; bytes > 0; --bytes, ++at_)
    if ((static_cast<unsigned char>(text_[at_]) & 0xC0) != 0x80)
      ++column_;
}

bool lexer::ahead(std::string_view expected) const {
  return text_.substr(at_, expected.size()) == expected;
}

std::size_t lexer::blank_at(std::size_t from) const {
  if (from >= text_.size() || text_[from] == '\n')
    return 0;
  char c = text_[from];
  if (c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1C' && c <= '\x1F'))
    return 1;
  if (static_cast<unsigned char>(c) < 0x80)
    return 0;
  for (std::string_view wide : wide_blanks)
    if (text_.substr(from, wide.size()) == wide)
      return wide.size();
  return 0;
}

} // namespace tradepulse::config::hocon
