/* issuance_store.h - what a CA remembers about requests on their way into its log, and about what it
 * has revoked.
 *
 * A request is planned before its batch is appended: which index and which leaf hash it will get. So
 * after a crash the log itself says what became of it: when the log has that leaf at that index, the
 * request is sequenced (confirm it); otherwise it never will be (forget it, and issue again). The same
 * request never gets a second entry.
 *
 * Trust: whoever can write here can make the CA issue twice, or forget a revocation. Durable at commit.
 *
 * One caller, one thread. Writes open a transaction, which may also hold writes of other stores of the
 * same database (subject keys); commit makes all of it durable at once. STATUS_IO when the store fails:
 * then the caller rolls back and acknowledges nothing.
 */
#ifndef CATHAYA_PORTS_ISSUANCE_STORE_H
#define CATHAYA_PORTS_ISSUANCE_STORE_H

#include "base/bytes.h"
#include "base/status.h"

/* Names a request for good. Whoever asks chooses it so that two requests never share one: a hash, or
 * the ACME server's instance and order. */
#define ISSUANCE_REQUEST_SIZE 16
#define ISSUANCE_LEAF_SIZE 32

struct issuance_plan {
    uint8_t request[ISSUANCE_REQUEST_SIZE];
    uint16_t log_number;
    uint64_t index; /* < 2^48 */
    uint8_t leaf_hash[ISSUANCE_LEAF_SIZE];
    int64_t planned_s;
    bool is_confirmed; /* the log has it */
};

/* Entries first..last, both inclusive as in a trust store's `revoked` lines. */
struct revoked_range {
    uint64_t sequence; /* from 1, without gaps; never changes */
    uint16_t log_number;
    uint64_t first, last;
    int reason; /* CRLReason */
    int64_t revoked_s;
};

struct issuance_store {
    void *context;

    /* plan keeps the plans of a batch (is_confirmed is ignored). STATUS_CONFLICT when a request is
     * known already; the caller rolls back then. */
    enum status (*plan)(void *context, const struct issuance_plan *plans, size_t count,
                        struct error *err);
    /* find gives the plan of a request; STATUS_NOT_FOUND. */
    enum status (*find)(void *context, const uint8_t request[ISSUANCE_REQUEST_SIZE],
                        struct issuance_plan *out, struct error *err);
    /* confirm says that the log has all planned entries with first <= index < end. It may be
     * committed with the next batch: the log is what counts. */
    enum status (*confirm)(void *context, uint16_t log_number, uint64_t first, uint64_t end,
                           struct error *err);
    /* forget removes a plan, confirmed or not; one that is not there is fine. */
    enum status (*forget)(void *context, const uint8_t request[ISSUANCE_REQUEST_SIZE],
                          struct error *err);
    /* list_unconfirmed gives plans in the order of log number and index, those behind (after_log,
     * after_index); start with (0, 0). */
    enum status (*list_unconfirmed)(void *context, uint16_t after_log, uint64_t after_index,
                                    struct issuance_plan *out, size_t max, size_t *count,
                                    struct error *err);
    /* expire looks at the max oldest plans, and forgets those that are confirmed and were planned before
     * before_s. */
    enum status (*expire)(void *context, int64_t before_s, size_t max, size_t *removed,
                          struct error *err);

    /* add_revoked appends a range and gives it its sequence number; there is no taking back. */
    enum status (*add_revoked)(void *context, struct revoked_range *range, struct error *err);
    /* list_revoked gives ranges with sequence > after, ascending. */
    enum status (*list_revoked)(void *context, uint64_t after, struct revoked_range *out, size_t max,
                                size_t *count, struct error *err);

    bool (*has_uncommitted)(void *context);
    enum status (*commit)(void *context, struct error *err);
    void (*rollback)(void *context);
};

#endif
