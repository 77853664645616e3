#include "adapters/json/record_decoders.hpp"

#include <utility>

#include "adapters/json/fields.hpp"

namespace tradepulse::json {

decode_outcome record_decoder::decode(const record& r) {
  if (!r.value)
    return tombstone{};
  if (r.value->size() > options_.max_record_bytes)
    return reject(reject_reason::too_large, "value: " + std::to_string(r.value->size()) +
                                                " bytes, at most " +
                                                std::to_string(options_.max_record_bytes));
  if (parse_fault fault = members_.read(*r.value))
    return reject(*fault.reason, std::move(fault.detail));
  if (members_.root() != value_kind::object)
    return reject(reject_reason::wrong_type,
                  "value: " + std::string(to_string(members_.root())) + ", must be an object");
  return members_read(r);
}

decoded_tick record_decoder::tick_of(const record& r) noexcept {
  decoded_tick out;
  out.tick.offset = r.offset;
  out.tick.append_time = r.append_time;
  return out;
}

} // namespace tradepulse::json
