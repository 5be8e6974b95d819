/* upstream_parts.h - the inside of upstream.h; the files upstream_*.c alone include it.
 *
 * A connection to a backend (struct upstream_connection) serves one exchange after the other. What an event does
 * stands between upstream_enter and upstream_leave: in between, what ends the exchange is only noted (failure,
 * is_finished, or x is NULL after an abort), and leave, as the last thing, says it. So nothing is freed below
 * anybody's feet, and nothing is touched after the last call.
 */
#ifndef CATHAYA_ADAPTERS_PROXY_UPSTREAM_PARTS_H
#define CATHAYA_ADAPTERS_PROXY_UPSTREAM_PARTS_H

#include "adapters/http1/response_parser.h"
#include "adapters/proxy/backend.h"
#include "adapters/proxy/deadline.h"
#include "adapters/proxy/proxy_state.h"
#include "adapters/proxy/upstream.h"

/* Read at once from a backend: four records of TLS, one call. One such buffer per worker. */
#define UPSTREAM_READ_SIZE ((size_t)4 * EXCHANGE_PIECE_MAX)
/* Reads in a row before others get their turn. */
#define UPSTREAM_READS_MAX 4
/* Pieces below are gathered, larger ones are written where they lie. */
#define UPSTREAM_SMALL_PIECE 4096
/* What waits to be written: above it the client waits. With one piece more it is within EXCHANGE_BUFFER_MAX. */
#define UPSTREAM_OUTPUT_HIGH (EXCHANGE_BUFFER_MAX - 2 * EXCHANGE_PIECE_MAX)
/* With a head, whose size the limits say. */
#define UPSTREAM_OUTPUT_MAX ((size_t)2 << 20)
/* Kept by an idle connection for its next head. */
#define UPSTREAM_OUTPUT_KEPT 4096
/* 100, 103 and their like before one answer. */
#define UPSTREAM_INFORMATIONAL_MAX 16
/* For the last bytes of a tunnel whose both ends have ended. */
#define UPSTREAM_LAST_BYTES_MS 30000
#define UPSTREAM_POOL_BUCKETS 256

enum upstream_stage {
    UPSTREAM_CONNECTING,
    UPSTREAM_EXCHANGE,
    UPSTREAM_TUNNEL,
    UPSTREAM_IDLE,
    UPSTREAM_LAST_BYTES /* of a tunnel that is over */
};

struct upstream_connection;

/* What one worker has of one backend. It is there as long as a connection is. */
struct upstream_pool {
    struct upstream_pool *next;  /* of its bucket */
    struct backend *backend;     /* kept */
    struct upstream_connection *idle; /* the newest first */
    size_t idle_count, connection_count;
};

struct upstreams {
    struct event_loop *loop;
    struct timer_port timers;
    struct deadlines *deadlines;
    struct upstream_pool *pools[UPSTREAM_POOL_BUCKETS];
    size_t idle_count;
    struct upstream_connection *leaving; /* write their last bytes, for nobody */
    struct upstream_connection *pending; /* have something to say that was not to be said where it happened */
    uint64_t pending_timer;
    uint8_t *buffer; /* UPSTREAM_READ_SIZE */
};

struct upstream_connection {
    struct deadline deadline; /* first: the callback gets back from it */
    struct upstreams *all;
    struct upstream_pool *pool;
    struct upstream_connection *next, **link; /* in the list of idle or leaving ones */
    struct upstream_connection *next_pending;
    struct upstream_client *client; /* whose it is while it is idle; NULL: anybody's */
    struct exchange *x;             /* NULL: none, or it was aborted */
    int fd;
    struct event_watch *watch;
    enum upstream_stage stage;

    uint64_t tried;
    unsigned try_count, informational_count;
    enum exchange_failure failure; /* to be told */
    bool is_busy, is_pending, is_finished, is_dead;
    bool is_reused, is_counted;
    bool is_chunked;      /* the request */
    bool is_input_paused; /* body has said false */
    bool is_write_blocked, is_write_failed, is_shut;
    bool is_paused, was_resumed; /* the answer */
    bool is_read_ended, has_gathered, is_dirty;

    struct builder out;
    size_t out_at;
    uint8_t *held; /* of the answer, read while the client does not take it */
    size_t held_len;
    struct response_parser parser;
};

/* ---- upstream.c ---- */
/* upstream_lose: the connection has failed. The request goes to another backend, or c->failure is set. */
void upstream_lose(struct upstream_connection *c, enum exchange_failure why);

/* ---- upstream_pool.c ---- */
struct upstream_pool *upstream_pool_get(struct upstreams *all, struct backend *backend);
void upstream_pool_release(struct upstreams *all, struct upstream_pool *pool);
/* upstream_pool_take is an idle connection for the exchange, or NULL. */
struct upstream_connection *upstream_pool_take(struct upstreams *all, const struct exchange *x,
                                               struct backend *backend);
/* upstream_pool_take_own is the connection that its client has kept, if it fits the site; *backend is its. */
struct upstream_connection *upstream_pool_take_own(const struct exchange *x);
/* upstream_pool_keep makes it idle; false: there is no room. */
bool upstream_pool_keep(struct upstream_connection *c, struct upstream_client *client, bool is_own);
void upstream_pool_remove(struct upstream_connection *c);

/* ---- upstream_connection.c ---- */
struct upstream_connection *upstream_connection_new(struct upstreams *all);
/* upstream_connection_open begins to connect; false: it has failed at once. */
bool upstream_connection_open(struct upstream_connection *c, struct backend *backend);
void upstream_connection_close_socket(struct upstream_connection *c);
void upstream_connection_free(struct upstream_connection *c);
/* upstream_connection_begin counts c at its backend for x; end takes it off. */
void upstream_connection_begin(struct upstream_connection *c, struct exchange *x);
void upstream_connection_end(struct upstream_connection *c);
/* upstream_connection_outlive: the tunnel is over for its client; what is left for the backend is still written. */
void upstream_connection_outlive(struct upstream_connection *c);
void upstream_connection_set_waits(struct upstream_connection *c);
void upstream_enter(struct upstream_connection *c);
void upstream_leave(struct upstream_connection *c);
/* upstream_tell_later: leave comes from an event of its own, soon. */
void upstream_tell_later(struct upstream_connection *c);

/* ---- upstream_request.c ---- */
extern const struct exchange_up upstream_up;
/* upstream_request_write_head puts PROXY header and head into the output, which is empty. */
void upstream_request_write_head(struct upstream_connection *c, bool is_new);
void upstream_request_flush(struct upstream_connection *c);
static inline size_t upstream_output_len(const struct upstream_connection *c)
{
    return c->out.len - c->out_at;
}

/* ---- upstream_answer.c ---- */
/* upstream_answer_begin makes it ready for the answer to a new request. */
void upstream_answer_begin(struct upstream_connection *c);
void upstream_answer_connected(struct upstream_connection *c);
void upstream_answer_read(struct upstream_connection *c);
/* upstream_answer_go_on delivers what was held. */
void upstream_answer_go_on(struct upstream_connection *c);
enum body_piece upstream_answer_piece(void *cookie, struct bytes piece);

#endif
