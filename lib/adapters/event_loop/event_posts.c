/* Calls from other threads. */
#include <stdlib.h>

#include "adapters/event_loop/event_loop_parts.h"

struct event_post {
    void (*run)(void *cookie);
    void *cookie;
    struct event_post *next;
};

/* The list as it is: what its calls post comes with the next round. */
static struct event_post *take_all(struct event_posts *posts)
{
    uv_mutex_lock(&posts->lock);
    struct event_post *first = posts->first;
    posts->first = NULL;
    posts->end = &posts->first;
    uv_mutex_unlock(&posts->lock);
    return first;
}

static bool call_all(struct event_posts *posts)
{
    posts->due = take_all(posts);
    bool has_any = posts->due != NULL;
    while (posts->due != NULL) {
        struct event_post now = *posts->due;
        free(posts->due);
        posts->due = now.next;
        now.run(now.cookie);
    }
    return has_any;
}

/* Gives the place behind the last one. */
static struct event_post **remove_all(struct event_post **at, const void *cookie)
{
    while (*at != NULL) {
        struct event_post *post = *at;
        if (post->cookie == cookie) {
            *at = post->next;
            free(post);
        } else {
            at = &post->next;
        }
    }
    return at;
}

void event_loop_unpost(struct event_loop *loop, const void *cookie)
{
    struct event_posts *posts = &loop->posts;
    (void)remove_all(&posts->due, cookie);
    uv_mutex_lock(&posts->lock);
    posts->end = remove_all(&posts->first, cookie);
    uv_mutex_unlock(&posts->lock);
}

static void on_wake(uv_async_t *uv)
{
    (void)call_all(uv->data);
}

void event_loop_post(struct event_loop *loop, void (*run)(void *cookie), void *cookie)
{
    struct event_posts *posts = &loop->posts;
    struct event_post *post = event_loop_memory(sizeof *post);
    *post = (struct event_post){.run = run, .cookie = cookie};
    uv_mutex_lock(&posts->lock);
    *posts->end = post;
    posts->end = &post->next;
    /* With the lock: once the loop's thread has seen this post the loop may be freed. */
    (void)uv_async_send(&posts->wake);
    uv_mutex_unlock(&posts->lock);
}

int event_posts_init(struct event_loop *loop)
{
    struct event_posts *posts = &loop->posts;
    posts->end = &posts->first;
    int result = uv_mutex_init(&posts->lock);
    if (result != 0)
        return result;
    result = uv_async_init(&loop->uv, &posts->wake, on_wake);
    if (result != 0)
        uv_mutex_destroy(&posts->lock);
    posts->wake.data = posts;
    return result;
}

void event_posts_close(struct event_loop *loop)
{
    while (call_all(&loop->posts))
        ;
    uv_close((uv_handle_t *)&loop->posts.wake, NULL);
    uv_mutex_destroy(&loop->posts.lock);
}
