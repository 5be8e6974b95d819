/* gateway_config_parts.h - what the files that read a gateway's configuration share. */
#ifndef CATHAYA_PROGRAM_GATEWAY_CONFIG_PARTS_H
#define CATHAYA_PROGRAM_GATEWAY_CONFIG_PARTS_H

#include "gateway/gateway_config.h"

extern cfg_opt_t gateway_config_site_options[], gateway_config_issuer_options[];

/* gateway_config_number reads a setting of min to max. */
MUST_USE enum status gateway_config_number(cfg_t *cfg, const char *name, long min, long max, uint32_t *out,
                                           struct error *err);

/* gateway_config_text is a text setting, NULL when it is empty. */
const char *gateway_config_text(cfg_t *cfg, const char *name);

/* Each reads one block; reasons begin with the setting. */
MUST_USE enum status gateway_config_read_issuer(struct gateway_config *config, cfg_t *block,
                                                struct gateway_issuer *out, struct error *err);
MUST_USE enum status gateway_config_read_site(struct gateway_config *config, cfg_t *block,
                                              enum transition_stage stage, struct gateway_site *out,
                                              struct error *err);

#endif
