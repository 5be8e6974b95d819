/* tlog_policy.h - which cosignatures make a checkpoint good: C2SP tlog-policy files.
 *
 *   log VKEY [URL]
 *   witness NAME VKEY [URL]
 *   group NAME all|any|K MEMBER...
 *   quorum NAME|none
 *
 * One statement a line, each line ended by LF; items separated by spaces and tabs alone; empty lines and
 * lines that begin with # are ignored. Octets are 09, 0A, 20-7E and 80-FF. A name is defined once, before
 * it is used, and is a member of at most one group; one quorum line, which may stand anywhere after what
 * it names. Two keys that are equal are duplicates whatever they are called.
 */
#ifndef CATHAYA_RULES_TLOG_POLICY_H
#define CATHAYA_RULES_TLOG_POLICY_H

#include "codec/note/vkey.h"

/* C2SP asks for 32 of each; a large network may have more witnesses. */
#define TLOG_POLICY_LOGS_MAX 64
#define TLOG_POLICY_WITNESSES_MAX 64
#define TLOG_POLICY_GROUPS_MAX 64
#define TLOG_POLICY_NAME_MAX 255
#define TLOG_POLICY_URL_MAX 512
/* 128 keys of ML-DSA-87, in base64. */
#define TLOG_POLICY_SIZE_MAX ((size_t)1024 * 1024)

struct tlog_policy_party {
    struct vkey vkey;
    char url[TLOG_POLICY_URL_MAX + 1]; /* "" for none */
};

struct tlog_policy;

/* tlog_policy_read reads a whole file: STATUS_USAGE (or STATUS_NO_MEMORY) with the line, STATUS_LIMIT for
 * more of something than above. algorithms must outlive the policy. */
MUST_USE enum status tlog_policy_read(struct bytes text, const struct algorithms *algorithms,
                                      struct tlog_policy **out, struct error *err);
void tlog_policy_free(struct tlog_policy *policy);

size_t tlog_policy_log_count(const struct tlog_policy *policy);
size_t tlog_policy_witness_count(const struct tlog_policy *policy);
/* Borrowed; in the order of the file. */
const struct tlog_policy_party *tlog_policy_log(const struct tlog_policy *policy, size_t i);
const struct tlog_policy_party *tlog_policy_witness(const struct tlog_policy *policy, size_t i);

/* tlog_policy_is_met: do the cosigners whose key names are given (oid/1.3.6.1.4.1.32473.5), each of which
 * has signed with the key that the policy has for it, make the quorum? Names the policy does not know, and
 * repeated ones, do not count. */
bool tlog_policy_is_met(const struct tlog_policy *policy, const char *const *key_names, size_t count);

/* tlog_policy_is_met_by is the same for keys: for who holds signatures and no names. */
bool tlog_policy_is_met_by(const struct tlog_policy *policy, const struct public_key *const *keys,
                           size_t count);

#endif
