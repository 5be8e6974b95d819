/* run_peers.h - the mirrors and witnesses of a Merkle Tree CA, by its C2SP policy file: who they are, and the clients
 * that bring them up to date. */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_PEERS_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_PEERS_H

#include "ca/ca_directory.h"
#include "ca_run/run_config.h"
#include "rules/certificate_profile.h"
#include "rules/tlog_policy.h"
#include "service/cosigning/cosigning.h"
#include "service/sequencer/sequencer.h"

#define RUN_PEERS_MAX 16
#define RUN_PEER_URL_SIZE 512

struct run_peers {
    struct tlog_policy *policy; /* NULL: none */
    size_t count;
    struct log_external externals[RUN_PEERS_MAX];
    struct ca_directory_peers directory; /* for ca_directory_open_for_service */
    struct cosigning *clients[RUN_PEERS_MAX];
    struct sequencer_peer sequencer_peers[RUN_PEERS_MAX + 1]; /* and room for one who only looks */
    char labels[RUN_PEERS_MAX][VKEY_NAME_MAX + 16];
    char monitoring_urls[RUN_PEERS_MAX][RUN_PEER_URL_SIZE];
    struct sequencer *sequencer; /* set when it is there: what comes is given to it */
    const char *evidence_directory;
    struct events_port events;
    const char *ca_name;
};

/* run_peers_read reads the policy file, "" for none. run_peers_clear must follow, before the keys' algorithms go. */
MUST_USE enum status run_peers_read(struct run_peers *peers, const char *path, const struct algorithms *algorithms,
                                    struct error *err);

/* run_peers_check_profile: a profile that wants more mirrors than the policy has would wait for ever. */
MUST_USE enum status run_peers_check_profile(const struct run_peers *peers, const struct certificate_profile *profile,
                                             struct error *err);

struct run_peers_ports {
    const struct ca_directory *directory;
    const struct run_ca *settings;
    struct cosigning_log log;
    struct work_port worker;
    struct fetch_port fetch;
    struct timer_port timer;
    struct clock_port clock;
    struct events_port events;
    struct metrics *metrics;
};

/* run_peers_start makes the clients; origin (of the log) and evidence_directory are borrowed. */
MUST_USE enum status run_peers_start(struct run_peers *peers, const char *ca_name, const char *origin, const char *ca_key_name,
                                     const char *evidence_directory, const struct run_peers_ports *ports, struct error *err);

/* run_peers_stop ends the clients. */
void run_peers_stop(struct run_peers *peers);
void run_peers_clear(struct run_peers *peers);

/* run_peers_is_quorum: do those whose note names are given make the quorum? context is the struct run_peers. */
bool run_peers_is_quorum(void *context, const char *const *names, size_t count);

#endif
