/* sequencer_world.h - a whole CA in memory: log, issuer, issuance store, mirrors and the sequencer, on a loop
 * with the test's own time. It can be stopped at any step and started anew on what is durable. */
#ifndef CATHAYA_TESTS_FAKES_SEQUENCER_WORLD_H
#define CATHAYA_TESTS_FAKES_SEQUENCER_WORLD_H

#include "fakes/fake_mirror.h"
#include "fakes/log_world.h"
#include "fakes/memory_issuance_store.h"
#include "fakes/mtc_ca_port.h"
#include "service/sequencer/acme_mtc_issuer.h"

#define SW_REQUESTS_MAX 4096
#define SW_MIRRORS WORLD_MIRRORS

struct sw_request {
    struct sequencer_world *world;
    unsigned answers; /* in this life */
    enum status status;
    struct sequencer_issued issued;
    bool has_ever_issued; /* in any life: then `first` is what it got */
    struct sequencer_issued first;
    char reason[ERROR_TEXT_MAX];
};

struct sequencer_world {
    struct world *w;
    struct fake_loop *loop;
    struct memory_issuance_store *store;
    struct hasher hasher;
    struct private_key *mirror_keys[SW_MIRRORS], *subject_key;
    struct fake_mirror mirrors[SW_MIRRORS];
    struct cosigning *clients[SW_MIRRORS];
    struct sequencer_peer peers[SW_MIRRORS];
    struct recent_keys *recent_keys;
    struct issuer issuer;
    struct mtc_ca_port port;
    struct sequencer *sequencer;
    struct sequencer_config config; /* change it, then sw_start */
    struct certificate_profile profile; /* mirrors_min: 1 */
    struct sw_request requests[SW_REQUESTS_MAX];
    char origin[TAI_NAME_SIZE];
    int64_t new_until_s; /* of the requests that are submitted from now on */
    uint64_t announced_min_index;
    int64_t announced_ms;
};

struct sequencer_world *sw_new(void);
void sw_free(struct sequencer_world *sw);
void sw_start(struct sequencer_world *sw);
/* sw_stop ends the process in order; sw_kill in the middle of whatever it does: the machine goes on, or loses
 * what was not synced. sw_start comes after either. */
void sw_stop(struct sequencer_world *sw);
void sw_kill(struct sequencer_world *sw, bool is_power_cut);

enum status sw_submit(struct sequencer_world *sw, unsigned number, struct error *err);
/* sw_request_names writes the names that request `number` is for. */
void sw_request_names(unsigned number, struct builder *out);
size_t sw_issued_count(const struct sequencer_world *sw, unsigned first, unsigned end);
/* sw_check ends the program unless every request that was ever issued has one entry, its own, and a
 * certificate with the mirrors it needs. */
void sw_check(struct sequencer_world *sw, unsigned end);

#endif
