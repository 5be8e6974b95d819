/* publish_config.h - the configuration of `cathaya trust build` and `serve`; examples/trust.conf is its description. */
#ifndef CATHAYA_PROGRAM_TRUST_PUBLISH_PUBLISH_CONFIG_H
#define CATHAYA_PROGRAM_TRUST_PUBLISH_PUBLISH_CONFIG_H

#include "algorithms_file.h"
#include "key_file.h"
#include "service/service_listen.h"
#include "service/trust_publisher/trust_publisher.h"

#define PUBLISH_CONFIG_PATH_MAX 512
#define PUBLISH_CONFIG_TITLE_MAX 63
/* A version an hour is what monitors and clients reckon with; a minute is for tests and demonstrations. */
#define PUBLISH_CONFIG_INTERVAL_MIN_S 1
#define PUBLISH_CONFIG_INTERVAL_MAX_S 86400
/* A client without updates trusts landmarks for so long at most. */
#define PUBLISH_CONFIG_VALID_MAX_S ((int64_t)31 * 86400)

struct publish_config_key {
    char title[PUBLISH_CONFIG_TITLE_MAX + 1];
    struct service_key key;
    bool is_retiring; /* signs while clients have it, and is not named for later versions */
};

struct publish_config {
    struct algorithms *algorithms;
    char base[PUBLISH_CONFIG_PATH_MAX];
    char registry[PUBLISH_CONFIG_PATH_MAX], directory[PUBLISH_CONFIG_PATH_MAX], publish[PUBLISH_CONFIG_PATH_MAX];
    char ca_file[PUBLISH_CONFIG_PATH_MAX]; /* or "" */
    char origin[TRUST_BUNDLE_TEXT_MAX + 1];
    struct publish_config_key keys[TRUST_PUBLISHER_SIGNERS_MAX], log_keys[TRUST_PUBLISHER_SIGNERS_MAX];
    size_t key_count, log_key_count; /* log_key_count 0: the same keys */
    uint32_t interval_s;
    int64_t valid_for_s;
    unsigned delta_count, bundle_count;
    bool has_pages;
    struct service_listen listen;
};

/* publish_config_read reads the file and the keys that it names. STATUS_USAGE with file and line. algorithms_file may be NULL. */
MUST_USE enum status publish_config_read(const char *path, const char *algorithms_file, struct publish_config **out,
                                         struct error *err);
void publish_config_free(struct publish_config *config);

#endif
