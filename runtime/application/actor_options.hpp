#pragma once

#include <memory>
#include <string>

#include "actors/ingest/partition_actor.hpp"
#include "actors/persistence/writer_actor.hpp"
#include "runtime/config/settings.hpp"

// The configuration in the words of the actors.
namespace tradepulse {

ingest_rules rules_of(const config::settings& settings);

// When to flush and to try again; what it works with is left to the caller.
writer_options writing_of(const config::postgres_settings& from);

// A decoder of its own for a partition of this topic.
std::shared_ptr<tick_decoder> decoder_for(const config::settings& settings,
                                          const std::string& topic);

} // namespace tradepulse
