/* site_files.h - the port of service/site_certificates to certificates that somebody else puts on the disk. */
#ifndef CATHAYA_PROGRAM_GATEWAY_SITE_FILES_H
#define CATHAYA_PROGRAM_GATEWAY_SITE_FILES_H

#include "service/site_certificates/site_certificates.h"

/* A file that others may read is refused when it holds a private key. */
struct site_files_port site_files_port(void);

#endif
