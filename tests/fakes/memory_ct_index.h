/* memory_ct_index.h - ports/ct_index.h in memory: what is not committed goes with the process, and the test can make it fail. */
#ifndef CATHAYA_TESTS_FAKES_MEMORY_CT_INDEX_H
#define CATHAYA_TESTS_FAKES_MEMORY_CT_INDEX_H

#include "ports/ct_index.h"

#define MEMORY_CT_INDEX_MAX 20000

struct memory_ct_index {
    struct ct_index_row *rows;
    size_t count, committed_count;
    bool fails;             /* every call does from now on */
    bool fails_to_add;      /* only this one does */
    unsigned commit_count;
};

void memory_ct_index_init(struct memory_ct_index *index);
void memory_ct_index_clear(struct memory_ct_index *index);

/* memory_ct_index_next_process: what was not committed is gone. memory_ct_index_lose: and all but the first `count` rows. */
void memory_ct_index_next_process(struct memory_ct_index *index);
void memory_ct_index_lose(struct memory_ct_index *index, size_t count);

struct ct_index memory_ct_index_port(struct memory_ct_index *index);

#endif
