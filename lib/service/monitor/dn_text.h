/* dn_text.h - a distinguished name for people: "C=CN, O=Example, CN=Example CA". Inside service/monitor. */
#ifndef CATHAYA_SERVICE_MONITOR_DN_TEXT_H
#define CATHAYA_SERVICE_MONITOR_DN_TEXT_H

#include "base/builder.h"

/* Longer ones are cut; a CA's have 100 bytes. */
#define DN_TEXT_MAX 512

/* dn_text_write makes the text of a whole Name, as far as it can be read; what is not printable is '?'. */
void dn_text_write(struct bytes name, char out[DN_TEXT_MAX]);

#endif
