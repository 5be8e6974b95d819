/* Orders of main to its workers. */
#include <stdlib.h>

#include "adapters/proxy/access_log.h"
#include "adapters/proxy/proxy_parts.h"

struct errand {
    struct order *order;
    struct proxy_worker *worker;
};

static void free_order(struct order *order)
{
    *order->at = order->next;
    if (order->next != NULL)
        order->next->at = order->at;
    proxy_state_free(order->state);
    access_sink_free(order->sink);
    tls_ticket_keys_wipe(&order->keys);
    free(order);
}

static void order_done(void *cookie)
{
    struct order *order = cookie;
    void (*done)(void *) = order->done;
    void *done_cookie = order->cookie;
    free_order(order);
    if (done != NULL)
        done(done_cookie);
}

void proxy_order_forget_all(struct proxy *p)
{
    while (p->orders != NULL) {
        event_loop_unpost(p->main, p->orders);
        free_order(p->orders);
    }
}

static void run_errand(void *cookie)
{
    struct errand errand = *(struct errand *)cookie;
    struct order *order = errand.order;
    struct event_loop *main = order->proxy->main;
    free(cookie);
    if (!errand.worker->is_closed)
        order->each(errand.worker, order);
    if (atomic_fetch_sub_explicit(&order->left, 1, memory_order_acq_rel) == 1)
        event_loop_post(main, order_done, order);
}

/* Like timers and posts, orders have no way to fail. */
static void *memory(size_t size)
{
    void *got = calloc(1, size);
    if (got == NULL)
        abort(); /* lint-allow: abort, because a worker that misses a change must not go on */
    return got;
}

struct order *proxy_order_new(struct proxy *p, void (*each)(struct proxy_worker *w, struct order *order))
{
    struct order *order = memory(sizeof *order);
    order->proxy = p;
    order->each = each;
    atomic_init(&order->left, p->worker_count);
    order->next = p->orders;
    order->at = &p->orders;
    if (order->next != NULL)
        order->next->at = &order->next;
    p->orders = order;
    return order;
}

void proxy_order_give(struct order *order)
{
    struct proxy *p = order->proxy;
    for (size_t i = 0; i < p->worker_count; i++) {
        struct errand *errand = memory(sizeof *errand);
        *errand = (struct errand){.order = order, .worker = &p->members[i].worker};
        event_loop_post(p->members[i].worker.loop, run_errand, errand);
    }
}
