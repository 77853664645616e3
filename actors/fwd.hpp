#pragma once

#include <caf/fwd.hpp>
#include <caf/typed_actor.hpp>

#include <memory>

namespace tradepulse {

class price_burst;
using burst_ptr = std::shared_ptr<const price_burst>;

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
struct range_committed;
struct claim_lost;
struct symbol_work;
struct restore_stream;
struct passivate_symbol;
struct epoch_committed;
struct stream_joined;
struct stream_moved;
struct stream_away;
struct stream_back;
struct open_group;
struct leave_streams;
struct control_frame;
struct hand_back;
struct events_diverted;
struct move_diverted;
struct handed_back;
struct control_refused;
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
