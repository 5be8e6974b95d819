/* ca_log_port.h - the issuance log of a CA directory, as the issuer wants it. */
#ifndef CATHAYA_PROGRAMS_CA_CA_LOG_PORT_H
#define CATHAYA_PROGRAMS_CA_CA_LOG_PORT_H

#include "ca/ca_directory.h"

/* ca_log_port borrows dir, whose log is open. */
struct issuer_log ca_log_port(struct ca_directory *dir);

#endif
