/* publisher_world.h - a distributor on a disk that forgets, the log that it follows, and a client that judges what is published. */
#ifndef CATHAYA_TESTS_UNIT_SERVICE_TRUST_PUBLISHER_PUBLISHER_WORLD_H
#define CATHAYA_TESTS_UNIT_SERVICE_TRUST_PUBLISHER_PUBLISHER_WORLD_H

#include "unit/service/landmark_update/update_world.h"

#include "fakes/memory_disk.h"
#include "rules/bundle_signature.h"
#include "service/trust_publisher/trust_publisher.h"

#define PUBLISHER_PUBLISHED 0
#define PUBLISHER_LOG       1
#define PUBLISHER_STATE     2
#define PUBLISHER_ORIGIN    "trust.example/versions"
#define PUBLISHER_KEY_SETS  2
#define PUBLISHER_CLIENT_MAX 64

/* What a client has taken: it never changes its mind about a version. */
struct publisher_client {
    uint64_t version;
    struct builder contents[PUBLISHER_CLIENT_MAX]; /* by version */
    struct bundle_keys keys;
};

struct publisher_world {
    struct update_world *net;
    struct memory_disk *disk;
    struct private_key *keys[PUBLISHER_KEY_SETS][2]; /* SM2, ML-DSA-44 */
    struct document_signer signers[PUBLISHER_KEY_SETS * 2];
    struct cosigner log_signers[PUBLISHER_KEY_SETS * 2];
    struct trust_publisher_config config;
    struct trust_bundle registry;
    struct bundle_keys named; /* section 9 of the registry's bundle */
    struct builder certificate;
    struct trust_publisher_input input;
    struct trust_publisher *publisher; /* NULL: not open */
    struct publisher_client client;
    /* Of the last build. */
    unsigned done_count;
    enum status status;
    struct error error;
    uint64_t version;
    size_t envelope_size, log_count, delta_count, landmark_count, revoked_count;
    bool is_rotation;
    struct trust_publisher_delta deltas[8];
    enum status log_status;    /* of the first log */
    char log_reason[512], log_evidence[128];
    size_t log_landmarks, log_new;
};

/* One CA with a log of 1,000 entries and a landmark; keys of set 0 sign. */
struct publisher_world *publisher_world_new(void);
void publisher_world_free(struct publisher_world *w);

/* publisher_world_name_keys: the registry names this set from now on. */
void publisher_world_name_keys(struct publisher_world *w, size_t set);

enum status publisher_world_open(struct publisher_world *w, struct error *err);
void publisher_world_close(struct publisher_world *w);

/* publisher_world_build builds until done was called: its status. */
enum status publisher_world_build(struct publisher_world *w);

/* publisher_world_take has the client take what is published, if anything is: as a whole, rotations first. It ends the program when
 * anything is wrong, or when a version that the client has seen has other contents now. Also each delta that `latest` names has
 * to give the same. The bundle: with memory in contents[version]. */
void publisher_world_take(struct publisher_world *w);

/* publisher_world_get reads a file; false: it is not there. */
bool publisher_world_get(struct publisher_world *w, unsigned volume, const char *name, struct builder *out);
bool publisher_world_has(struct publisher_world *w, unsigned volume, const char *name);

#endif
