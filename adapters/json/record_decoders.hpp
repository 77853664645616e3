#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "adapters/json/decoders.hpp"
#include "adapters/json/member_reader.hpp"

// Private to this folder: what the three decoders share.
namespace tradepulse::json {

std::unique_ptr<tick_decoder> make_price_ticks_decoder(const decoder_options& options);
std::unique_ptr<tick_decoder> make_market_price_decoder(const decoder_options& options);
std::unique_ptr<tick_decoder> make_binance_stream_decoder(const decoder_options& options);

// Reads the members of the record's value and then asks `members_read` for the outcome; what is
// the same for every format (tombstones, size, JSON, an object) is settled before.
class record_decoder : public tick_decoder {
 public:
  decode_outcome decode(const record& r) final;

 protected:
  record_decoder(const decoder_options& options, std::span<const std::string_view> top,
                 std::string_view inner_of, std::span<const std::string_view> inner)
      : options_(options), members_(top, inner_of, inner) {}

  virtual decode_outcome members_read(const record& r) = 0;

  // A tick with the record's own place and time.
  static decoded_tick tick_of(const record& r) noexcept;

  const decoder_options options_;
  member_reader members_;
};

} // namespace tradepulse::json
