/* cathaya/tls_server.h - the server's side of TLS for sites with GM and international certificates, Merkle Tree and
 * directly signed ones, over a descriptor of the caller; and the choice of a certificate alone, for servers that
 * have a TLS of their own.
 *
 * In libcathaya-tls. TLS 1.3, and TLS 1.2 for clients that are not GM. Nothing waits: the connection functions of
 * cathaya/tls.h (handshake, read, write, close, reason) are for both sides. The process has to ignore SIGPIPE.
 *
 * Use: load a cathaya_tls_credential for each certificate; put them into a cathaya_tls_sites; make a
 * cathaya_tls_server for each thread; for each connection cathaya_tls_accept, then cathaya_tls_handshake until
 * CATHAYA_TLS_DONE, cathaya_tls_server_report, then read and write. After a renewal: new sites, and
 * cathaya_tls_server_set_sites in each thread.
 *
 * Threads: credentials, sites and candidates are immutable once made, and any number of threads share them.
 * A server with its connections belongs to one thread; ticket keys to one thread at a time.
 *
 * Ownership: pointers that are given are borrowed for the call, except where it says "keeps". What is kept is
 * counted: each may free his own at once. *out is NULL after a failure.
 */
#ifndef CATHAYA_TLS_SERVER_H
#define CATHAYA_TLS_SERVER_H

#include <cathaya/tls.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a certificate with its key ---- */

/* What a credential is, best first: GM is one with an SM2 key, which TLS uses with SM4 and curveSM2 and nothing else
 * [RFC8998]; landmark and standalone are Merkle Tree Certificates. */
enum cathaya_tls_kind {
    CATHAYA_TLS_KIND_NONE = 0,
    CATHAYA_TLS_KIND_GM_LANDMARK = 1,
    CATHAYA_TLS_KIND_GM_STANDALONE = 2,
    CATHAYA_TLS_KIND_GM_CLASSIC = 3,
    CATHAYA_TLS_KIND_INTL_LANDMARK = 4,
    CATHAYA_TLS_KIND_INTL_STANDALONE = 5,
    CATHAYA_TLS_KIND_INTL_CLASSIC = 6
};

/* cathaya_tls_kind_name is "gm-landmark", "gm-standalone", "gm-classic", "intl-landmark"...; "" for NONE. */
CATHAYA_API const char *cathaya_tls_kind_name(enum cathaya_tls_kind kind);

struct cathaya_tls_credential;

/* Zero it, then fill it. chain_pem has the leaf first; CERTIFICATE PROPERTIES may stand before it, as ACME's
 * application/pem-certificate-chain-with-properties has them. A Merkle Tree Certificate needs its properties. */
struct cathaya_tls_credential_settings {
    const char *chain_pem;
    size_t chain_pem_len;
    const char *key_pem;        /* PKCS#8, not encrypted; or */
    size_t key_pem_len;
    const char *key_uri;        /* a URI of OpenSSL's store, of a provider that is loaded */
    const char *key_provider;   /* NULL or "": none is loaded */
    const uint8_t *properties;  /* a CertificatePropertyList, where it is not in chain_pem */
    size_t properties_len;
    const uint8_t *ocsp;        /* an OCSP response in DER to staple */
    size_t ocsp_len;
    const uint8_t *sct_list;    /* a SignedCertificateTimestampList for the TLS extension */
    size_t sct_list_len;
    int64_t at;                 /* seconds since the Epoch: is the OCSP response current? */
};

/* cathaya_tls_credential_new: CATHAYA_USAGE for what cannot be read or does not belong together. An expired
 * certificate is fine: it is never chosen. With a key_uri not thread-safe against anything else in the library.
 * cathaya_tls_credential_free takes it back; sites that have it go on (NULL is fine). */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_tls_credential_new(const struct cathaya_tls_credential_settings *settings, struct cathaya_tls_credential **out,
                           struct cathaya_error *err);
CATHAYA_API void cathaya_tls_credential_free(struct cathaya_tls_credential *credential);

