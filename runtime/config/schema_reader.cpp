#include "runtime/config/schema_reader.hpp"

#include <algorithm>
#include <array>

#include "protocol/expects.hpp"
#include "runtime/config/hocon_files.hpp"
#include "runtime/config/hocon_resolver.hpp"
#include "runtime/config/nearest_name.hpp"
#include "runtime/config/typed_values.hpp"

namespace tradepulse::config {
namespace {

using hocon::value;

struct refused_property {
  std::string_view name;
  std::string_view instead;
};

// What has a key of its own, and what no record may be lost by.
constexpr auto refused_properties = std::to_array<refused_property>({
    {"bootstrap.servers", "kafka.brokers"},
    {"metadata.broker.list", "kafka.brokers"},
    {"group.id", "kafka.group_id"},
    {"client.id", "kafka.client_id"},
    {"group.instance.id", "kafka.group_instance_id"},
    {"session.timeout.ms", "kafka.session_timeout"},
    {"heartbeat.interval.ms", "kafka.heartbeat_interval"},
    {"partition.assignment.strategy", "kafka.partition_assignment_strategy"},
    {"topic.metadata.refresh.interval.ms", "kafka.metadata_refresh"},
    {"metadata.max.age.ms", "kafka.metadata_refresh"},
    {"fetch.wait.max.ms", "kafka.fetch_wait_max"},
    {"queued.max.messages.kbytes", "kafka.prefetch"},
    {"queued.min.messages", "kafka.prefetch"},
    {"auto.offset.reset", "kafka.start"},
    {"enable.auto.commit", ""},
    {"enable.auto.offset.store", ""},
    {"auto.commit.enable", ""},
    {"enable.partition.eof", ""},
    {"check.crcs", ""},
    {"topic.blacklist", ""},
    {"isolation.level", ""},
});

std::string shortened(std::string_view text) {
  constexpr std::size_t most = 100;
  if (text.size() <= most)
    return in_quotes(text);
  std::size_t end = most; // not within a character
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  return in_quotes(std::string(text.substr(0, end)) + "...");
}

std::string shown(const schema_row& row, const value& given) {
  if (given.kind != value::type::text)
    return std::string(hocon::describe(given.kind));
  return row.secret ? masked(given.text) : shortened(given.text);
}

} // namespace

const effective_value& find(const effective_values& all, std::string_view name) {
  auto found = std::find_if(all.begin(), all.end(),
                            [name](const effective_value& v) { return v.name == name; });
  TRADEPULSE_EXPECTS(found != all.end());
  return *found;
}

value default_of(const schema_row& row) {
  diagnostics faults;
  if (row.computed != nullptr) {
    value result;
    result.kind = value::type::text;
    result.text = row.computed();
    return result;
  }
  hocon::file_reader reader;
  auto tree = reader.read_text("v = " + std::string(row.fallback), origin{}, faults);
  TRADEPULSE_EXPECTS(tree != nullptr);
  environment none;
  value all = hocon::resolver(*tree, none, faults).resolve();
  TRADEPULSE_EXPECTS(faults.empty() && all.find("v") != nullptr);
  return *all.find("v");
}

void schema_reader::read(const value& given, settings& into, effective_values& effective) {
  std::vector<std::string_view> known;
  for (const schema_section& section : schema()) {
    for (const schema_row& row : section.rows)
      known.push_back(row.name);
    effective_values some = read_rows(section.rows, given, &into, "");
    std::move(some.begin(), some.end(), std::back_inserter(effective));
  }
  refuse_unknown(given, known, "", "");
}

effective_values schema_reader::read_rows(std::span<const schema_row> rows, const value& given,
                                          void* target, const std::string& prefix) {
  effective_values result;
  for (const schema_row& row : rows)
    result.push_back(read_row(row, given, target, prefix, given.where));
  return result;
}

effective_value schema_reader::read_row(const schema_row& row, const value& given, void* target,
                                        const std::string& prefix, const origin& container) {
  effective_value result;
  result.name = row.name;
  result.row = &row;
  std::string name = prefix + std::string(row.name);
  const value* found = given.find(row.name);
  value fallback;
  if (found == nullptr || found->kind == value::type::null) {
    if (row.fallback.empty() && row.computed == nullptr) {
      if (row.absent.empty())
        faults_.push_back({container, name + " is missing, allowed " + allowed(row)});
      return result;
    }
    fallback = default_of(row);
    found = &fallback;
  }
  result.where = found->where;
  if (row.type == value_type::objects) {
    read_objects(row, *found, target, name, result);
    return result;
  }
  if (row.type == value_type::properties) {
    typed_value all;
    if (found->kind == value::type::object)
      read_properties(*found, "", name, all, result);
    else
      fault(found->where, name, shown(row, *found), "expected an object");
    if (result.properties.size() > static_cast<std::size_t>(row.max))
      fault(found->where, name, "an object",
            std::to_string(result.properties.size()) + " elements, allowed " + allowed(row));
    row.store(target, std::move(all));
    return result;
  }
  auto good = convert(row, *found);
  if (!good) {
    fault(found->where, name, shown(row, *found), good.failure().detail);
    return result;
  }
  result.text = row.secret ? masked(good->value.text) : good->text;
  row.store(target, std::move(good->value));
  return result;
}

void schema_reader::read_objects(const schema_row& row, const value& given, void* target,
                                 const std::string& name, effective_value& effective) {
  auto size = static_cast<std::int64_t>(given.items.size());
  if (given.kind != value::type::array || size < row.min || size > row.max) {
    fault(given.where, name, shown(row, given),
          (given.kind == value::type::array
               ? std::to_string(size) + (size == 1 ? " element" : " elements")
               : "expected an array of objects") +
              ", allowed " + allowed(row));
    return;
  }
  std::vector<std::string_view> known;
  for (const schema_row& member : row.element)
    known.push_back(member.name);
  for (const value& item : given.items) {
    std::string element = name + "[" + std::to_string(&item - given.items.data()) + "]";
    if (item.kind != value::type::object) {
      fault(item.where, element, shown(row, item), "expected an object");
      continue;
    }
    effective.elements.push_back(read_rows(row.element, item, row.append(target), element + "."));
    refuse_unknown(item, known, "", element + ".");
  }
}

void schema_reader::read_properties(const value& given, const std::string& path,
                                    const std::string& name, typed_value& into,
                                    effective_value& effective) {
  for (const auto& [key, member] : given.fields) {
    std::string property = path.empty() ? key : path + "." + key;
    if (member.kind == value::type::object) {
      read_properties(member, property, name, into, effective);
      continue;
    }
    if (member.kind == value::type::null)
      continue;
    std::string whole = name + "." + property;
    bool secret = secret_property(property);
    std::string visible = member.kind != value::type::text
                              ? std::string(hocon::describe(member.kind))
                          : secret ? masked(member.text)
                                   : shortened(member.text);
    auto refused = std::find_if(refused_properties.begin(), refused_properties.end(),
                                [&](const refused_property& r) { return r.name == property; });
    if (refused != refused_properties.end()) {
      fault(member.where, whole, visible,
            refused->instead.empty()
                ? "TradePulse sets this property itself, or records could be lost"
                : "set " + std::string(refused->instead) + " instead");
    } else if (member.kind != value::type::text) {
      fault(member.where, whole, visible, "expected a single value");
    } else {
      effective_value one;
      one.name = property;
      one.text = secret ? masked(member.text) : in_quotes(member.text);
      one.where = member.where;
      effective.properties.push_back(std::move(one));
      into.properties.emplace_back(property, member.text);
    }
  }
}

void schema_reader::refuse_unknown(const value& given, std::span<const std::string_view> known,
                                   const std::string& path, const std::string& prefix) {
  for (const auto& [key, member] : given.fields) {
    std::string name = path.empty() ? key : path + "." + key;
    if (std::find(known.begin(), known.end(), name) != known.end())
      continue;
    bool section = std::any_of(known.begin(), known.end(),
                               [&](std::string_view k) { return k.starts_with(name + "."); });
    if (member.kind == value::type::object && (section || !member.fields.empty())) {
      refuse_unknown(member, known, name, prefix);
    } else if (section) {
      if (member.kind != value::type::null)
        fault(member.where, prefix + name, std::string(hocon::describe(member.kind)),
              "this is a section of keys: " + prefix + name + " { ... }");
    } else {
      faults_.push_back({member.where, "unknown key " + prefix + name +
                                           ", the nearest known one is " + prefix +
                                           std::string(nearest_name(name, known))});
    }
  }
}

void schema_reader::fault(const origin& where, const std::string& name, std::string_view visible,
                          const std::string& why) {
  faults_.push_back({where, name + " = " + std::string(visible) + ": " + why});
}

} // namespace tradepulse::config
