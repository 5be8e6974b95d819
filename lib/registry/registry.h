/* registry.h - what the manager of a root program keeps: text files under version control, one thing a file, with the
 * certificates and keys as PEM beside them. docs/registry.md has every statement; docs/root-program.md says how a program is run
 * with it.
 *
 *   registry.conf                   the program
 *   operators/ID.conf               who runs CAs, logs and mirrors: licences, contacts, big programs that have them
 *   roots/ID.conf + ID.pem          classic roots            intermediates/ID.conf + ID.pem
 *   mtc-cas/ID.conf + ID.pem        Merkle Tree CAs          cosigners/ID.conf + ID.pem
 *   ct-logs/ID.conf + ID.pem        CT logs                  identity-signers/ID.conf + ID.pem
 *   bundle-keys/ID.conf + ID.pem    keys that sign bundles
 *   applications/ID.conf            incidents/ID.conf
 *   policies/root-program.conf      policies/ct-policy.conf  what clients judge by (lib/policy, rules/ct_policy)
 *
 * The seven kinds of folders from roots to bundle-keys hold *things*: a certificate or key, an operator, and for each purpose a
 * history of states with dates and reasons. What is in force at a time is computed from the history, so that a registry can be
 * asked about any day.
 *
 * Pure: the files' contents come in, no disk, no clock. A struct registry owns all that it shows; texts end with NUL and are
 * never NULL ("" is: not said). Times are seconds since the Epoch. A statement's `until` names a day and holds through it, so
 * that the field until_s, which is exclusive, is the next day's beginning.
 */
#ifndef CATHAYA_REGISTRY_REGISTRY_H
#define CATHAYA_REGISTRY_REGISTRY_H

#include "base/array.h"
#include "base/builder.h"
#include "codec/ct/log_list.h"
#include "codec/trust_bundle/trust_bundle.h"
#include "crypto/algorithm.h"

/* The largest public programs have 150 roots and 2,000 intermediates; two files each, and room as in bundles. */
#define REGISTRY_FILES_MAX 20000
/* A policy is the largest; histories of decades are a few KiB. */
#define REGISTRY_FILE_SIZE_MAX ((size_t)1024 * 1024)
#define REGISTRY_SIZE_MAX ((size_t)64 * 1024 * 1024)
#define REGISTRY_LINE_MAX 4096
/* A rule names TRUST_BUNDLE_MEMBERS_PER_RULE_MAX cosigners. */
#define REGISTRY_WORDS_MAX 80
#define REGISTRY_STATEMENTS_MAX 500000
/* More serial numbers than a bundle takes for an anchor; what compares two files looks at all pairs. */
#define REGISTRY_STATEMENTS_PER_FILE_MAX 8192
/* a-z, 0-9, "-", "_", "."; begins with a letter or digit. It is a file name and a word in announcements. */
#define REGISTRY_ID_MAX 63

/* ---- what files hold ---- */

enum registry_kind {
    REGISTRY_PROGRAM = 0,
    REGISTRY_OPERATOR,
    REGISTRY_ROOT, /* things, from here... */
    REGISTRY_INTERMEDIATE,
    REGISTRY_MTC_CA,
    REGISTRY_COSIGNER,
    REGISTRY_CT_LOG,
    REGISTRY_IDENTITY_SIGNER,
    REGISTRY_BUNDLE_KEY, /* ...to here */
    REGISTRY_APPLICATION,
    REGISTRY_INCIDENT
};
#define REGISTRY_KINDS (REGISTRY_INCIDENT + 1)

static inline bool registry_kind_is_thing(enum registry_kind kind)
{
    return kind >= REGISTRY_ROOT && kind <= REGISTRY_BUNDLE_KEY;
}

/* registry_kind_folder is "roots", "ct-logs"...; "" of the program. registry_kind_name is "root", "CT log"...
 * registry_kind_by_folder takes "roots" and is REGISTRY_KINDS for others. */
const char *registry_kind_folder(enum registry_kind kind);
const char *registry_kind_name(enum registry_kind kind);
enum registry_kind registry_kind_by_folder(struct bytes folder);

/* A run of items in one of the registry's pools: [first, first + count). */
struct registry_run {
    size_t first, count;
};