/* cathaya_tls_credential_with_ocsp makes the same credential with another OCSP response (none: NULL, 0).
 * CATHAYA_REFUSED when it says that the certificate is revoked, CATHAYA_USAGE when it is not to be stapled. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_tls_credential_with_ocsp(const struct cathaya_tls_credential *credential, const uint8_t *ocsp, size_t ocsp_len,
                                 int64_t at, struct cathaya_tls_credential **out, struct cathaya_error *err);

#define CATHAYA_TLS_KEY_TYPE_SIZE 64

struct cathaya_tls_credential_facts {
    enum cathaya_tls_kind kind;
    char key_type[CATHAYA_TLS_KEY_TYPE_SIZE]; /* for people: "SM2", "P-256" */
    char trust_anchor[CATHAYA_ID_SIZE];       /* "": none */
    int64_t not_before, not_after;
    size_t chain_count, chain_size;           /* certificates that are sent, and their bytes */
    size_t name_count;                        /* DNS names and addresses in the leaf */
    uint8_t fingerprint[CATHAYA_HASH_SIZE];   /* SHA-256 of the leaf */
    int has_scts, has_ocsp;
};

CATHAYA_API void cathaya_tls_credential_describe(const struct cathaya_tls_credential *credential,
                                                 struct cathaya_tls_credential_facts *out);

/* ---- sites ---- */

/* What a site does with its Merkle Tree Certificates. */
enum cathaya_tls_stage {
    CATHAYA_TLS_STAGE_CLASSIC = 0,    /* none is served */
    CATHAYA_TLS_STAGE_STANDALONE = 1, /* landmark-relative ones wait */
    CATHAYA_TLS_STAGE_LANDMARK = 2    /* landmark-relative ones are preferred */
};

/* Zero it, then fill it. */
struct cathaya_tls_site {
    const char *const *names;  /* "www.example.com", "*.example.com", or an address as text */
    size_t name_count;
    struct cathaya_tls_credential *const *credentials; /* kept; at most 16 */
    size_t credential_count;
    enum cathaya_tls_stage stage;
    int is_default;            /* for clients without SNI, or of a name that nobody has; one at most */
    int is_mtc_without_trust_anchors; /* standalone MTCs go to clients that do not ask for them, too */
    int is_ticketless;         /* no session tickets */
    const char *const *alpn;   /* "h2", "http/1.1": best first; at most 4. None: the extension is not answered */
    size_t alpn_count;
    size_t index;              /* your own number of it, handed back in reports */
};

/* A certificate that answers tls-alpn-01 for a name: for clients that offer "acme-tls/1" alone [RFC8737]. */
struct cathaya_tls_challenge {
    const char *name;
    struct cathaya_tls_credential *credential; /* kept */
};

struct cathaya_tls_sites;

/* cathaya_tls_sites_new: CATHAYA_CONFLICT for a name that two sites have, or two defaults; CATHAYA_USAGE for what is
 * no name; CATHAYA_LIMIT. cathaya_tls_sites_free: servers that have them go on (NULL is fine). */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_tls_sites_new(const struct cathaya_tls_site *sites, size_t site_count,
                      const struct cathaya_tls_challenge *challenges, size_t challenge_count,
                      struct cathaya_tls_sites **out, struct cathaya_error *err);
CATHAYA_API void cathaya_tls_sites_free(struct cathaya_tls_sites *sites);

/* cathaya_tls_sites_find is not 0 when a site has the name, by itself or by default: for requests, whose Host is
 * another than the handshake's SNI. */
CATHAYA_API CATHAYA_MUST_USE int cathaya_tls_sites_find(const struct cathaya_tls_sites *sites, const char *name,
                                                        size_t *index);

/* ---- ticket keys ---- */

#define CATHAYA_TLS_TICKET_KEY_SIZE 80

struct cathaya_tls_ticket_keys;

/* cathaya_tls_ticket_keys_new makes one random key. cathaya_tls_ticket_keys_rotate puts a new random one in front, which
 * makes tickets from then on; the two before it still open theirs. cathaya_tls_ticket_keys_add puts yours in
 * front (16 bytes name, 32 AES, 32 HMAC, all random), where several processes or machines share tickets.
 * _free wipes. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status cathaya_tls_ticket_keys_new(struct cathaya_tls_ticket_keys **out,
                                                                             struct cathaya_error *err);
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status cathaya_tls_ticket_keys_rotate(struct cathaya_tls_ticket_keys *keys,
                                                                                struct cathaya_error *err);
CATHAYA_API void cathaya_tls_ticket_keys_add(struct cathaya_tls_ticket_keys *keys,
                                             const uint8_t key[CATHAYA_TLS_TICKET_KEY_SIZE]);
CATHAYA_API void cathaya_tls_ticket_keys_free(struct cathaya_tls_ticket_keys *keys);

/* ---- the server ---- */

