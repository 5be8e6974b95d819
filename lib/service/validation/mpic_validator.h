/* mpic_validator.h - one validation from several places at once: the primary perspective and all remote
 * ones, and the quorum of [BR 3.2.2.9] over what they say.
 *
 * Each validate stands for itself: nothing that a perspective said before is used again. The answer comes
 * as soon as no vote can change it. Requests of intranet profiles go to the primary alone: nobody else can
 * see an intranet. */
#ifndef CATHAYA_SERVICE_VALIDATION_MPIC_VALIDATOR_H
#define CATHAYA_SERVICE_VALIDATION_MPIC_VALIDATOR_H

#include "metrics/metrics.h"
#include "ports/clock.h"
#include "ports/events.h"
#include "ports/validator.h"
#include "rules/mpic.h"

struct validation_perspective {
    const char *name;
    const char *rir; /* the Regional Internet Registry in whose region it is */
    struct validator_port port;
};

/* Arrays and texts are borrowed and outlive the validator. */
struct mpic_validator_config {
    struct validator_port primary;
    const struct validation_perspective *remotes;
    size_t remote_count;              /* at most MPIC_REMOTES_MAX */
    const struct mpic_quorum *quorum; /* NULL: mpic_quorum_br */
    size_t attempts_max;              /* at a time, stragglers included; 0: 4,000 */
    struct clock_port clock;
    const struct events_port *events; /* NULL: nobody listens */
    struct metrics *metrics;          /* NULL: nothing is counted */
};

struct mpic_validator;

/* mpic_validator_new: STATUS_USAGE when there are too many remotes. Whether they make the quorum is asked
 * at each validation, for the rule has dates; mpic_check_set says it beforehand. */
MUST_USE enum status mpic_validator_new(const struct mpic_validator_config *config,
                                        struct mpic_validator **out, struct error *err);
/* mpic_validator_free: no done is called any more; late answers free what is left. */
void mpic_validator_free(struct mpic_validator *v);

struct validator_port mpic_validator_port(struct mpic_validator *v);

#endif
