/* judging_basis.h - what certificates are judged by: who is trusted, the policy, the logs, and what is public of names. Filled by the
 * options of a command or by a configuration, then never changed: threads share it, and a running program makes a new one.
 *
 * The policy is, in that order: the one of a file that is named, the one of the trust directory (docs/trust-bundle.md, section 7),
 * the one that is built in. Without a trust, paths, SCTs and cosigners are not looked at, and the rules about them say so.
 */
#ifndef CATHAYA_PROGRAM_JUDGING_JUDGING_BASIS_H
#define CATHAYA_PROGRAM_JUDGING_JUDGING_BASIS_H

#include "judging/judging_options.h"
#include "judging/public_names.h"
#include "policy/policy.h"
#include "tls/peer_trust.h"
#include "trust/trust_directory.h"

struct judging_basis {
    struct algorithms *algorithms;
    struct trust_directory *directory; /* NULL: none */
    struct trust_store *store;         /* without a directory: what is added by hand */
    struct peer_trust *peer;
    bool has_trust;                    /* peer knows somebody; otherwise only the leaf is judged */
    struct policy_set *set;            /* NULL until judging_basis_take_policy */
    bool is_built_in;
    const char *labels[JUDGING_LABELS_MAX]; /* borrowed */
    struct public_names *public_names;
    struct policy_names names;
};

/* judging_basis_new makes one that trusts nobody. algorithms_file: --algorithms, or NULL. judging_basis_free takes it back (NULL is
 * fine). */
MUST_USE enum status judging_basis_new(const char *algorithms_file, struct judging_basis **out, struct error *err);
void judging_basis_free(struct judging_basis *basis);

/* judging_basis_take_directory trusts what a trust directory has, as trust_directory_load reads it at that time. Nothing may have
 * been added by hand. purpose: of Merkle Tree CAs (enum trust_bundle_purpose; TLS: servers of both kinds); 0: of all, and the path says
 * who is for something else. */
MUST_USE enum status judging_basis_take_directory(struct judging_basis *basis, const char *path, int64_t at_s, uint16_t purpose,
                                                  struct error *err);

/* judging_basis_take_log_list adds the CT logs of a file in place of those of the directory. */
MUST_USE enum status judging_basis_take_log_list(struct judging_basis *basis, const char *path, struct error *err);

/* judging_basis_take_policy reads the policy; path NULL: by the order above; ct_path NULL with a path: the CT policies that are
 * built in. After judging_basis_take_directory. */
MUST_USE enum status judging_basis_take_policy(struct judging_basis *basis, const char *path, const char *ct_path, struct error *err);

/* judging_basis_take_names loads the public suffix list, with labels that count as public; they are borrowed for the basis' life. */
MUST_USE enum status judging_basis_take_names(struct judging_basis *basis, const char *const *labels, size_t count, struct error *err);

/* judging_basis_take_options is that for the values of --public-label. */
MUST_USE enum status judging_basis_take_options(struct judging_basis *basis, const struct options *options, struct error *err);

#endif