/* A line as it stands in a file: its words without quotes. What diff and the commands work with. */
struct registry_statement {
    unsigned line;
    struct registry_run words; /* in words; the first one is the keyword */
};

/* What every file has. file is "roots/example-r1.conf". */
struct registry_head {
    enum registry_kind kind;
    const char *id;   /* "example-r1"; "" of the program */
    const char *file;
    struct registry_run statements;
};

/* ---- parts ---- */

/* `contact EMAIL ["name"]` */
struct registry_contact {
    const char *email, *name;
    unsigned line;
};

/* The purposes of a statement as bits: 1 << purpose of trust_bundle.h. Bit 0 is "the thing itself", for kinds without purposes. */
typedef uint32_t registry_purposes;
#define REGISTRY_ITSELF 0

/* registry_purpose_name is trust_bundle_purpose_name, and "" for REGISTRY_ITSELF. */
const char *registry_purpose_name(uint16_t purpose);
#define REGISTRY_PURPOSE_MAX TRUST_BUNDLE_E_INVOICE

/* CT logs have the states of log lists (pending ... rejected); all others have these. */
enum registry_state_kind {
    REGISTRY_NO_STATE = 0, /* before the first one */
    REGISTRY_APPLIED,
    REGISTRY_ACCEPTED,
    REGISTRY_RESTRICTED, /* still trusted, with the limits that are written beside it */
    REGISTRY_REFUSED,
    REGISTRY_REMOVED
};
const char *registry_state_name(enum registry_state_kind state);

/* `state PURPOSE[,PURPOSE] accepted 2026-02-01 "reason"`, without purposes for kinds that have none; a history, in the order of the file. */
struct registry_state {
    uint16_t purpose; /* or REGISTRY_ITSELF */
    enum registry_state_kind state;
    enum log_list_state log_state; /* of CT logs, in place of it */
    int64_t since_s;
    const char *reason;
    unsigned line;
};

enum registry_scheme {
    REGISTRY_WEBTRUST_CA = 0, /* Principles and Criteria for Certification Authorities */
    REGISTRY_WEBTRUST_BASELINE, /* SSL baseline with network security */
    REGISTRY_WEBTRUST_EV,
    REGISTRY_WEBTRUST_SMIME,
    REGISTRY_WEBTRUST_CODE,
    REGISTRY_ETSI_LCP, /* EN 319 411-1 from here on */
    REGISTRY_ETSI_NCP,
    REGISTRY_ETSI_NCP_PLUS,
    REGISTRY_ETSI_DVCP,
    REGISTRY_ETSI_OVCP,
    REGISTRY_ETSI_EVCP
};
#define REGISTRY_SCHEMES (REGISTRY_ETSI_EVCP + 1)
const char *registry_scheme_name(enum registry_scheme scheme); /* "webtrust-ca", "etsi-ncp+" ... */

/* `audit SCHEME PURPOSE[,PURPOSE] from DAY until DAY published DAY URL ["auditor"]` */
struct registry_audit {
    enum registry_scheme scheme;
    registry_purposes purposes;
    int64_t from_s, until_s; /* the period */
    int64_t published_s;
    const char *url, *auditor;
    unsigned line;
};

/* `licence miit|sca "number" from DAY until DAY` of an operator */
enum registry_licence_kind { REGISTRY_MIIT = 0, REGISTRY_SCA };
struct registry_licence {
    enum registry_licence_kind kind;
    const char *number;
    int64_t from_s, until_s;
    unsigned line;
};

/* `included microsoft|mozilla|google|apple|aatl from DAY [until DAY] URL`: of an operator (some RSA or ECC root of it) or of this root */
enum registry_program_kind { REGISTRY_MICROSOFT = 0, REGISTRY_MOZILLA, REGISTRY_GOOGLE, REGISTRY_APPLE, REGISTRY_AATL };
struct registry_inclusion {
    enum registry_program_kind program;
    int64_t from_s, until_s; /* until_s: INT64_MAX while it is there */
    const char *url;
    unsigned line;
};

/* `disclosure DAY COUNT URL`: on that day the operator said that the root has so many intermediates, all of them told */
struct registry_disclosure {
    int64_t at_s;
    size_t count;
    const char *url;
    unsigned line;
};

