/* trust_state.h - what a distributor holds of the logs that it follows: held/LOG-ID/N, trust files whose bundle has version N. Inside
 * service/trust_publisher.
 *
 * All of it is in memory; what has changed is put into the store with trust_state_write, beside what was there: the one before goes
 * when the new one is durable. */
#ifndef CATHAYA_SERVICE_TRUST_PUBLISHER_TRUST_STATE_H
#define CATHAYA_SERVICE_TRUST_PUBLISHER_TRUST_STATE_H

#include "codec/trust_bundle/trust_bundle.h"
#include "ports/object_store.h"
#include "rules/trust_store.h"

struct trust_state_log {
    struct tai ca_id;
    uint16_t log_number;
    struct builder file;          /* as it is in the store, or will be */
    struct trust_bundle bundle;   /* of this log alone; borrows from file, as the next two */
    struct bytes note, revocations;
    bool is_new;                  /* not in the store yet */
};

struct trust_state {
    struct object_store store;
    struct array logs; /* struct trust_state_log *, by CA ID and number */
};

/* trust_state_load reads all that is held: of each log the highest N that is whole. STATUS_REFUSED for a damaged file that has no
 * other beside it, with its name: one that was skipped could be the one with what is revoked. trust_state_clear follows in any case. */
MUST_USE enum status trust_state_load(const struct object_store *store, struct trust_state *out, struct error *err);
void trust_state_clear(struct trust_state *state);

static inline struct trust_state_log *trust_state_at(const struct trust_state *state, size_t i)
{
    return *(struct trust_state_log *const *)array_at(&state->logs, i);
}

/* trust_state_find: NULL when nothing is held of the log. */
const struct trust_state_log *trust_state_find(const struct trust_state *state, const struct tai *ca_id, uint16_t log_number);

/* trust_state_set holds this of the log from now on; all is copied. */
MUST_USE enum status trust_state_set(struct trust_state *state, const struct trust_bundle *bundle, struct bytes note,
                                     struct bytes revocations, struct error *err);

/* trust_state_fit gives up what was signed by a CA's other key (landmarks, checkpoint, revocations file; what is revoked stays), and
 * landmarks under a checkpoint that the CA's present rules would not take: they have to be proven anew. Logs of CAs that the
 * store does not have stay as they are. *dropped is how many logs lost something. */
MUST_USE enum status trust_state_fit(struct trust_state *state, const struct trust_store *store, size_t *dropped, struct error *err);

/* trust_state_write puts what is new, without a sync; trust_state_prune removes what it took the place of, after one. */
MUST_USE enum status trust_state_write(struct trust_state *state, struct error *err);
MUST_USE enum status trust_state_prune(struct trust_state *state, struct error *err);

#endif
