#include "runtime/config/schema.hpp"

#include <array>

#include "runtime/config/quantities.hpp"
#include "runtime/config/schema_tables.hpp"

namespace tradepulse::config {
namespace {

std::string bound(const schema_row& row, std::int64_t number) {
  switch (row.type) {
  case value_type::duration:
    return format_duration(number);
  case value_type::size:
    return format_size(number);
  default:
    return std::to_string(number);
  }
}

std::string_view counted_in(value_type type) {
  switch (type) {
  case value_type::text:
    return " bytes";
  case value_type::text_list:
  case value_type::endpoints:
  case value_type::objects:
  case value_type::properties:
    return " elements";
  default:
    return "";
  }
}

} // namespace

std::span<const schema_section> schema() {
  static const auto sections = std::to_array<schema_section>({
      {"The process", tables::process()},
      {"Kafka", tables::kafka()},
      {"Topics", tables::topics()},
      {"Candles", tables::candles()},
      {"Ingest and symbols", tables::ingest()},
      {"PostgreSQL", tables::postgres()},
      {"Journal", tables::journal()},
      {"Listeners", tables::listeners()},
      {"Clients", tables::clients()},
  });
  return sections;
}

std::string_view describe(value_type type) {
  switch (type) {
  case value_type::text:
    return "text";
  case value_type::text_list:
    return "list of texts";
  case value_type::integer:
    return "integer";
  case value_type::boolean:
    return "boolean";
  case value_type::duration:
    return "duration";
  case value_type::size:
    return "size";
  case value_type::choice:
    return "choice";
  case value_type::port:
    return "port";
  case value_type::port_list:
    return "port";
  case value_type::endpoints:
    return "list of HOST:PORT";
  case value_type::properties:
    return "object";
  case value_type::objects:
    break;
  }
  return "list of objects";
}

std::vector<std::string_view> choices_of(const schema_row& row) {
  std::vector<std::string_view> names;
  for (std::string_view rest = row.choices; !rest.empty();) {
    std::size_t bar = rest.find('|');
    names.push_back(rest.substr(0, bar));
    rest.remove_prefix(bar == std::string_view::npos ? rest.size() : bar + 1);
  }
  return names;
}

std::string allowed(const schema_row& row) {
  std::string text;
  for (std::string_view name : choices_of(row))
    text += (text.empty() ? "" : ", ") + std::string(name);
  if (row.type == value_type::boolean)
    return "true, false, yes, no, on, off";
  if (!text.empty() && row.type != value_type::duration)
    return text;
  if (row.max == unbounded)
    return {};
  const std::string bounds =
      bound(row, row.min) + " .. " + bound(row, row.max) + std::string(counted_in(row.type));
  return text.empty() ? bounds : bounds + " or " + text;
}

} // namespace tradepulse::config
