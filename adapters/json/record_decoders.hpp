#pragma once

#include <initializer_list>
#include <memory>

#include "adapters/json/decoders.hpp"
#include "adapters/json/member_reader.hpp"

// Private to this folder: what the decoders share.
namespace tradepulse::json {

std::unique_ptr<tick_decoder> make_price_ticks_decoder(const decoder_options& options);
std::unique_ptr<tick_decoder> make_market_price_decoder(const decoder_options& options);
std::unique_ptr<tick_decoder> make_binance_stream_decoder(const decoder_options& options);
std::unique_ptr<tick_decoder> make_binance_klines_decoder(const decoder_options& options);
std::unique_ptr<tick_decoder> make_stock_trades_decoder(const decoder_options& options);
std::unique_ptr<tick_decoder> make_stock_bars_decoder(const decoder_options& options);

// Reads the members of the record's value and then asks `members_read` for the outcome; what is
// the same for every format (tombstones, size, JSON, an object) is settled before.
class record_decoder : public tick_decoder {
 public:
  decode_outcome decode(const record& r) final;

 protected:
  record_decoder(const decoder_options& options, std::initializer_list<wanted_object> members)
      : options_(options), members_(members) {}

  virtual decode_outcome members_read(const record& r) = 0;

  // An event with the record's own place and time.
  static decoded_tick tick_of(const record& r) noexcept;
  template <class Value>
  static logged_event<Value> event_of(const record& r) noexcept {
    logged_event<Value> out;
    out.offset = r.offset;
    out.append_time = r.append_time;
    return out;
  }

  const decoder_options options_;
  member_reader members_;
};

} // namespace tradepulse::json
