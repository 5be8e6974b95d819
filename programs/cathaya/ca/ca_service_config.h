/* ca_service_config.h - run.conf of a new CA directory: what `cathaya ca run` starts with. */
#ifndef CATHAYA_PROGRAMS_CA_CA_SERVICE_CONFIG_H
#define CATHAYA_PROGRAMS_CA_CA_SERVICE_CONFIG_H

#include "ca/ca_config.h"

/* ca_service_config_write appends a configuration for this one CA, with comments: on loopback, without
 * mirrors and without remote perspectives, each of which it says. It is read by run_config_read, whose
 * full example is examples/ca-run.conf. */
void ca_service_config_write(const struct ca_config *config, struct builder *out);

#endif
