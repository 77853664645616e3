#include "adapters/postgres/shared_names.hpp"

namespace tradepulse {

void choose_replaced_names(database_session::call& db, const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names)
    all += (all.empty() ? "" : ",") + name;
  pqxx::nontransaction transaction(db.connection);
  transaction.exec_params("SELECT set_config('tradepulse.adopt_replace', $1, false)", all);
  db.answered();
  // A `migrate` that is killed lets go of the tables that it holds, in place of writing them to the
  // end. Not every platform of a server has it.
  try {
    transaction.exec("SELECT set_config('client_connection_check_interval', '5s', false)");
  } catch (const pqxx::sql_error&) {
  }
  db.answered();
}

std::vector<shared_name> settle_shared_names(database_session::call& db) {
  pqxx::work transaction(db.connection);
  // Where not all migrations were given there may be nothing to settle yet.
  const auto known =
      transaction.exec1("SELECT to_regprocedure('tradepulse_settle_names(text[])') IS NOT NULL");
  db.answered();
  if (!known[0].as<bool>())
    return {};
  transaction.exec("SELECT tradepulse_settle_names("
                   "string_to_array(current_setting('tradepulse.adopt_replace'), ','))");
  db.answered();
  std::vector<shared_name> out;
  for (const auto& row :
       transaction.exec("WITH said AS (UPDATE adopted_names SET told = true"
                        " WHERE state <> 'ours' AND (NOT told OR state IN ('kept', 'missing'))"
                        " RETURNING name, state, detail) SELECT * FROM said ORDER BY name"))
    out.push_back({row[0].c_str(), row[1].c_str(), row[2].c_str()});
  db.answered();
  transaction.commit();
  return out;
}

} // namespace tradepulse
