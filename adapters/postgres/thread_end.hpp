#pragma once

namespace tradepulse {

// Gives back what the libraries below libpq keep for the calling thread. Whoever joins a thread needs
// no call: its end does that. Of a thread that nobody joins the end may come while the process exits,
// and what it keeps is lost then. A session that is used after this call takes it anew.
void end_database_thread() noexcept;

} // namespace tradepulse
