/* sqlite_domain_names.h - how the index of names spells a name, so that a domain and what is below it stand together:
 * "www.example.com" is "com.example.www", an address is as it is. Private to adapters/sqlite.
 */
#ifndef CATHAYA_ADAPTERS_SQLITE_SQLITE_DOMAIN_NAMES_H
#define CATHAYA_ADAPTERS_SQLITE_SQLITE_DOMAIN_NAMES_H

#include "base/builder.h"
#include "ports/domain_index.h"

/* sqlite_domain_names_key appends the key of a name: lower case, without dots at the end, of a longer one the last
 * DOMAIN_INDEX_NAME_MAX bytes. */
void sqlite_domain_names_key(struct bytes name, struct builder *out);

/* sqlite_domain_names_from_key appends the name of a key. */
void sqlite_domain_names_from_key(struct bytes key, struct builder *out);

#endif
