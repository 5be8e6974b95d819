/* certificate_walk.h - stepping through elements that may be no DER: BER lengths, indefinite ones, and cut ends. Private to
 * certificate_names.c; whoever judges a certificate reads DER (codec/asn1/der.h).
 *
 * What is not DER but can be stepped over is stepped over, and remembered: certificate_walk_is_clean says so.
 */
#ifndef CATHAYA_RULES_CERTIFICATE_WALK_H
#define CATHAYA_RULES_CERTIFICATE_WALK_H

#include "codec/asn1/der.h"

struct certificate_walk {
    struct reader r;
    size_t count;
    bool is_odd; /* something was not DER, or the end is cut */
};

void certificate_walk_init(struct certificate_walk *walk, struct bytes contents);

/* certificate_walk_next takes the next element; false at the end, and where it cannot be read. Tags of several bytes come as
 * tag 0. An element that says that it is longer than what there is has what there is. */
MUST_USE bool certificate_walk_next(struct certificate_walk *walk, struct der_element *out);

/* certificate_walk_next_is: does the next element have that tag? */
bool certificate_walk_next_is(const struct certificate_walk *walk, uint8_t tag);

static inline bool certificate_walk_has_more(const struct certificate_walk *walk)
{
    return !reader_is_at_end(&walk->r);
}

/* certificate_walk_is_clean: was everything DER, and is the walk at its end? */
static inline bool certificate_walk_is_clean(const struct certificate_walk *walk)
{
    return !walk->is_odd && reader_is_at_end(&walk->r);
}

#endif
