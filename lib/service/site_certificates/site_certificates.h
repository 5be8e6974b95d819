/* site_certificates.h - the certificates of sites, got, renewed and kept by themselves.
 *
 * For each site there is a set of wanted certificates: a kind each, from ACME issuers in order of preference, or from
 * files. One certificate goes: nothing -> ordering -> deployed -> its landmark-relative form is fetched when it is
 * ready -> renewal -> the new one deployed beside the old -> the old one expires -> removed. All of a site are one
 * unit: ordered together, while the failure of one never holds up another.
 *
 * Promises:
 * - What is deployed is whole, fits its key and its kind, and has not expired by the clock here.
 * - Every certificate has a new key, made here, durable before anything about it leaves the machine. What was begun is
 *   taken up again after a crash at any step: the same order, the same key.
 * - An issuer is not asked before the time that it named, nor sooner than a growing pause after a failure; the next
 *   one in the list is asked meanwhile. A renewal begins with the first one again.
 * - A clock that jumps makes no storm: all times ahead are bounded from now, each time they are looked at.
 *
 * On one thread, that of the event loop. The layout on disk is in docs/operations.md, "A gateway's state".
 */
#ifndef CATHAYA_SERVICE_SITE_CERTIFICATES_SITE_CERTIFICATES_H
#define CATHAYA_SERVICE_SITE_CERTIFICATES_SITE_CERTIFICATES_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"
#include "ports/clock.h"
#include "ports/events.h"
#include "ports/object_store.h"
#include "ports/timer.h"

#define SITE_NAMES_MAX 100 /* of one certificate, as ACME servers allow */
#define SITE_ISSUERS_MAX 8 /* of one certificate */
#define SITE_NAME_SIZE 254 /* a DNS name in A-labels, "*.", or a numeric address; and NUL */
#define SITE_URL_SIZE 1024
/* A chain of ML-DSA-87 certificates with several cosignatures, and properties. */
#define SITE_CHAIN_MAX ((size_t)256 * 1024)
/* Certificates of one kind that may be deployed at a time: the new one and some that have not expired yet. */
#define SITE_GENERATIONS_MAX 3

enum site_kind { SITE_GM_MTC, SITE_GM_CLASSIC, SITE_INTL_MTC, SITE_INTL_CLASSIC };
#define SITE_KINDS 4

/* site_kind_name is "gm-mtc", "gm-classic", "intl-mtc", "intl-classic"; site_kind_parse the reverse, false for
 * anything else. */
const char *site_kind_name(enum site_kind kind);
MUST_USE bool site_kind_parse(const char *name, enum site_kind *out);

static inline bool site_kind_is_mtc(enum site_kind kind)
{
    return kind == SITE_GM_MTC || kind == SITE_INTL_MTC;
}

static inline bool site_kind_is_gm(enum site_kind kind)
{
    return kind == SITE_GM_MTC || kind == SITE_GM_CLASSIC;
}

/* ---- ACME: the program fills these tables, one per issuer ---- */

struct site_acme_request {
    const char *const *names; /* DNS names ("*.example.com" too) and numeric addresses */
    size_t name_count;
    struct bytes csr;         /* DER */
    const char *replaces;     /* ARI certificate ID of what this one replaces; NULL: nothing */
    const char *order_url;    /* an order that was begun before: go on with it; NULL: make a new one */
};

/* Borrowed for the duration of done. */
struct site_acme_certificate {
    struct bytes chain;        /* PEM: [CERTIFICATE PROPERTIES,] leaf, intermediates */
    const char *alternate_url; /* of the landmark-relative form; "": none is offered */
    const char *url;           /* of the certificate itself; NULL: it is not asked for again */
};

/* ordered: the order exists now. Anything but STATUS_OK: it could not be kept, and the order is to end with that. */
typedef enum status site_acme_ordered(void *cookie, const char *order_url, struct error *err);
/* certificate is NULL unless STATUS_OK. STATUS_IO: the server cannot be reached, which concerns all that want something
 * of it. STATUS_AGAIN: not now. STATUS_NOT_FOUND: there is no such order any more (only with order_url). All others: no,
 * for this order. retry_after_s: what the server asked for, 0: nothing; with STATUS_OK: the certificate will have more properties
 * then (SCTs beside a Merkle Tree one [GM 4]). */
