/* classic_directory.h - a CA of directly signed certificates on disk (docs/operations.md).
 *
 *   classic.conf      settings, for people
 *   root.pem          the root certificate, to give away
 *   issuing.pem       the issuing CA's certificate, which follows the leaf in every chain
 *   keys/root.pem     the root's private key: needed for new issuing CAs only; keep it elsewhere
 *   keys/issuing.pem  the issuing CA's private key
 *   ca.db             what was issued and revoked
 *   public/           root.cer, issuing.cer, root.crl, crl/: what the certificates' URLs point to
 */
#ifndef CATHAYA_PROGRAMS_CLASSIC_CLASSIC_DIRECTORY_H
#define CATHAYA_PROGRAMS_CLASSIC_CLASSIC_DIRECTORY_H

#include "adapters/sqlite/sqlite_ca_store.h"
#include "key_file.h"
#include "service/classic_issuer/classic_issuer.h"

#define CLASSIC_DIRECTORY_PATH_MAX 4096

struct classic_settings {
    bool is_gm, is_intranet;
    char algorithm[ALGORITHM_NAME_MAX + 1];
    /* Where the issuing CA's key is, as key_file.h names keys; "": keys/issuing.pem. */
    char key[KEY_FILE_NAME_MAX + 1], key_provider[KEY_FILE_NAME_MAX + 1];
    char organisation[CLASSIC_NAME_MAX + 1];
    char url[CLASSIC_URL_MAX + 1]; /* below it: root.cer, issuing.cer, crl/; http, no '/' at its end */
};

/* The issuing side, opened. */
struct classic_directory {
    char path[CLASSIC_DIRECTORY_PATH_MAX];
    struct classic_settings settings;
    struct builder root, issuing; /* DER */
    struct builder chain;         /* PEM of the issuing CA */
    struct service_key key;       /* the issuing CA's */
    int64_t not_after_s;          /* of the issuing CA */
    struct sqlite_ca_store *store;
};

/* classic_directory_create makes root, issuing CA and settings in path, which must not exist or be empty. */
MUST_USE enum status classic_directory_create(const char *path,
                                              const struct classic_settings *settings,
                                              const struct algorithms *algorithms, int64_t now_s,
                                              struct error *err);

/* classic_directory_read reads settings and certificates: no key, no database. */
MUST_USE enum status classic_directory_read(struct classic_directory *dir, const char *path, struct error *err);

/* classic_directory_open opens the issuing CA for writing; needs no key of the root. algorithms must
 * outlive it. After either, classic_directory_close must follow also after a failure; dir is to be zeroed before. */
MUST_USE enum status classic_directory_open(struct classic_directory *dir, const char *path,
                                            const struct algorithms *algorithms, struct error *err);
void classic_directory_close(struct classic_directory *dir);

/* classic_directory_check reads everything but the database, which a running service has open. */
MUST_USE enum status classic_directory_check(const char *path, const struct algorithms *algorithms, struct error *err);

#endif