/* `control noticed DAY|never effective DAY "from whom to whom"` */
struct registry_control {
    int64_t noticed_s; /* INT64_MAX: never */
    int64_t effective_s;
    const char *text;
    unsigned line;
};

/* `exception FINDING from DAY until DAY "reason"`: the manager has decided this case; lint shows it and counts it as no error */
struct registry_exception {
    const char *finding; /* its id */
    int64_t from_s, until_s;
    const char *reason;
    unsigned line;
};

/* `revoked FIRST LAST "reason"`: serial numbers, both ends; as big-endian bytes without leading zeros */
struct registry_serials {
    struct bytes first, last;
    const char *reason;
    unsigned line;
};

/* `require signatures|operators N COSIGNER...` of an MTC CA; cosigners by their ID in the registry, in texts */
struct registry_rule {
    enum trust_bundle_rule_kind kind;
    size_t needed;
    struct registry_run members; /* in words: their IDs in the registry */
    unsigned line;
};

/* `minimum-index LOG INDEX "reason"` of an MTC CA */
struct registry_minimum {
    uint16_t log_number;
    uint64_t index;
    unsigned line;
};

/* `previous-operator OPERATOR before TIME` of a CT log, in order of end */
struct registry_previous {
    const char *operator_id;
    int64_t until_s;
    unsigned line;
};

/* ---- the files ---- */

struct registry_program {
    struct registry_head head;
    const char *name_en, *name_zh;
    const char *website;
    struct registry_run contacts; /* in contacts */
    /* `setting NAME NUMBER`: what lint counts with. Not said: the numbers in registry_read_operator.c, with their reasons. */
    unsigned audit_period_days;  /* how long a period may be */
    unsigned audit_report_days;  /* how long after its end the statement may be published */
    unsigned warn_days;          /* how long before a licence, audit or certificate ends lint speaks */
    unsigned report_days;        /* how long after an incident was opened its report may come */
    unsigned disclosure_days;    /* how old a disclosure may be */
    /* What `cathaya trust admit-log` asks of a monitor's report: */
    unsigned log_observed_days;  /* on how many of the 90 days each endpoint was asked */
    unsigned log_uptime;         /* of each endpoint over that time, in hundredths of a percent */
    unsigned log_outage_hours;   /* no outage is so long */
    unsigned log_report_days;    /* how old the report may be */
};

struct registry_operator {
    struct registry_head head;
    const char *name_en, *name_zh, *country /* CN */, *website;
    struct registry_run contacts, licences, inclusions, controls, exceptions;
};

/* A root, intermediate, MTC CA, cosigner, CT log, identity signer or bundle key. Fields of other kinds are zero or "". */
struct registry_thing {
    struct registry_head head;
    const char *name;        /* for people; the ID where the file says nothing */
    const char *operator_id; /* is there: operators/OPERATOR_ID.conf. "" of bundle keys alone */
    struct bytes der;        /* of the PEM: certificate of roots, intermediates and MTC CAs; SubjectPublicKeyInfo of others */
    struct registry_run states;     /* in states */
    struct registry_run audits;     /* in audits; roots, intermediates, MTC CAs */
    struct registry_run exceptions; /* in exceptions */

    /* roots and intermediates */
    const char *issuer_id; /* of an intermediate: a root or an intermediate of the registry */
    bool is_only_listed;   /* `only-listed-intermediates`: the national SM2 root [RP-02] */
    bool is_default;       /* `default-trusted`: an RSA or ECC root that Chromium has (seed 002 section 4) */
    unsigned level_max;    /* 1 to 4; 4: no limit, also when the file says nothing. Of MTC CAs and identity signers too */
    int64_t disclosed_s;   /* of an intermediate; 0: never */
    int64_t distrust_after_s, sct_distrust_after_s; /* 0: none */
    struct registry_run permitted, excluded; /* in words: DNS names */
    struct registry_run serials;             /* in serials; of MTC CAs too */
    struct registry_run inclusions;          /* in inclusions */
    struct registry_run disclosures;         /* in disclosures */
    struct registry_run controls;            /* in controls; of MTC CAs too */
    const char *e_invoice_oid;               /* `e-invoice-oid OID` of a dedicated intermediate */

