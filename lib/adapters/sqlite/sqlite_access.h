/* sqlite_access.h - how a database is opened; common to all stores of adapters/sqlite. */
#ifndef CATHAYA_ADAPTERS_SQLITE_SQLITE_ACCESS_H
#define CATHAYA_ADAPTERS_SQLITE_SQLITE_ACCESS_H

/* One writer holds PATH.lock; readers take no lock and work beside it. */
enum sqlite_access {
    SQLITE_FOR_READING, /* also a copy on a read-only medium */
    SQLITE_FOR_WRITING, /* STATUS_NOT_FOUND when there is no file; an older schema is migrated */
    SQLITE_MAY_CREATE   /* for writing, and the file is made when there is none */
};

#endif
