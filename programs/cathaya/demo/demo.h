/* demo.h - `cathaya demo`: real CAs, requests, logs, certificates and handshakes, and what they weigh.
 * Private to programs/cathaya/demo. Everything printed is measured in the run. */
#ifndef CATHAYA_PROGRAMS_DEMO_DEMO_H
#define CATHAYA_PROGRAMS_DEMO_DEMO_H

#include <cathaya/verify.h>

#include "ca/ca_directory.h"

#define DEMO_SITES_MAX 400
#define DEMO_NAME_SIZE 64

/* A site: its name, its key, and the certificates that it got. */
struct demo_site {
    char name[DEMO_NAME_SIZE];
    struct builder csr, key_pem;
    uint64_t index;
    struct builder standalone, landmark; /* DER */
};

/* One CA with its log and its customers. */
struct demo_ca {
    const char *suite; /* "gm", "intl" */
    const char *id;
    char path[CA_DIRECTORY_PATH_MAX];
    struct algorithms *algorithms;
    struct ca_directory dir;
    bool is_open;
    size_t site_count;
    struct demo_site *sites;
    uint64_t entry_count;
    /* Measured. */
    double generated_per_s, issued_per_s;
    uint64_t generated_count, batch_count;
    uint64_t entry_bytes;
    /* Three clients: one knows the CA, one its landmark too, one wants every cosigner of policy.txt. */
    struct cathaya_trust *without_landmark, *with_landmark, *all_cosigners;
};

/* demo_now_s and demo_clock_ns: wall clock and monotonic clock. */
int64_t demo_now_s(void);
uint64_t demo_clock_ns(void);

/* ---- demo_measure.c ---- */

/* demo_measure fills both logs below state to `entries`, and prints what was measured; gives the exit status. */
int demo_measure(const char *state, struct algorithms *algorithms, uint64_t entries, bool is_json);

/* ---- demo_ca.c ---- */

/* demo_ca_create makes the CA in DIR/suite and opens it. demo_ca_clear follows in any case. */
MUST_USE enum status demo_ca_create(struct demo_ca *ca, const char *suite, const char *id,
                                    const char *state_dir, struct algorithms *algorithms,
                                    struct error *err);
void demo_ca_clear(struct demo_ca *ca);

/* demo_ca_add_sites makes count keys and requests of a kind (crypto/csr_make.h). */
MUST_USE enum status demo_ca_add_sites(struct demo_ca *ca, const char *kind, size_t count,
                                       struct error *err);

/* demo_ca_issue gets certificates for sites first..end in one batch. */
MUST_USE enum status demo_ca_issue(struct demo_ca *ca, size_t first, size_t end, struct error *err);

/* demo_ca_generate appends generated entries, in batches, until the log has `size` entries. */
MUST_USE enum status demo_ca_generate(struct demo_ca *ca, uint64_t size, struct error *err);

/* demo_ca_add_cosigner adds a further cosigner and opens the CA again. */
MUST_USE enum status demo_ca_add_cosigner(struct demo_ca *ca, const char *id, const char *algorithm,
                                          struct error *err);

/* demo_ca_finish allocates a landmark, collects both certificates of every site, and makes the trust of
 * its clients. */
MUST_USE enum status demo_ca_finish(struct demo_ca *ca, struct error *err);

/* ---- demo_checks.c ---- */

struct demo_checks {
    uint64_t accepted;  /* certificates that had to verify, and did */
    uint64_t refused;   /* that had to be refused, and were */
    uint64_t wrong;     /* neither */
};

/* demo_checks_run verifies every certificate through the public library: as it is, with another name, too
 * late, with one bit changed, and without the landmark. */
MUST_USE enum status demo_checks_run(const struct demo_ca *ca, struct demo_checks *checks,
                                     struct error *err);

/* ---- demo_table.c ---- */

/* demo_table_print measures and prints the table of certificates and flights. */
MUST_USE enum status demo_table_print(const struct demo_ca *gm, size_t sm2_only_site,
                                      size_t both_cosigners_site, const struct demo_ca *intl,
                                      size_t intl_site, bool is_json, struct error *err);

#endif
