/* watch_list.h - what a monitor looks for in certificates: one statement a line, # starts a comment.
 *
 *   domain www.example.com        this name alone
 *   domain .example.com           this name, and everything below it
 *   ip 192.0.2.0/24               an address, or a range of them
 *   org "Example Ltd"             a subject's organisation; case and runs of blanks do not matter
 *   spki HEX                      SHA-256 or SM3 of a SubjectPublicKeyInfo
 *   authorized HEX                SHA-256 or SM3 of a certificate, or of its TBSCertificate without poison and SCTs:
 *                                 known to its owner, not reported
 *
 * Matching is pure, allocates nothing, takes time in proportion to the labels of the name, whatever the length of the
 * list, and errs towards reporting. A presented wildcard is compared as the names that it covers; what hides a name from
 * a reader (NUL and other bytes that no name has, dots too many, upper case) does not hide it here. Nothing is compared
 * by its looks: xn--xample-9uf.com is not example.com.
 */
#ifndef CATHAYA_RULES_WATCH_LIST_H
#define CATHAYA_RULES_WATCH_LIST_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"
#include "crypto/hash.h"

/* A hundred times what a large enterprise watches; 100 bytes each. */
#define WATCH_LIST_ITEMS_MAX 1000000
#define WATCH_LIST_SIZE_MAX ((size_t)128 << 20)
#define WATCH_LIST_LINE_MAX 1024
/* A certificate for a thousand watched names is one notification, which names this many. */
#define WATCH_HITS_MAX 32

enum watch_kind { WATCH_DOMAIN, WATCH_SUBTREE, WATCH_ADDRESS, WATCH_ORGANISATION, WATCH_SPKI, WATCH_AUTHORIZED };
#define WATCH_KINDS 6

struct watch_item {
    enum watch_kind kind;
    uint32_t line;
    const char *text; /* the statement in its one spelling: "domain .xn--fiqs8s" */
};

/* Names with other characters than ASCII are for whoever has a library for them: to_ascii appends the A-label form of a
 * name in UTF-8. STATUS_USAGE with the reason. */
struct watch_idn {
    void *context;
    enum status (*to_ascii)(void *context, struct bytes name, struct builder *out, struct error *err);
};

struct watch_list;

/* watch_list_read reads a whole list; what stands in it twice counts once. idn may be NULL: such names are refused then.
 * STATUS_USAGE with the line, STATUS_LIMIT, STATUS_NO_MEMORY. The list does not change and may be read from any thread. */
MUST_USE enum status watch_list_read(struct bytes text, const struct watch_idn *idn, struct watch_list **out,
                                     struct error *err);
void watch_list_free(struct watch_list *list);

/* watch_list_count is how many items of a kind there are. */
size_t watch_list_count(const struct watch_list *list, enum watch_kind kind);

/* Items that a certificate hits, each once, in the order of finding. The zero struct is empty. */
struct watch_hits {
    const struct watch_item *items[WATCH_HITS_MAX];
    size_t count;
    bool is_cut; /* there are more */
};

/* watch_list_match_name looks a presented name up: a dNSName, a common name, the host of a URI or mail address. Pieces that
 * are addresses are looked up as such. */
void watch_list_match_name(const struct watch_list *list, struct bytes name, struct watch_hits *hits);

/* watch_list_match_address looks an iPAddress up; IPv4 in IPv6 [RFC4291 2.5.5.2] counts as both. Lengths other than 4 and
 * 16 match nothing. */
void watch_list_match_address(const struct watch_list *list, struct bytes address, struct watch_hits *hits);
void watch_list_match_organisation(const struct watch_list *list, struct bytes name, struct watch_hits *hits);

/* watch_list_match_spki and watch_list_is_authorized compare one hash, of either kind. */
void watch_list_match_spki(const struct watch_list *list, const uint8_t hash[HASH_SIZE], struct watch_hits *hits);
bool watch_list_is_authorized(const struct watch_list *list, const uint8_t hash[HASH_SIZE]);

#endif
