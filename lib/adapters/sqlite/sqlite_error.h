/* sqlite_error.h - SQLite's result codes as our status, with what to do; private to adapters/sqlite. */
#ifndef CATHAYA_ADAPTERS_SQLITE_SQLITE_ERROR_H
#define CATHAYA_ADAPTERS_SQLITE_SQLITE_ERROR_H

#include <sqlite3.h>

#include "base/status.h"

/* sqlite_error_set writes the failure `code` of handle (which may be NULL) on the database path. */
enum status sqlite_error_set(struct error *err, const char *path, sqlite3 *handle, int code);

/* sqlite_error_is_final says that nobody knows what is on disk now. */
bool sqlite_error_is_final(int code);

#endif
