#include "runtime/config/typed_values.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "runtime/config/nearest_name.hpp"
#include "runtime/config/quantities.hpp"

namespace tradepulse::config {
namespace {

using hocon::value;

error wrong(const schema_row& row, std::string why) {
  std::string range = allowed(row);
  return {errc::configuration, range.empty() ? why : why + ", allowed " + range};
}

std::string_view trimmed(std::string_view text) {
  std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos)
    return {};
  return text.substr(start, text.find_last_not_of(" \t\r\n") - start + 1);
}

std::optional<std::size_t> index_of(const schema_row& row, std::string_view name) {
  auto names = choices_of(row);
  auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
    return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

result<converted> number(const schema_row& row, const result<std::int64_t>& parsed,
                         std::string (*format)(std::int64_t)) {
  if (!parsed)
    return wrong(row, parsed.failure().detail);
  if (*parsed < row.min || *parsed > row.max)
    return wrong(row, "out of range");
  converted result;
  result.value.number = *parsed;
  result.text = format(*parsed);
  return result;
}

std::string plain(std::int64_t value) {
  return std::to_string(value);
}

result<converted> boolean(const schema_row& row, std::string_view text) {
  bool yes = text == "true" || text == "yes" || text == "on";
  if (!yes && text != "false" && text != "no" && text != "off")
    return wrong(row, "not a boolean");
  converted result;
  result.value.number = yes ? 1 : 0;
  result.text = yes ? "true" : "false";
  return result;
}

result<converted> choice(const schema_row& row, std::string_view text) {
  std::optional<std::size_t> index = index_of(row, text);
  if (!index)
    return wrong(row, "not one of the choices");
  converted result;
  result.value.number = static_cast<std::int64_t>(*index);
  result.value.text = text;
  result.text = text;
  return result;
}

// A word that a duration may have instead, such as `forever`.
result<converted> without_end(std::string_view word) {
  converted result;
  result.value.number = unbounded;
  result.text = word;
  return result;
}

result<converted> free_text(const schema_row& row, const std::string& text) {
  auto length = static_cast<std::int64_t>(text.size());
  if (length < row.min)
    return wrong(row, length == 0 ? "empty" : "too short");
  if (length > row.max)
    return wrong(row, "too long");
  converted result;
  result.value.text = text;
  result.text = in_quotes(text);
  return result;
}

// An array of texts, or one text with commas (all that an environment variable can say).
result<std::vector<std::string>> elements(const schema_row& row, const value& given,
                                          std::int64_t min, std::int64_t max) {
  std::vector<std::string> result;
  if (given.kind == value::type::array) {
    for (const value& item : given.items) {
      if (item.kind != value::type::text)
        return wrong(row, "an element is " + std::string(hocon::describe(item.kind)) +
                              ", expected a text");
      result.push_back(item.text);
    }
  } else if (given.kind == value::type::text) {
    for (std::string_view rest = given.text; !trimmed(rest).empty() || !result.empty();) {
      std::size_t comma = rest.find(',');
      result.emplace_back(trimmed(rest.substr(0, comma)));
      if (comma == std::string_view::npos)
        break;
      rest.remove_prefix(comma + 1);
    }
  } else {
    return wrong(row, "expected a list, found " + std::string(hocon::describe(given.kind)));
  }
  if (std::find(result.begin(), result.end(), "") != result.end())
    return wrong(row, "an element is empty");
  auto size = static_cast<std::int64_t>(result.size());
  if (size < min || size > max)
    return wrong(row, std::to_string(size) + (size == 1 ? " element" : " elements"));
  return result;
}

std::string list_of(const std::vector<std::string>& texts) {
  std::string result = "[";
  for (const std::string& one : texts)
    result += (result.size() > 1 ? ", " : "") + in_quotes(one);
  return result + "]";
}

result<converted> text_list(const schema_row& row, const value& given) {
  auto texts = elements(row, given, row.min, row.max);
  if (!texts)
    return texts.failure();
  std::set<std::string_view> seen;
  for (const std::string& one : *texts) {
    if (!row.choices.empty() && !index_of(row, one))
      return wrong(row, '"' + one + "\" is not one of the choices, the nearest is " +
                            std::string(nearest_name(one, choices_of(row))));
    if (!seen.insert(one).second)
      return wrong(row, '"' + one + "\" is there twice");
  }
  converted result;
  result.text = list_of(*texts);
  result.value.texts = std::move(*texts);
  return result;
}

result<converted> endpoint_list(const schema_row& row, const value& given) {
  auto texts = elements(row, given, row.min, row.max);
  if (!texts)
    return texts.failure();
  converted result;
  for (const std::string& one : *texts) {
    auto parsed = parse_endpoint(one);
    if (!parsed)
      return error{errc::configuration, '"' + one + "\" is " + parsed.failure().detail};
    result.value.endpoints.push_back(std::move(*parsed));
  }
  result.text = list_of(*texts);
  return result;
}

result<converted> port_list(const schema_row& row, const value& given) {
  auto texts = elements(row, given, 1, 100);
  if (!texts)
    return texts.failure();
  std::string joined;
  for (const std::string& one : *texts) {
    auto parsed = number(row, parse_integer(one), plain);
    if (!parsed)
      return parsed.failure();
    joined += (joined.empty() ? "" : ",") + one;
  }
  converted result;
  result.text = texts->size() == 1 ? joined : in_quotes(joined);
  result.value.text = std::move(joined);
  return result;
}

} // namespace

result<converted> convert(const schema_row& row, const value& given) {
  if (row.type == value_type::text_list)
    return text_list(row, given);
  if (row.type == value_type::endpoints)
    return endpoint_list(row, given);
  if (row.type == value_type::port_list)
    return port_list(row, given);
  if (given.kind != value::type::text)
    return wrong(row, "expected a single value, found " + std::string(hocon::describe(given.kind)));
  std::string_view text = trimmed(given.text);
  switch (row.type) {
  case value_type::integer:
  case value_type::port:
    return number(row, parse_integer(text), plain);
  case value_type::duration:
    return index_of(row, text) ? without_end(text)
                               : number(row, parse_duration(text), format_duration);
  case value_type::size:
    return number(row, parse_size(text), format_size);
  case value_type::boolean:
    return boolean(row, text);
  case value_type::choice:
    return choice(row, text);
  default:
    return free_text(row, given.text);
  }
}

std::string in_quotes(std::string_view text) {
  constexpr std::string_view plain_escapes = "\"\\\b\f\n\r\t";
  constexpr std::string_view letters = "\"\\bfnrt";
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (std::size_t known = plain_escapes.find(c); known != std::string_view::npos) {
      result += '\\';
      result += letters[known];
    } else if (byte < 0x20 || byte == 0x7F) {
      result += "\\u00";
      result += digits[byte >> 4];
      result += digits[byte & 15];
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string masked(std::string_view secret) {
  return secret.empty() ? "\"\"" : "\"***\"";
}

bool secret_property(std::string_view name) {
  constexpr auto words = std::to_array<std::string_view>(
      {"password", "secret", "key", "token", "jaas", "oauthbearer"});
  return std::any_of(words.begin(), words.end(), [name](std::string_view word) {
    return name.find(word) != std::string_view::npos;
  });
}

} // namespace tradepulse::config