    /* MTC CAs */
    struct tai tai;                    /* the CA ID; of a cosigner its ID */
    struct registry_run urls;          /* in words: the CA's own, then mirrors */
    struct registry_run rules;         /* in rules */
    struct registry_run minimums;      /* in minimums */

    /* cosigners, identity signers, bundle keys */
    const char *algorithm;             /* "sm2_sm3" */
    enum trust_bundle_cosigner_role role;
    /* A bundle key signs bundles, or checkpoints of the log of versions, which has an origin, under a name. */
    enum trust_bundle_key_role key_role;
    const char *note_name, *origin;

    /* CT logs */
    const struct ct_suite *suite;
    bool is_tiled, is_test;
    const char *submission_url, *monitoring_url;
    int64_t mmd_s;
    bool has_interval;
    int64_t interval_start_s, interval_end_s;
    bool has_final_tree_head;
    uint64_t final_size;
    uint8_t final_root[HASH_SIZE];
    struct registry_run previous; /* in previous */
};

enum registry_document_kind { REGISTRY_DOCUMENT_FORM = 0, REGISTRY_DOCUMENT_CP, REGISTRY_DOCUMENT_CPS, REGISTRY_DOCUMENT_LICENCE,
                              REGISTRY_DOCUMENT_AUDIT, REGISTRY_DOCUMENT_AATL, REGISTRY_DOCUMENT_OTHER };

/* `document form|cp|cps|licence|audit|aatl|other DAY URL-OR-FILE`; `signed-document PURPOSE DAY FILE` has kind OTHER and a purpose */
struct registry_document {
    enum registry_document_kind kind;
    uint16_t purpose; /* of a signed test document, else 0 */
    int64_t at_s;
    const char *where;
    unsigned line;
};

enum registry_test_site_kind { REGISTRY_SITE_GOOD = 0, REGISTRY_SITE_EXPIRED, REGISTRY_SITE_REVOKED };
const char *registry_test_site_name(enum registry_test_site_kind kind); /* "good", "expired", "revoked" */

/* `test-site good|expired|revoked THING URL`: THING is the ID of the root, intermediate or MTC CA that it shows */
struct registry_test_site {
    enum registry_test_site_kind kind;
    const char *thing_id;
    const char *url;
    unsigned line;
};

/* `visit DAY passed|failed URL "what was seen"`: written by `cathaya trust test-sites` */
struct registry_visit {
    int64_t at_s;
    bool is_passed;
    const char *url, *text;
    unsigned line;
};

/* `subject FOLDER/ID PURPOSE[,PURPOSE]`: what an application, or an incident, is about */
struct registry_subject {
    enum registry_kind kind;
    const char *id;
    registry_purposes purposes; /* 0: not said */
    unsigned line;
};

/* `step WORD DAY "text"`: of an application received, reviewing, discussion, accepted, refused, withdrawn; of an incident opened,
 * report, update, closed */
enum registry_step_kind { REGISTRY_STEP_RECEIVED = 0, REGISTRY_STEP_REVIEWING, REGISTRY_STEP_DISCUSSION, REGISTRY_STEP_ACCEPTED,
                          REGISTRY_STEP_REFUSED, REGISTRY_STEP_WITHDRAWN, REGISTRY_STEP_OPENED, REGISTRY_STEP_REPORT,
                          REGISTRY_STEP_UPDATE, REGISTRY_STEP_CLOSED };
const char *registry_step_name(enum registry_step_kind step);
struct registry_step {
    enum registry_step_kind step;
    int64_t at_s;
    const char *text; /* a report's: its URL and what it says */
    unsigned line;
};

/* An application or an incident. */
struct registry_case {
    struct registry_head head;
    const char *title;
    const char *operator_id;
    struct registry_run subjects, steps, documents, test_sites, visits, exceptions;
};

struct registry {
    struct registry_program program;
    struct array operators;    /* struct registry_operator; these four in order of kind, then ID */
    struct array things;       /* struct registry_thing */
    struct array applications; /* struct registry_case */
    struct array incidents;    /* struct registry_case */
    struct bytes policy_text, ct_policy_text; /* the files of policies/, as they stand */
    /* pools */
    struct array words; /* const char * */
    struct array statements, contacts, states, audits, licences, inclusions, disclosures, controls, exceptions, serials, rules,
        minimums, previous, documents, test_sites, visits, subjects, steps;
    struct array memory; /* what all texts stand in: void * */
};

