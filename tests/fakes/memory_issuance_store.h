/* memory_issuance_store.h - ports/issuance_store.h in memory: what is not committed is lost when the process
 * ends, and misuse ends the program. */
#ifndef CATHAYA_TESTS_FAKES_MEMORY_ISSUANCE_STORE_H
#define CATHAYA_TESTS_FAKES_MEMORY_ISSUANCE_STORE_H

#include "ports/issuance_store.h"

#define MEMORY_PLANS_MAX 4096
#define MEMORY_RANGES_MAX 64

struct memory_issuance {
    struct issuance_plan plans[MEMORY_PLANS_MAX];
    size_t plan_count;
    struct revoked_range ranges[MEMORY_RANGES_MAX];
    size_t range_count;
};

struct memory_issuance_store {
    struct memory_issuance now, durable;
    bool has_uncommitted;
    bool fails; /* everything: STATUS_IO */
};

struct issuance_store memory_issuance_store_port(struct memory_issuance_store *m);
/* memory_issuance_store_crash: the process has ended. */
void memory_issuance_store_crash(struct memory_issuance_store *m);

#endif
