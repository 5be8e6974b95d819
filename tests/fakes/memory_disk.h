/* memory_disk.h - a machine's disk in memory: object stores and a record that lose what was not synced.
 *
 * It holds the contracts of ports/object_store.h and ports/record_store.h and ends the program with a
 * text when a caller breaks one: a name that is none, an object of tile/ changed to other bytes while it
 * was whole, a call after a failed sync. Mutating calls are numbered from 0 and one of them can be made
 * to fail. get and list never fail.
 */
#ifndef CATHAYA_TESTS_FAKES_MEMORY_DISK_H
#define CATHAYA_TESTS_FAKES_MEMORY_DISK_H

#include "ports/object_store.h"
#include "ports/record_store.h"

#define MEMORY_DISK_VOLUMES 4

enum memory_fault {
    MEMORY_FAULT_NONE,
    MEMORY_FAULT_NOT_DONE, /* the call fails and has done nothing */
    MEMORY_FAULT_DONE,     /* the call fails although it was done */
    MEMORY_FAULT_CRASH     /* the process is gone: this call and all later ones fail, undone */
};

/* What is left of the changes that were not synced when the power goes. */
enum memory_loss {
    MEMORY_LOSE_ALL,
    MEMORY_KEEP_ALL,
    MEMORY_TEAR_ALL, /* what was put has its name but not its bytes */
    MEMORY_LOSE_ONE, /* choice: the number of the object among the changed ones; the others stay */
    MEMORY_KEEP_ONE,
    MEMORY_TEAR_ONE,
    MEMORY_LOSE_SOME /* choice: the seed */
};

struct memory_disk;

struct memory_disk *memory_disk_new(void);
struct memory_disk *memory_disk_copy(const struct memory_disk *disk);
void memory_disk_free(struct memory_disk *disk);

/* memory_disk_store is volume 0..MEMORY_DISK_VOLUMES-1; context dies with the disk. */
struct object_store memory_disk_store(struct memory_disk *disk, unsigned volume);
struct record_store memory_disk_record(struct memory_disk *disk);

/* memory_disk_set_fault: the call numbered `operation` has the fault. */
void memory_disk_set_fault(struct memory_disk *disk, uint64_t operation, enum memory_fault fault);
uint64_t memory_disk_operations(const struct memory_disk *disk);
bool memory_disk_has_crashed(const struct memory_disk *disk);

/* memory_disk_next_process: the process has ended, the machine goes on. What was put stays visible, and
 * the next process's sync does not make durable what this one put. */
void memory_disk_next_process(struct memory_disk *disk);

/* memory_disk_cut_power: the machine starts again; what is there then is durable. */
void memory_disk_cut_power(struct memory_disk *disk, enum memory_loss loss, uint64_t choice);

/* memory_disk_changed_count is how many objects have changes that are not durable. */
uint64_t memory_disk_changed_count(const struct memory_disk *disk);

/* memory_disk_durable_record borrows the record as a power cut now would leave it. */
struct bytes memory_disk_durable_record(const struct memory_disk *disk);

/* memory_disk_on_put: called after every successful put, before put returns. */
void memory_disk_on_put(struct memory_disk *disk,
                        void (*hook)(void *context, unsigned volume, const char *name,
                                     struct bytes value),
                        void *context);

/* memory_disk_damage replaces the bytes of an object behind everybody's back; false: there is none. A
 * value of NULL removes it. */
bool memory_disk_damage(struct memory_disk *disk, unsigned volume, const char *name,
                        const struct bytes *value);

#endif
