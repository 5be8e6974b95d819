/* classic_root.h - what a root of directly signed certificates goes on doing: the list of revoked issuing CAs. */
#ifndef CATHAYA_PROGRAMS_CLASSIC_CLASSIC_ROOT_H
#define CATHAYA_PROGRAMS_CLASSIC_CLASSIC_ROOT_H

#include "classic/classic_directory.h"
#include "codec/x509/crl.h"

#define CLASSIC_ROOT_CRL "public/root.crl"

/* [BR 4.9.7]: lists of issuing CAs may be a year old. */
#define CLASSIC_ROOT_CRL_LIFETIME_S ((int64_t)365 * 86400)

/* classic_root_put_crl makes a list with these entries and writes it as DIRECTORY/public/root.crl. */
MUST_USE enum status classic_root_put_crl(const char *directory, const struct classic_authority *root,
                                          const struct crl_entry *entries, size_t entry_count, uint64_t number,
                                          int64_t this_update_s, struct error *err);

/* What classic_root_renew_crl has made. */
struct classic_root_crl {
    uint64_t number;
    int64_t next_update_s;
    size_t entry_count;
};

/* classic_root_renew_crl signs the list anew, with the entries of the one that is there and a larger number; the
 * number of one that is lost is made up from the clock, above all that it can have had. dir was given by
 * classic_directory_read. key: where the root's key is; NULL for keys/root.pem. STATUS_USAGE when that is not the key
 * of root.pem, or the clock is behind the list's; STATUS_CONFLICT when the list is not this root's. */
MUST_USE enum status classic_root_renew_crl(const struct classic_directory *dir, const struct key_name *key,
                                            const struct algorithms *algorithms, int64_t now_s,
                                            struct classic_root_crl *out, struct error *err);

#endif
