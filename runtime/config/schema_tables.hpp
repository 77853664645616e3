#pragma once

#include <span>

#include "runtime/config/schema.hpp"

// The rows, by what they are about. schema() puts them in order.
namespace tradepulse::config::tables {

std::span<const schema_row> process();
std::span<const schema_row> kafka();
std::span<const schema_row> topics();
std::span<const schema_row> candles();
std::span<const schema_row> ingest();
std::span<const schema_row> postgres();
std::span<const schema_row> journal();
std::span<const schema_row> listeners();
std::span<const schema_row> clients();

} // namespace tradepulse::config::tables
