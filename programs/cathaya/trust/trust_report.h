/* trust_report.h - what `trust update` says of a log on stdout. */
#ifndef CATHAYA_PROGRAM_TRUST_TRUST_REPORT_H
#define CATHAYA_PROGRAM_TRUST_TRUST_REPORT_H

#include <jansson.h>

#include "codec/trust_bundle/trust_bundle.h"

/* One log, after its update. */
struct trust_report {
    const struct tai *ca_id;
    uint16_t log_number;
    const char *url;    /* the prefix that the landmarks were asked of; NULL: they were not */
    const char *reason; /* why there are no new landmarks, or not all is well with what is revoked; NULL: all is well */
    bool has_landmarks; /* they were taken */
    const struct trust_bundle *bundle; /* what is held now; NULL: nothing */
    size_t new_landmarks, tile_count;
    struct bytes revocations; /* the signed file that is held; empty: none */
    int64_t now_s;
};

void trust_report_json(const struct trust_report *report);
void trust_report_lines(const struct trust_report *report);

/* trust_report_revocations is the JSON of a signed file that is held, with the bundle that has its ranges: null when there is
 * none. */
json_t *trust_report_revocations(struct bytes file, const struct trust_bundle *bundle, int64_t now_s);

/* trust_report_revocations_line writes the same as a line, indented by so much. */
void trust_report_revocations_line(const char *indent, struct bytes file, const struct trust_bundle *bundle, int64_t now_s);

#endif