struct cathaya_tls_server;

/* Zero it, then fill it. */
struct cathaya_tls_server_settings {
    int64_t (*now)(void *context); /* seconds since the Epoch: your clock; required */
    void *context;
    const struct cathaya_tls_ticket_keys *ticket_keys; /* copied; NULL: no tickets */
    uint16_t trust_anchors_type;   /* code point of the trust_anchors extension; 0: the one in use now */
};

/* cathaya_tls_server_new keeps sites, which may be NULL: then every handshake fails until there are some.
 * cathaya_tls_server_free: open connections keep what they need (NULL is fine). */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_tls_server_new(const struct cathaya_tls_server_settings *settings, struct cathaya_tls_sites *sites,
                       struct cathaya_tls_server **out, struct cathaya_error *err);
CATHAYA_API void cathaya_tls_server_free(struct cathaya_tls_server *server);

/* cathaya_tls_server_set_sites, while it serves: for handshakes whose ClientHello has not come yet; the others go on
 * with what they have. Keeps sites. cathaya_tls_server_set_ticket_keys copies keys; NULL: no tickets. */
CATHAYA_API void cathaya_tls_server_set_sites(struct cathaya_tls_server *server, struct cathaya_tls_sites *sites);
CATHAYA_API void cathaya_tls_server_set_ticket_keys(struct cathaya_tls_server *server,
                                                    const struct cathaya_tls_ticket_keys *keys);

/* cathaya_tls_accept begins TLS on a non-blocking descriptor that was accepted, which stays the caller's. All else is
 * as with cathaya_tls_connect; cathaya_tls_report, _retry_anchor and _session have nothing to say of it. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status cathaya_tls_accept(struct cathaya_tls_server *server, int fd,
                                                                    struct cathaya_tls **out,
                                                                    struct cathaya_error *err);

#define CATHAYA_TLS_SERVER_NAME_SIZE 256
#define CATHAYA_TLS_WHY_SIZE 128

/* What a handshake came to, done or failed. Strings are NUL-terminated, empty when there is none. */
struct cathaya_tls_server_report {
    int is_done;
    int has_site;
    size_t site;                  /* its index */
    int is_acme_challenge;        /* tls-alpn-01: close it, nothing else may go over this connection */
    enum cathaya_tls_kind kind;   /* of a resumed session: the kind that it began with */
    char failure[CATHAYA_TLS_NAME_SIZE]; /* short, for counters: "unknown_name"; "" when it did not fail */
    char why[CATHAYA_TLS_WHY_SIZE];      /* the reason of the choice */
    char version[CATHAYA_TLS_NAME_SIZE], group[CATHAYA_TLS_NAME_SIZE], suite[CATHAYA_TLS_NAME_SIZE];
    char signature[CATHAYA_TLS_NAME_SIZE];
    char server_name[CATHAYA_TLS_SERVER_NAME_SIZE]; /* as the client sent it */
    char alpn[CATHAYA_TLS_NAME_SIZE];
    int is_resumed, is_hello_retried;
    int has_trust_anchors;        /* the client asked with the extension */
    int is_anchor_confirmed;      /* the chain is for one of the IDs that it asked for */
    int is_stapled;
    size_t client_hello_size, server_flight_size;
    int64_t certificate_until;    /* last second of the leaf; 0: none */
};

CATHAYA_API void cathaya_tls_server_report(const struct cathaya_tls *connection, struct cathaya_tls_server_report *out);

/* ---- the choice alone, for servers with a TLS of their own ---- */

#define CATHAYA_TLS_CANDIDATES_MAX 64
#define CATHAYA_TLS_SUITES_MAX 8
#define CATHAYA_TLS_AVAILABLE_SIZE 2176
/* A ClientHello as it came: TLS records from the first byte, or the handshake message alone. Longer ones are refused. */
#define CATHAYA_TLS_HELLO_SIZE_MAX 131396