typedef void site_acme_issued(void *cookie, enum status status, const struct site_acme_certificate *certificate,
                              int64_t retry_after_s, const struct error *err);
/* STATUS_OK: chain and retry_after_s as above. STATUS_AGAIN: not yet. STATUS_NOT_FOUND: not, for good. */
typedef void site_acme_fetched(void *cookie, enum status status, struct bytes chain, int64_t retry_after_s,
                               const struct error *err);
/* STATUS_OK: renew in [start_s, end_s). STATUS_NOT_FOUND: this server has no such information. */
typedef void site_acme_renewal(void *cookie, enum status status, int64_t start_s, int64_t end_s, int64_t retry_after_s,
                               const struct error *err);

/* Each function copies what it is given and calls done exactly once, later; when it returns anything but STATUS_OK
 * done is not called. */
struct site_acme_port {
    void *context;
    /* issue orders (or goes on), proves control, finalizes and downloads. */
    enum status (*issue)(void *context, const struct site_acme_request *request, site_acme_ordered *ordered,
                         site_acme_issued *done, void *cookie, struct error *err);
    /* fetch_alternate asks once for the landmark-relative form, or with url for the certificate once more. */
    enum status (*fetch_alternate)(void *context, const char *url, site_acme_fetched *done, void *cookie,
                                   struct error *err);
    /* renewal_info asks once when a certificate should be renewed [RFC9773 4]. NULL: never asked. */
    enum status (*renewal_info)(void *context, const char *certificate_id, site_acme_renewal *done, void *cookie,
                                struct error *err);
};

/* ---- files: certificates that somebody else puts there ---- */

struct site_files_port {
    void *context;
    /* stamp changes when the file does (times, size, inode). STATUS_NOT_FOUND. */
    enum status (*stamp)(void *context, const char *path, uint64_t *out, struct error *err);
    /* read appends the whole file; it may be a private key. */
    enum status (*read)(void *context, const char *path, struct builder *out, struct error *err);
};

/* ---- what is wanted ---- */

struct site_issuer {
    const char *name; /* in the configuration: "gm-ca" */
    struct site_acme_port acme;
};

struct site_wanted {
    enum site_kind kind;             /* once per site */
    const char *key_type;            /* crypto/csr_make.h: "sm2", "p256", ...; NULL: sm2 for gm, p256 for intl */
    const char *const *issuers;      /* names, the preferred one first; none: from files */
    size_t issuer_count;
    const char *chain_file;          /* PEM, properties allowed in front; NULL: from issuers */
    const char *key_file;            /* PEM; NULL: key_uri */
    const char *key_uri, *key_provider; /* handed through: whoever deploys opens it; then key and leaf are not compared */
};

struct site_config {
    const char *name;                /* of the section: also the directory's name */
    const char *const *names;
    size_t name_count;
    const struct site_wanted *wanted;
    size_t wanted_count;
};

/* ---- what is to be deployed ---- */

/* Borrowed for the duration of on_change. */
struct site_credential {
    enum site_kind kind;
    bool is_landmark;        /* relative to a landmark; its standalone form is in the list too */
    bool is_old;             /* a newer one of this kind is in the list */
    struct bytes chain;      /* PEM: leaf, intermediates */
    struct bytes properties; /* CertificatePropertyList as in TLS [TAI 7]; empty: none */
    struct bytes key_pem;    /* empty: key_uri */
    const char *key_uri, *key_provider; /* NULL: key_pem */
    int64_t not_before_s, not_after_s;  /* inclusive both */
    uint64_t generation;     /* of this site and kind: grows; 0 for files */
    const char *ocsp_url;    /* of the leaf's authorityInfoAccess; "": none */
};