/* registry_parse_day reads a day, "2026-02-01", or a time of RFC 3339; is_through: of a day its end. False for anything else, and for
 * what is not behind the Epoch: 0 is "none" in a registry and in a bundle. */
MUST_USE bool registry_parse_day(struct bytes text, bool is_through, int64_t *out);

/* ---- reading ---- */

struct registry_file {
    struct bytes name; /* "roots/example-r1.pem", with "/" */
    struct bytes content;
};

/* registry_read reads all files of a registry, in any order; *out is for registry_free. STATUS_USAGE with file and line at the first that
 * is wrong: a statement, a certificate that cannot be read, a thing without PEM or a PEM without thing, an ID that another
 * file names and that is not there, a file whose place nobody knows. STATUS_LIMIT above the numbers here. What was
 * understood is not judged: that is registry_lint's. algorithms is used while reading. */
MUST_USE enum status registry_read(const struct registry_file *files, size_t count, const struct algorithms *algorithms,
                                   struct registry **out, struct error *err);
void registry_free(struct registry *registry);

/* registry_has_file: is it a name that registry_read takes? For who walks a directory, and leaves others (README.md, .git,
 * documents/) where they are. */
bool registry_has_file(struct bytes name);

/* ---- asking ---- */

static inline const struct registry_thing *registry_thing_at(const struct registry *r, size_t i)
{
    return (const struct registry_thing *)array_at(&r->things, i);
}
static inline const struct registry_operator *registry_operator_at(const struct registry *r, size_t i)
{
    return (const struct registry_operator *)array_at(&r->operators, i);
}
static inline const struct registry_case *registry_application_at(const struct registry *r, size_t i)
{
    return (const struct registry_case *)array_at(&r->applications, i);
}
static inline const struct registry_case *registry_incident_at(const struct registry *r, size_t i)
{
    return (const struct registry_case *)array_at(&r->incidents, i);
}
static inline const char *registry_word(const struct registry *r, struct registry_run run, size_t i)
{
    return *(const char *const *)array_at(&r->words, run.first + i);
}
/* REGISTRY_PART(r, audits, thing->audits, i) is number i of a run: const struct registry_audit *. */
#define REGISTRY_PART(registry, type, pool, run, i) ((const struct registry_##type *)array_at(&(registry)->pool, (run).first + (i)))

/* registry_find_*: by ID; NULL when there is none. */
const struct registry_thing *registry_find_thing(const struct registry *registry, enum registry_kind kind, const char *id);
const struct registry_operator *registry_find_operator(const struct registry *registry, const char *id);
/* registry_find_certificate is the root, intermediate or MTC CA of that ID. */
const struct registry_thing *registry_find_certificate(const struct registry *registry, const char *id);

/* registry_operator_name is the English name of who runs the thing; registry_operator_of, all of him (NULL of bundle keys). */
const char *registry_operator_name(const struct registry *registry, const struct registry_thing *thing);
const struct registry_operator *registry_operator_of(const struct registry *registry, const struct registry_thing *thing);

/* registry_state_at is the state in force at that time for a purpose (REGISTRY_ITSELF of kinds without purposes): the last in
 * the file whose date has come; NULL before the first. registry_is_trusted: is it accepted or restricted then? Of a CT log:
 * it has any state. */
const struct registry_state *registry_state_at(const struct registry *registry, const struct registry_thing *thing,
                                               uint16_t purpose, int64_t at_s);
bool registry_is_trusted(const struct registry *registry, const struct registry_thing *thing, uint16_t purpose, int64_t at_s);

/* registry_purposes_at is all that it is trusted for then; count 0: for nothing. */
void registry_purposes_at(const struct registry *registry, const struct registry_thing *thing, int64_t at_s,
                          struct trust_bundle_purposes *out);

/* registry_is_sm2: is the thing's key an SM2 key? */
bool registry_is_sm2(const struct registry_thing *thing);

#endif
