#pragma once

// The map: which actor understands which message. Read it from top to bottom and you have followed
// a tick from the log to the socket. The messages are in actors/messages.hpp.

#include "actors/fwd.hpp"

namespace tradepulse {

// One per assigned partition: claims it, decodes batches, keeps ranges until they are committed.
using partition_actor =
    caf::typed_actor<caf::reacts_to<batch_arrived>,      // from the consumer pump
                     caf::reacts_to<fault_reported>,     // from the consumer pump
                     caf::reacts_to<log_inspected>,      // from the log inspector
                     caf::reacts_to<letter_refused>,     // from the dead-letter producer
                     caf::reacts_to<partition_claimed>,  // from its writer
                     caf::reacts_to<streams_loaded>,     // from its writer
                     caf::reacts_to<range_committed>,    // from its writer
                     caf::reacts_to<claim_lost>,         // from its writer
                     caf::reacts_to<row_changed>,        // from its writer
                     caf::reacts_to<range_failed>,       // from the last participant of a range
                     caf::reacts_to<stream_failed>,      // from the directory
                     caf::reacts_to<retry_due>,          // from itself
                     caf::reacts_to<second_passed>,      // from its supervisor
                     caf::reacts_to<broker_back>,        // from its supervisor
                     caf::reacts_to<give_up_partition>>; // from its supervisor

// One per symbol that is at work: numbers its events, publishes them, fills its slot of a range.
// One that has had no event for a while gives its state to the directory and ends.
using symbol_actor =
    caf::typed_actor<caf::reacts_to<symbol_work>,       // from a partition actor
                     caf::reacts_to<restore_stream>,    // from a partition actor, on each claim
                     caf::reacts_to<candle_work>,       // from the actor of its source stream
                     caf::reacts_to<candles_loaded>,    // from a writer
                     caf::reacts_to<candles_idle>,      // from a partition actor
                     caf::reacts_to<epoch_committed>,   // from a writer
                     caf::reacts_to<recall_events>,     // from the directory
                     caf::reacts_to<passivate_symbol>>; // from the directory

// A few, each with a thread and a database connection of its own; each owns partitions.
using writer_actor =
    caf::typed_actor<caf::reacts_to<range_complete>, // from the last participant of a range
                     caf::reacts_to<claim_partition>, caf::reacts_to<move_partition>,
                     caf::reacts_to<load_streams>, caf::reacts_to<release_partition>,
                     caf::reacts_to<load_candles>,        // from a symbol actor
                     caf::reacts_to<watch_row>,           // from partition actors
                     caf::reacts_to<refusal_letter_done>, // from the dead-letter producer
                     caf::reacts_to<flush_due>, caf::reacts_to<claims_due>>; // from itself

// One per I/O thread: keeps what must stay in the data's order in that order.
using fan_out_actor = caf::typed_actor<
    caf::reacts_to<burst_ptr>,         // from symbol actors
    caf::reacts_to<candle_shown>,      // from symbol actors
    caf::reacts_to<stream_joined>,     // from the directory
    caf::reacts_to<stream_recalled>,   // from either of them
    caf::reacts_to<partition_settled>, // from the directory
    caf::reacts_to<stream_moved>, caf::reacts_to<stream_away>, caf::reacts_to<stream_back>,
    caf::reacts_to<recall_again>, // from the directory
    caf::reacts_to<open_group>,  // from connection actors
    caf::reacts_to<leave_streams>, caf::reacts_to<hand_back>, caf::reacts_to<control_frame>>;

// One per client connection: owns every decision about it.
using connection_actor = caf::typed_actor<
    caf::reacts_to<client_said>, caf::reacts_to<outbox_drained>, // from its I/O thread
    caf::reacts_to<events_diverted>, caf::reacts_to<move_diverted>, caf::reacts_to<handed_back>,
    caf::reacts_to<control_refused>, caf::reacts_to<recovery_failed>, // from its delivery table
    caf::reacts_to<client_gone>>; // from its I/O thread, once, at the end

// One: starts and ends partition actors and writers, restarts what failed.
using ingest_supervisor = caf::typed_actor<caf::reacts_to<assignment_changed>,
                                           caf::reacts_to<broker_back>, // from the consumer pump
                                           caf::reacts_to<partition_ended>, // from partition actors
                                           caf::reacts_to<second_passed>,   // from the ticker
                                           caf::reacts_to<begin_drain>>;    // from the runtime

} // namespace tradepulse
