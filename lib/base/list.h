/* list.h - doubly linked lists through their items: for structs with pointers `next` and `previous` of their own kind. A list is
 * a pointer to its first item, NULL when it is empty. Items are in one list at a time, and the list owns none.
 *
 * Macros, since every list has a type of its own. Arguments are used more than once: names, no calls. */
#ifndef CATHAYA_BASE_LIST_H
#define CATHAYA_BASE_LIST_H

#include <stddef.h>

/* LIST_PUSH makes item the first one. */
#define LIST_PUSH(list, item)               \
    do {                                    \
        (item)->previous = NULL;            \
        (item)->next = (list);              \
        if ((item)->next != NULL)           \
            (item)->next->previous = (item); \
        (list) = (item);                    \
    } while (0)

/* LIST_REMOVE takes item, which is in the list, out of it; its own pointers stay. */
#define LIST_REMOVE(list, item)                         \
    do {                                                \
        if ((item)->previous != NULL)                   \
            (item)->previous->next = (item)->next;      \
        else                                            \
            (list) = (item)->next;                      \
        if ((item)->next != NULL)                       \
            (item)->next->previous = (item)->previous;  \
    } while (0)

#endif
