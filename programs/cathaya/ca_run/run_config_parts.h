/* run_config_parts.h - what the readers of the configuration share; private to ca_run. */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_CONFIG_PARTS_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_CONFIG_PARTS_H

#include <confuse.h>

#include "ca_run/run_config.h"
#include "input.h"

/* 256 bits, as text or not. */
#define RUN_SECRET_MIN 32
#define RUN_SECRET_MAX 4096

MUST_USE enum status run_config_number(cfg_t *section, const char *name, int64_t low, int64_t high,
                                       int64_t *out, struct error *err);

/* run_config_secret reads a secret from a file that only its owner may read, without line ends. */
MUST_USE enum status run_config_secret(const struct run_config *config, const char *file,
                                       struct builder *out, struct error *err);

MUST_USE enum status run_config_read_profiles(struct run_config *config, cfg_t *cfg,
                                              struct error *err);
/* run_config_read_ct follows the profiles, which name its policies. */
MUST_USE enum status run_config_read_ct(struct run_config *config, cfg_t *cfg, struct error *err);
MUST_USE enum status run_config_read_validation(struct run_config *config, cfg_t *section,
                                                struct error *err);
MUST_USE enum status run_config_read_perspectives(struct run_config *config, cfg_t *cfg,
                                                  struct error *err);
MUST_USE enum status run_config_read_acme(struct run_config *config, cfg_t *cfg, struct error *err);

#endif
