/* trust_accept.h - one signed bundle that was offered: judged with all that the directory has, and put in place. */
#ifndef CATHAYA_PROGRAM_TRUST_TRUST_ACCEPT_H
#define CATHAYA_PROGRAM_TRUST_TRUST_ACCEPT_H

#include "trust/trust_directory.h"
#include "trust/trust_versions.h"

/* What the directory holds, and what was offered. */
struct trust_accept {
    const char *dir;
    const struct algorithms *algorithms;
    const struct trust_versions_settings *versions; /* for evidence; keys are set here */
    struct bundle_keys pinned;            /* in force while nothing is held */
    struct trust_directory *held;         /* NULL: nothing yet */
    struct bundle_signature_pins pins;    /* keys: held's, or the pinned ones */
    /* Checkpoints of the log of versions that are held: the one that later ones go on from, and that of the held bundle's own
     * proof, when they differ. */
    struct version_checkpoint anchors[2];
    size_t anchor_count;
    struct trust_directory *fresh;        /* judged good; NULL */
    struct version_checkpoint offered;    /* of its proof; borrows from the envelope */
};

/* trust_accept_open reads the directory, whose lock the caller has: STATUS_USAGE for one without pinned keys, STATUS_REFUSED (...)
 * for a damaged one. *out is for trust_accept_close in any case. */
MUST_USE enum status trust_accept_open(const struct trust_versions_settings *versions, const struct algorithms *algorithms,
                                       struct trust_accept *out, struct error *err);
void trust_accept_close(struct trust_accept *a);

/* trust_accept_judge judges an envelope, which is borrowed until the next call; is_step: as in bundle_signature_pins. STATUS_OK is
 * the only yes. Evidence of a conflict is kept. */
MUST_USE enum status trust_accept_judge(struct trust_accept *a, struct bytes envelope, int64_t now_s, bool is_step, struct error *err);

/* trust_accept_commit puts what was judged in place, unless it is what is held; then that is held. is_compared: the offered checkpoint
 * is consistent with those that are held. *is_changed says which. */
MUST_USE enum status trust_accept_commit(struct trust_accept *a, struct bytes envelope, bool is_compared, bool *is_changed, struct error *err);

#endif
