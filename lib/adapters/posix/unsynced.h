/* unsynced.h - what a store has put, removed or made since its last sync; private to adapters/posix. */
#ifndef CATHAYA_ADAPTERS_POSIX_UNSYNCED_H
#define CATHAYA_ADAPTERS_POSIX_UNSYNCED_H

#include "base/builder.h"
#include "base/status.h"

/* Names, each with its NUL: 16,384 names of 48 bytes. A store that has more to sync says so. */
#define UNSYNCED_BYTES_MAX ((size_t)1 << 20)

/* From this many bytes of names on (some forty files) all are synced together. */
#define UNSYNCED_TOGETHER_BYTES ((size_t)1024)

/* Directories whose own name is known to be durable in their parents. When more have been seen the
 * set is forgotten: that costs an fsync, never durability. */
#define UNSYNCED_KNOWN_MAX 1024

struct unsynced {
    struct builder files;
    struct builder directories;
    uint64_t known[UNSYNCED_KNOWN_MAX];
    size_t known_count;
};

void unsynced_init(struct unsynced *u);
void unsynced_clear(struct unsynced *u);

/* unsynced_note_file remembers a file that was put, and the directories that lead to it. */
MUST_USE enum status unsynced_note_file(struct unsynced *u, const char *name, struct error *err);

/* unsynced_note_remove remembers that a name vanished from its directory. */
MUST_USE enum status unsynced_note_remove(struct unsynced *u, const char *name, struct error *err);

/* unsynced_forget_directories: a directory was removed, and one of its name would be a new one. */
void unsynced_forget_directories(struct unsynced *u);

/* unsynced_sync makes all of it below fd durable: file by file and then the directories, or, when there
 * are many, with syncfs. fd must have been opened before anything was written: what was lost is
 * reported to it. */
MUST_USE enum status unsynced_sync(struct unsynced *u, int fd, struct error *err);

#endif
