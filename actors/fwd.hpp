#pragma once

#include <caf/fwd.hpp>
#include <caf/typed_actor.hpp>

#include <memory>

namespace tradepulse {

class event_burst;
using burst_ptr = std::shared_ptr<const event_burst>;

struct batch_arrived;
struct fault_reported;
struct log_inspected;
struct claim_partition;
struct move_partition;
struct release_partition;
struct watch_row;
struct row_changed;
struct partition_claimed;
struct load_streams;
struct streams_loaded;
struct range_complete;
struct range_failed;
struct stream_failed;
struct range_committed;
struct claim_lost;
struct symbol_work;
struct restore_stream;
struct load_candles;
struct candles_loaded;
struct candle_work;
struct candles_idle;
struct passivate_symbol;
struct recall_events;
struct epoch_committed;
struct candle_shown;
struct stream_joined;
struct stream_recalled;
struct partition_settled;
struct stream_moved;
struct stream_away;
struct stream_back;
struct recall_again;
struct open_group;
struct leave_streams;
struct control_frame;
struct hand_back;
struct events_diverted;
struct move_diverted;
struct handed_back;
struct control_refused;
struct recovery_failed;
struct outbox_drained;
struct client_said;
struct client_gone;
struct assignment_changed;
struct give_up_partition;
struct partition_ended;
struct begin_drain;
struct second_passed;
struct broker_back;
struct letter_refused;
struct retry_due;
struct flush_due;
struct claims_due;
struct refusal_letter_done;

} // namespace tradepulse

#include "actors/interfaces.hpp"
