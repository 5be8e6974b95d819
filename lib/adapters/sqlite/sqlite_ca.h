/* sqlite_ca.h - what the files of the CA store share; private to adapters/sqlite. */
#ifndef CATHAYA_ADAPTERS_SQLITE_SQLITE_CA_H
#define CATHAYA_ADAPTERS_SQLITE_SQLITE_CA_H

#include "adapters/sqlite/sqlite_ca_store.h"
#include "adapters/sqlite/sqlite_call.h"
#include "adapters/sqlite/sqlite_objects.h"

/* The texts are in sqlite_ca_store.c, in this order. */
enum sqlite_ca_statement {
    CA_SQL_KEY_FIND, CA_SQL_KEY_ADD, CA_SQL_KEY_CHANGE, CA_SQL_KEY_DROP, CA_SQL_KEY_LIST,
    CA_SQL_PLAN_ADD, CA_SQL_PLAN_FIND, CA_SQL_PLAN_CONFIRM, CA_SQL_PLAN_FORGET,
    CA_SQL_PLAN_UNCONFIRMED, CA_SQL_PLAN_EXPIRE,
    CA_SQL_REVOKED_ADD, CA_SQL_REVOKED_LIST,
    CA_SQL_OBJECT_PUT, CA_SQL_OBJECT_GET, CA_SQL_OBJECT_DROP, CA_SQL_OBJECT_LIST,
    CA_SQL_COUNT
};

struct sqlite_ca_store {
    struct sqlite_database *db;
    struct sqlite_objects objects; /* what was signed for an order, what is revoked */
};

/* sqlite_ca_keys_port and sqlite_ca_plans_fill are the two ports' functions. */
struct object_store sqlite_ca_keys_port(struct sqlite_ca_store *s);
void sqlite_ca_plans_fill(struct issuance_store *port);
void sqlite_ca_revoked_fill(struct issuance_store *port);

#endif
