/* secret_process.h - a process that holds private keys. */
#ifndef CATHAYA_PROGRAM_SECRET_PROCESS_H
#define CATHAYA_PROGRAM_SECRET_PROCESS_H

/* secret_process_hide: from here on no core dump, and no other process of the same user looks into this one's memory. */
void secret_process_hide(void);

/* secret_process_start is for a process whose only work is its keys: no core dump, no other process of the same user looks into this one's memory,
 * and, where the limits allow it, nothing of it goes to a swap device. Whatever cannot be done is left. */
void secret_process_start(void);

#endif