struct site_certificates_config {
    struct object_store store;  /* private (0700, 0600); locked by the caller: one process at a time */
    struct clock_port clock;
    struct timer_port timer;
    struct events_port events;
    struct site_files_port files;
    void *context;
    /* on_change gives all that a site is to be served with from now on, the newest of each kind first; count 0:
     * nothing yet, or nothing any more. Called on the loop's thread, also from within the functions below. */
    void (*on_change)(void *context, const char *site, const struct site_credential *credentials, size_t count);
    /* check: can this be deployed? Asked before it takes the place of what is there. NULL: everything can. */
    enum status (*check)(void *context, const struct site_credential *credential, struct error *err);
    /* judge: would the site's clients call it secure? Asked after check, also for a key behind a URI; what it refuses is not
     * deployed, and what is there stays, after a restart too: files that were served before it are not asked about.
     * STATUS_NO_MEMORY is for now. NULL: they would. */
    enum status (*judge)(void *context, const char *site, const struct site_credential *credential, struct error *err);
    /* reopen_store opens the store anew after a failed sync; the old one is not used any more. NULL: nothing is ordered
     * from then on, and a new process is needed. */
    enum status (*reopen_store)(void *context, struct object_store *store, struct error *err);
    unsigned orders_max;        /* under way at a time with one issuer; 0: 8 */
    uint32_t retry_first_s;     /* the pause after a first failure, doubled after each more; 0: 10 */
    uint32_t retry_max_s;       /* the longest such pause; 0: 3600 */
    uint32_t tick_s;            /* everything is looked at anew at least that often: files, the clock; 0: 10 */
};

struct site_certificates;

/* site_certificates_new copies the configuration. There are no sites yet. */
MUST_USE enum status site_certificates_new(const struct site_certificates_config *config,
                                           struct site_certificates **out, struct error *err);

/* site_certificates_stop: from now on nothing is asked, written or told, whatever answers still come: the store may belong
 * to somebody else, who goes on with what was begun. */
void site_certificates_stop(struct site_certificates *sc);

/* site_certificates_free wipes keys, and takes back its timer. What was asked of issuers must not be answered any more: free
 * their clients' fetch port first. NULL is fine. */
void site_certificates_free(struct site_certificates *sc);

/* site_certificates_configure says what is wanted from now on, in all; the configuration is copied. The first call
 * reads what is on disk; on_change is called for each site that has changed, before it returns. At once or a bit later
 * what is missing is ordered. A site that is not there any more is not served and not renewed, its directory stays. An
 * issuer's port that was given before must go on working until what was begun with it has ended.
 *
 * When names are added or changed, or the issuer of the current certificate is not in the list any more, a new one is
 * ordered at once; the old one is served meanwhile while it covers a name of the site. A change of the preferred issuer
 * waits for the next renewal. STATUS_USAGE for names twice, unknown issuers, limits; nothing has changed then. What is
 * damaged on disk is told in status and events, never an error here. */
MUST_USE enum status site_certificates_configure(struct site_certificates *sc, const struct site_config *sites,
                                                 size_t site_count, const struct site_issuer *issuers,
                                                 size_t issuer_count, struct error *err);

/* site_certificates_renew orders a new certificate now; site NULL: for all, kind NULL: all kinds. STATUS_NOT_FOUND.
 * With is_revoked the present one is not served any more from now on: its key may be known to others. */
MUST_USE enum status site_certificates_renew(struct site_certificates *sc, const char *site, const enum site_kind *kind,
                                             bool is_revoked, struct error *err);

/* site_certificates_judge_again says that judge may answer otherwise from now on: files that were refused are looked at again. */
void site_certificates_judge_again(struct site_certificates *sc);

/* ---- for people ---- */

/* Borrowed for the call; texts are never NULL. Times 0: none. */
struct site_status {
    const char *site;
    enum site_kind kind;
    const char *source;        /* "acme", "files" */
    const char *issuer;        /* of the current certificate; before there is one: that is asked */
    const char *serial;        /* hex; of an MTC "LOG/INDEX" */
    int64_t not_before_s, not_after_s;
    const char *landmark;      /* "42", "waiting", "not offered", "" for classic ones */
    const char *state;         /* "none", "ordering" (and nothing is served yet), "deployed", "expired", "revoked",
                                  "other names", "damaged" */
    const char *next_action;   /* "renew", "order", "try again", "landmark", "check file"; "open disk" after a failed one, or
                                  "start again" when that is not possible */
    int64_t next_action_s;
    const char *last_error;    /* "" when the last try succeeded */
    int64_t last_error_s;
    unsigned failures;         /* since the last success */
    unsigned old_count;        /* older ones that are served beside it */
};

/* site_certificates_status calls each for every wanted certificate, by site and kind. */
void site_certificates_status(const struct site_certificates *sc,
                              void (*each)(void *context, const struct site_status *row), void *context);

#endif
