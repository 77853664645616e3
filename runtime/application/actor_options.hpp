#pragma once

#include <memory>
#include <optional>
#include <string>

#include "actors/ingest/partition_actor.hpp"
#include "actors/market/candle_options.hpp"
#include "actors/persistence/writer_actor.hpp"
#include "protocol/candle_interval.hpp"
#include "runtime/config/settings.hpp"

// The configuration in the words of the actors.
namespace tradepulse {

ingest_rules rules_of(const config::settings& settings);

// When to flush and to try again; what it works with is left to the caller.
writer_options writing_of(const config::postgres_settings& from);

// A decoder of its own for a partition of this topic.
std::shared_ptr<tick_decoder> decoder_for(const config::settings& settings,
                                          const std::string& topic);

// The rules by which candles are made. Null: no topic makes any.
std::shared_ptr<const candle_options> candle_options_of(const config::settings& settings);

// How candles are made of this topic; with the rules of all, which are one object. Absent: none
// are.
std::optional<candle_source> candle_source_of(const config::settings& settings,
                                              const std::shared_ptr<const candle_options>& rules,
                                              const std::string& topic);

// The streams of candles that there are: those that clients may ask for.
candle_intervals candles_made(const config::settings& settings);

} // namespace tradepulse
