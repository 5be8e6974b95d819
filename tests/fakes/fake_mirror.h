/* fake_mirror.h - a mirror or witness in memory that keeps the rules of C2SP tlog-mirror and tlog-witness, and
 * breaks them on request. */
#ifndef CATHAYA_TESTS_FAKES_FAKE_MIRROR_H
#define CATHAYA_TESTS_FAKES_FAKE_MIRROR_H

#include "codec/note/note_key.h"
#include "codec/tai/tai.h"
#include "crypto/hash.h"
#include "fakes/fake_loop.h"

#define FAKE_MIRROR_ENTRIES_MAX 20000

enum fake_mirror_fault {
    MIRROR_HONEST,
    MIRROR_DOWN,         /* nobody answers */
    MIRROR_BAD_SIGNATURE, /* signs something else */
    MIRROR_OTHER_KEY,    /* answers with lines of a key that nobody knows */
    MIRROR_ERROR,        /* 500 to everything */
    MIRROR_FORKED,       /* refuses with 422, and publishes another tree that it has signed */
    MIRROR_AHEAD,        /* says that the log is larger than it is */
    MIRROR_FORGETFUL,    /* accepts entries, and then says that it has none */
    MIRROR_NO_SUBTREES   /* does not sign subtrees: 404 */
};

struct fake_mirror {
    const char *prefix; /* of its URLs */
    char name[TAI_NAME_SIZE];
    struct tai id;
    bool is_witness;
    enum note_key_type key_type;
    struct private_key *key, *other_key; /* borrowed */
    const struct hash_alg *hash;
    const char *origin;
    enum fake_mirror_fault fault;
    uint64_t delay_ms;
    unsigned packages_max; /* accepted in one request; 0: all */
    uint64_t now_s;
    /* what it has */
    uint64_t pending_size, signed_size, next_entry;
    uint8_t pending_root[HASH_SIZE];
    bool has_pending;
    uint8_t (*leaves)[HASH_SIZE]; /* FAKE_MIRROR_ENTRIES_MAX */
    /* what it was asked */
    unsigned add_checkpoint_count, add_entries_count, sign_subtree_count, fetch_count;
    uint64_t uploaded_entries;
};

/* fake_mirror_init fills the fields above `fault`; the caller has set prefix, is_witness, key_type, keys, hash,
 * origin. */
void fake_mirror_init(struct fake_mirror *m, const char *id_text);
void fake_mirror_clear(struct fake_mirror *m);
/* fake_mirror_forget: its disk is gone. */
void fake_mirror_forget(struct fake_mirror *m);
struct fake_host fake_mirror_host(struct fake_mirror *m);

#endif
