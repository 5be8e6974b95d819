/* notification.h - what a monitor tells people: one value, and how each action shows it.
 *
 * JSON, one object: "id" (hex; equal for what is told again), "event", "time", "log" and "log_url" (null in a test), "text" (one sentence),
 * and as far as they are known "index", "entry_type", "timestamp", "watch" (list), "names" (list), "subject", "issuer",
 * "serial", "not_before", "not_after", "sha256" (of the certificate), "tbs_sha256", "certificate" (file), "severity",
 * "evidence" (file). Events: certificate, ca-certificate, unreadable, unknown-entry, suppressed, finding, identity, test. Of an
 * identity: "names" (the domain), "subject" (the organisation), "registration", "level", "scope", "signer".
 */
#ifndef CATHAYA_SERVICE_MONITOR_NOTIFICATION_H
#define CATHAYA_SERVICE_MONITOR_NOTIFICATION_H

#include "base/builder.h"
#include "crypto/hash.h"
#include "rules/log_finding.h"

#define NOTIFICATION_ID_SIZE 32
/* A thousand names of 255 bytes each would be larger: they are cut, and say so. */
#define NOTIFICATION_JSON_MAX ((size_t)64 * 1024)
#define NOTIFICATION_NAMES_MAX 100

enum notification_event {
    NOTIFICATION_CERTIFICATE,
    NOTIFICATION_CA_CERTIFICATE,
    NOTIFICATION_UNREADABLE,
    NOTIFICATION_UNKNOWN_ENTRY,
    NOTIFICATION_SUPPRESSED,
    NOTIFICATION_FINDING,
    NOTIFICATION_IDENTITY,
    NOTIFICATION_TEST
};
#define NOTIFICATION_EVENTS 8

/* One field of the JSON; value NULL: none. */
struct notification_field {
    const char *name, *value;
};
#define NOTIFICATION_FIELDS_MAX 16

/* What a notification is made of; copied. */
struct notification_parts {
    enum notification_event event;
    int64_t now_ms, expires_s;      /* expires_s 0: a year from now */
    const char *log, *url, *text;
    bool has_index;
    uint64_t index;
    struct notification_field fields[NOTIFICATION_FIELDS_MAX];
    const char *watch[32];
    size_t watch_count;
    const struct bytes *names;      /* the first NOTIFICATION_NAMES_MAX are told, and how many there are */
    size_t name_count;
    const struct bytes *identity;   /* what makes its id */
    size_t identity_count;
    struct bytes attachment;
};

struct notification {
    uint8_t id[NOTIFICATION_ID_SIZE];
    enum notification_event event;
    int64_t expires_s;      /* nothing is told again before; the certificate's notAfter, or a year from now */
    char *json;             /* owned, NUL-terminated, one line without its LF */
    uint8_t *attachment;    /* owned: the entry or evidence, to be kept in a file; NULL: none */
    size_t attachment_len;
};

/* notification_new makes one. STATUS_NO_MEMORY. */
MUST_USE enum status notification_new(const struct notification_parts *parts, struct notification **out, struct error *err);
void notification_free(struct notification *n);

/* notification_event_name is the word of the JSON. */
const char *notification_event_name(enum notification_event event);

/* notification_file_name is where the attachment is kept below the state directory: "certificates/ID.der" or
 * "evidence/ID.txt". */
#define NOTIFICATION_FILE_SIZE 96
void notification_file_name(enum notification_event event, const uint8_t id[NOTIFICATION_ID_SIZE],
                            char out[NOTIFICATION_FILE_SIZE]);

/* notification_new_test is what `cathaya monitor test` sends. seed makes its id: equal seeds are one notification. */
MUST_USE enum status notification_new_test(int64_t now_ms, const char *seed, struct notification **out, struct error *err);

/* notification_new_finding tells what a log did. Equal ones are one: the same words of a lie; of a state (stale, unreachable) the
 * same log, source and day. */
MUST_USE enum status notification_new_finding(const struct log_finding *finding, const char *url, struct notification **out,
                                              struct error *err);

/* notification_new_suppressed tells that odd entries (unreadable, unknown, of CAs) of a log are not told one by one from `first` on, for
 * the rest of this hour. One for each log and hour. */
MUST_USE enum status notification_new_suppressed(const char *log, const char *url, uint64_t first, int64_t now_ms,
                                                 struct notification **out, struct error *err);

/* notification_text_write_mail appends the whole message, headers first, for a sendmail program. STATUS_MALFORMED when json
 * is none of ours. */
MUST_USE enum status notification_text_write_mail(const char *json, const char *to, struct builder *out, struct error *err);

/* notification_text_write_environment appends "NAME=VALUE" strings, each ended by NUL, for a hook program: EVENT, ID, TEXT,
 * LOG, LOG_URL, LOG_INDEX, WATCH_ITEM (the first), WATCH_ITEMS, DNS_NAMES, SUBJECT, ISSUER, SERIAL, NOT_BEFORE, NOT_AFTER,
 * CERT_SHA256, TBS_SHA256, FILE, JSON, with CATHAYA_ before each. No value has control characters. */
MUST_USE enum status notification_text_write_environment(const char *json, const char *directory, struct builder *out,
                                                    struct error *err);

#endif
