#include "adapters/json/member_reader.hpp"

// Most records are one flat object of short ASCII members, and most of the parser's time goes into
// generality that they do not need. This scanner takes that shape in one pass, without a copy, and
// declines whatever it is not sure of: the parser then reads the text from its beginning and is
// the only one to find fault with it.
namespace tradepulse::json {
namespace {

// A number has fewer digits than any that RapidJSON takes for too big.
constexpr std::size_t longest_number = 64;

class cursor {
 public:
  explicit cursor(std::string_view text) noexcept : at_(text.data()), end_(at_ + text.size()) {}

  bool at_end() const noexcept { return at_ == end_; }
  bool next_is(char c) const noexcept { return at_ != end_ && *at_ == c; }
  bool take(char c) noexcept {
    if (!next_is(c))
      return false;
    ++at_;
    return true;
  }
  void skip_white_space() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t'))
      ++at_;
  }

  // A string of printable ASCII without escapes.
  bool take_string(std::string_view& out) noexcept {
    if (!take('"'))
      return false;
    const char* begin = at_;
    while (at_ != end_ && *at_ != '"') {
      if (*at_ < 0x20 || *at_ > 0x7e || *at_ == '\\') // a signed char above 0x7f is negative
        return false;
      ++at_;
    }
    out = {begin, static_cast<std::size_t>(at_ - begin)};
    return take('"');
  }

  // -? integer, fraction; no exponent.
  bool take_number(std::string_view& out) noexcept {
    const char* begin = at_;
    take('-');
    const char* integer = at_;
    if (!take_digits() || (*integer == '0' && at_ - integer > 1))
      return false;
    if (take('.') && !take_digits())
      return false;
    out = {begin, static_cast<std::size_t>(at_ - begin)};
    return out.size() <= longest_number && !next_is('e') && !next_is('E');
  }

  bool take_literal(std::string_view literal) noexcept {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(literal))
      return false;
    at_ += literal.size();
    return true;
  }

  bool take_scalar(value_kind& kind, std::string_view& text) noexcept {
    if (next_is('"')) {
      kind = value_kind::string;
      return take_string(text);
    }
    if (take_literal("null")) {
      kind = value_kind::null;
      text = {};
      return true;
    }
    if (take_literal("true")) {
      kind = value_kind::boolean;
      text = "true";
      return true;
    }
    if (take_literal("false")) {
      kind = value_kind::boolean;
      text = "false";
      return true;
    }
    kind = value_kind::number;
    return take_number(text);
  }

 private:
  bool take_digits() noexcept {
    const char* begin = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9')
      ++at_;
    return at_ != begin;
  }

  const char* at_;
  const char* end_;
};

// Members tend to come in the same order in every record: the search begins behind the one that
// was found last.
member* find(member* members, std::size_t size, std::size_t& expected,
             std::string_view name) noexcept {
  for (std::size_t tried = 0; tried < size; ++tried) {
    if (expected >= size)
      expected = 0;
    member& candidate = members[expected++];
    if (candidate.name == name)
      return &candidate;
  }
  return nullptr;
}

} // namespace

class member_reader::scanner {
 public:
  scanner(member_reader& owner, std::string_view json) noexcept : owner_(owner), at_(json) {}

  bool take_text() noexcept {
    at_.skip_white_space();
    if (!take_object(owner_.objects_[0]))
      return false;
    at_.skip_white_space();
    return at_.at_end();
  }

 private:
  // Reads `{...}`. Recursion is as deep as wanted objects are in each other.
  bool take_object(group& into) noexcept {
    if (!at_.take('{'))
      return false;
    at_.skip_white_space();
    if (at_.take('}'))
      return true;
    std::size_t expected = 0;
    for (;;) {
      std::string_view name;
      if (!at_.take_string(name))
        return false;
      at_.skip_white_space();
      if (!at_.take(':'))
        return false;
      at_.skip_white_space();
      member ignored;
      member* wanted = find(into.members.data(), into.size, expected, name);
      member& target = wanted != nullptr ? *wanted : ignored;
      if (at_.next_is('{')) {
        if (wanted == nullptr || !take_wanted(*wanted))
          return false;
      } else if (!at_.take_scalar(target.kind, target.text)) {
        return false;
      }
      at_.skip_white_space();
      if (at_.take('}'))
        return true;
      if (!at_.take(','))
        return false;
      at_.skip_white_space();
    }
  }

  bool take_wanted(member& of) noexcept {
    group* inner = owner_.object_in(of);
    if (inner == nullptr)
      return false;
    inner->forget(); // a doubled object replaces the first
    of.kind = value_kind::object;
    of.text = {};
    return take_object(*inner);
  }

  member_reader& owner_;
  cursor at_;
};

bool member_reader::read_by_scanner(std::string_view json) {
  reset();
  if (!scanner(*this, json).take_text())
    return false;
  root_ = value_kind::object;
  return true;
}

} // namespace tradepulse::json
