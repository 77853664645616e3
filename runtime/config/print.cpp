#include "runtime/config/print.hpp"

#include <algorithm>

#include "runtime/config/cross_checks.hpp"
#include "runtime/config/schema.hpp"
#include "runtime/config/typed_values.hpp"

namespace tradepulse::config {
namespace {

// One paragraph as comment lines of at most 100 columns.
std::string comment(std::string_view text, std::string_view indent) {
  constexpr std::size_t columns = 100;
  std::string result;
  std::string line;
  auto flush = [&] {
    result += std::string(indent) + "#" + line + "\n";
    line.clear();
  };
  while (!text.empty()) {
    std::size_t space = text.find(' ');
    std::string_view word = text.substr(0, space);
    if (!line.empty() && indent.size() + 2 + line.size() + word.size() > columns)
      flush();
    line += ' ';
    line += word;
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  if (!line.empty())
    flush();
  return result;
}

// "duration, 100ms .. 1h", "integer of rows, 1 .. 100000, secret"
std::string kind_of(const schema_row& row) {
  std::string text(describe(row.type));
  if (row.type == value_type::choice)
    text = "one of";
  if (row.type == value_type::duration)
    text += " (a number alone is milliseconds)";
  if (row.type == value_type::size)
    text += " (a number alone is bytes)";
  if (!row.unit.empty())
    text += " of " + std::string(row.unit);
  if (std::string range = allowed(row); !range.empty())
    text += (row.type == value_type::choice ? " " : ", ") + range;
  if (row.secret)
    text += ", secret";
  return text;
}

std::string section_title(const schema_section& section) {
  return "\n# ---- " + std::string(section.title) + " ----\n";
}

void print_elements(std::string& out, const effective_value& one, const std::string& indent) {
  out += indent + one.name + " = [ # " + to_string(one.where) + "\n";
  for (const effective_values& element : one.elements) {
    out += indent + "  {\n";
    for (const effective_value& member : element)
      out += indent + "    " + member.name + " = " + member.text + " # " + to_string(member.where) +
             "\n";
    out += indent + "  }\n";
  }
  out += indent + "]\n";
}

void print_properties(std::string& out, const effective_value& one) {
  out += one.name + " { # " + to_string(one.where) + "\n";
  for (const effective_value& property : one.properties)
    out += "  " + in_quotes(property.name) + " = " + property.text + " # " +
           to_string(property.where) + "\n";
  out += "}\n";
}

} // namespace

std::string print_effective(const configuration& all) {
  std::string out;
  std::size_t next = 0;
  bool listed = !find(all.effective, "listeners").elements.empty();
  for (const schema_section& section : schema()) {
    out += out.empty() ? section_title(section).substr(1) : section_title(section);
    for (std::size_t i = 0; i < section.rows.size(); ++i) {
      const effective_value& one = all.effective[next++];
      if (listed && std::find(usual_listener_keys.begin(), usual_listener_keys.end(), one.name) !=
                        usual_listener_keys.end())
        out += "# " + one.name + ": not used, listeners is set\n";
      else if (!one.elements.empty())
        print_elements(out, one, "");
      else if (one.row->type == value_type::objects)
        out += one.name + " = [] # " + to_string(one.where) + "\n";
      else if (one.row->type == value_type::properties)
        print_properties(out, one);
      else if (one.text.empty())
        out += "# " + one.name + ": not set, " + std::string(one.row->absent) + "\n";
      else
        out += one.name + " = " + one.text + " # " + to_string(one.where) + "\n";
    }
  }
  return out;
}

std::string reference_conf() {
  std::string out =
      "# Every key of TradePulse with its default. Generated from the schema; a test compares it.\n"
      "# Copy what you want to change into a file of your own; see README.md for the format.\n";
  for (const schema_section& section : schema()) {
    out += section_title(section);
    for (const schema_row& row : section.rows) {
      out += "\n" + comment(row.help, "") + comment(kind_of(row), "");
      for (const schema_row& member : row.element) {
        std::string fallback =
            member.fallback.empty() ? ", required" : ", default " + std::string(member.fallback);
        out += comment("- " + std::string(member.name) + ": " + std::string(member.help) + " (" +
                           kind_of(member) + fallback + ")",
                       "");
      }
      if (row.fallback.empty())
        out += "# " + std::string(row.name) + " = # default: " + std::string(row.absent) + "\n";
      else
        out += std::string(row.name) + " = " + std::string(row.fallback) + "\n";
    }
  }
  return out;
}

} // namespace tradepulse::config
