#pragma once

#include "adapters/json/fields.hpp"

// Private to this folder: what every kline keeps, whoever has sent it.
namespace tradepulse::json {

// low <= open, close <= high; start < end.
rejection check_kline(const kline_value& kline);

using tradepulse::end_of;

} // namespace tradepulse::json
