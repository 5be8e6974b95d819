/* registry_bundle_parts.h - what the files of registry_bundle*.c share. */
#ifndef CATHAYA_REGISTRY_REGISTRY_BUNDLE_PARTS_H
#define CATHAYA_REGISTRY_REGISTRY_BUNDLE_PARTS_H

#include "registry/registry_parts.h"

struct registry_bundling {
    const struct registry *r;
    const struct algorithms *algorithms;
    int64_t at_s;
    struct trust_bundle *b;
    struct array *left_out; /* const struct registry_thing *, or NULL */
};

/* Each appends what the thing is to its section; sections are sorted afterwards. */
MUST_USE enum status registry_bundle_anchor(const struct registry_bundling *m, const struct registry_thing *thing,
                                            const struct trust_bundle_purposes *purposes, struct error *err);
MUST_USE enum status registry_bundle_ct_log(const struct registry_bundling *m, const struct registry_thing *thing,
                                            struct error *err);
MUST_USE enum status registry_bundle_ca(const struct registry_bundling *m, const struct registry_thing *thing,
                                        const struct trust_bundle_purposes *purposes, struct error *err);

#endif