struct cathaya_tls_candidate;

/* cathaya_tls_candidate_new reads a chain like that of a credential; no key is needed. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_tls_candidate_new(const char *chain_pem, size_t chain_pem_len, const uint8_t *properties, size_t properties_len,
                          struct cathaya_tls_candidate **out, struct cathaya_error *err);
CATHAYA_API void cathaya_tls_candidate_free(struct cathaya_tls_candidate *candidate);
CATHAYA_API enum cathaya_tls_kind cathaya_tls_candidate_kind(const struct cathaya_tls_candidate *candidate);

/* Zero it, then fill it. */
struct cathaya_tls_choice_settings {
    enum cathaya_tls_stage stage;
    int64_t at;                       /* seconds since the Epoch */
    int is_mtc_without_trust_anchors;
    uint16_t trust_anchors_type;      /* 0: the one in use now */
};

struct cathaya_tls_choice {
    size_t index;             /* of the candidate */
    enum cathaya_tls_kind kind;
    int is_tls13;             /* 0: TLS 1.2 */
    uint16_t suites[CATHAYA_TLS_SUITES_MAX]; /* restrict the connection to these... */
    size_t suite_count;
    uint16_t group;           /* ...to this group... */
    uint16_t signature_scheme; /* ...and to this signature, or the pairing of RFC 8998 is lost */
    char group_name[CATHAYA_TLS_NAME_SIZE], signature_name[CATHAYA_TLS_NAME_SIZE];
    int is_retry_needed;      /* the client sent no key share for the group: HelloRetryRequest */
    int is_anchor_matched;    /* send the empty trust_anchors extension in Certificate */
    uint8_t available[CATHAYA_TLS_AVAILABLE_SIZE]; /* contents of trust_anchors in EncryptedExtensions; 0 bytes: none */
    size_t available_len;
    size_t candidate_count;
    const char *why[CATHAYA_TLS_CANDIDATES_MAX]; /* for each candidate: why, or why not; constant texts */
};

/* cathaya_tls_choose decides which candidate this client gets: a pure function. CATHAYA_REFUSED when it gets none
 * (handshake_failure; out->why says why), CATHAYA_MALFORMED (decode_error), CATHAYA_LIMIT. The second
 * ClientHello of a retried handshake gets the same answer. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_tls_choose(const struct cathaya_tls_candidate *const *candidates, size_t count, const uint8_t *hello,
                   size_t hello_len, const struct cathaya_tls_choice_settings *settings, struct cathaya_tls_choice *out,
                   struct cathaya_error *err);

/* cathaya_tls_hello_is_incomplete is not 0 when the ClientHello is good so far: bring more bytes. */
CATHAYA_API CATHAYA_MUST_USE int cathaya_tls_hello_is_incomplete(const uint8_t *hello, size_t hello_len);

/* cathaya_tls_hello_name gives the server name of a ClientHello as it was sent, "" when there is none: whose
 * candidates to choose among. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status cathaya_tls_hello_name(const uint8_t *hello, size_t hello_len,
                                                                        char out[CATHAYA_TLS_SERVER_NAME_SIZE],
                                                                        struct cathaya_error *err);

/* cathaya_tls_explain writes what cathaya_tls_choose does in words, for people: the offer, every candidate with
 * its reason, the result. cathaya_tls_sites_explain says it of the site that a server would take, at this time; the
 * settings' other members come from the site. Cut where size ends; always NUL-terminated (16 KiB are
 * plenty). CATHAYA_MALFORMED, CATHAYA_LIMIT, CATHAYA_NOT_FOUND (no site of that name). */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_tls_explain(const struct cathaya_tls_candidate *const *candidates, size_t count, const uint8_t *hello,
                    size_t hello_len, const struct cathaya_tls_choice_settings *settings, char *text, size_t size,
                    struct cathaya_error *err);
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_tls_sites_explain(const struct cathaya_tls_sites *sites, const uint8_t *hello, size_t hello_len, int64_t at,
                          uint16_t trust_anchors_type, char *text, size_t size, struct cathaya_error *err);

#ifdef __cplusplus
}
#endif

#endif
