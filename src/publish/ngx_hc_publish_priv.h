/*
 * Shared by the files of the publish room.
 *
 *   ngx_hc_publish.c           directories, in shared memory and out
 *   ngx_hc_publish_job.c       event loop: what there is to do
 *   ngx_hc_publish_run.c       event loop: which jobs run, what became of them
 *   ngx_hc_publish_write.c     in a thread: a file and its sidecar
 *   ngx_hc_publish_put.c       in a thread: into their place, and away
 *   ngx_hc_publish_place.c     in a thread: paths, the lock
 *   ngx_hc_publish_walk.c      in a thread: all files
 *   ngx_hc_publish_sidecar.c   what lies beside a file
 *
 *   request -> job (waiting) -> thread -> job (done) -> freed
 *
 * What runs in a thread touches its job, the directory's constants and, by
 * atomics, shared memory; nothing else of the process.
 */

#ifndef NGX_HC_PUBLISH_PRIV_H_INCLUDED_
#define NGX_HC_PUBLISH_PRIV_H_INCLUDED_


#include "ngx_hc_publish.h"

#include <ngx_event.h>


#define NGX_HC_PUBLISH_ACTIVE   4              /* threads of a pool, at most */
#define NGX_HC_PUBLISH_WAITING  256            /* jobs of a worker */
#define NGX_HC_PUBLISH_BYTES    (32 * 1024 * 1024)   /* of their bodies */
#define NGX_HC_PUBLISH_DEPTH    32             /* directories in a path */
#define NGX_HC_PUBLISH_QUIET    60             /* s between two log lines */
#define NGX_HC_PUBLISH_PAUSE    4              /* as long as a sweep took */
#define NGX_HC_PUBLISH_LOCKED   5000           /* ms to wait for the lock */
#define NGX_HC_PUBLISH_LEFT     3600           /* s, of a file nobody names */

#define NGX_HC_PUBLISH_LOCK     ".hc.lock"
#define NGX_HC_PUBLISH_TEMP     ".hc-"         /* pid-number.tmp */
#define NGX_HC_PUBLISH_SIDECAR  ".hc"


/* In shared memory. */

typedef struct {
    ngx_hc_publish_stats_t  stats;
    uint64_t                counted;     /* stats.files is true */
    uint64_t                logged_at[2];  /* s; errors, warnings */
} ngx_hc_publish_state_t;


struct ngx_hc_publish_dir_s {
    ngx_hc_publish_options_t  options;
    ngx_shm_zone_t           *shm_zone;
    ngx_hc_publish_state_t   *state;
    void                     *threads;   /* ngx_thread_pool_t */

    /* of the event loop of this process */

    hc_versions_t            *versions;  /* NULL: not used yet */
    ngx_event_t               pause;
    unsigned                  sweeping:1;
    unsigned                  again:1;   /* tags moved since it began */
};


typedef enum {
    NGX_HC_PUBLISH_WRITE = 0,
    NGX_HC_PUBLISH_REMOVE,
    NGX_HC_PUBLISH_SWEEP
} ngx_hc_publish_kind_e;


typedef struct {
    ngx_queue_t               queue;
    ngx_pool_t               *pool;      /* the job itself is in it */
    ngx_hc_publish_dir_t     *dir;
    hc_versions_t            *versions;
    ngx_hc_publish_kind_e     kind;
    ngx_str_t                 path;      /* no "/" before, no ending behind */
    ngx_uint_t                ending;
    hc_entry_t                entry;

    ngx_int_t                 rc;        /* DECLINED: refused, see what */
    const char               *what;      /* NULL: nothing to say */
    ngx_err_t                 err;
    ngx_msec_t                took;
} ngx_hc_publish_job_t;


/* Where a path leads: its directory, and names in it. */

typedef struct {
    int      root;
    int      dir;                        /* may be root */
    int      lock;                       /* -1: not held */
    char     stem[NAME_MAX + 1];         /* no ending */
} ngx_hc_publish_place_t;


typedef struct {
    ngx_hc_publish_place_t  place;
    char                    name[NAME_MAX + 1];
    char                    sidecar[NAME_MAX + 1];
    char                    temp[2][NAME_MAX + 1];  /* body, sidecar; "" */
} ngx_hc_publish_target_t;


/* What the file has that the sidecar stands beside. */

typedef struct {
    uint64_t  life;                      /* of the tags */
    uint32_t  size;
    uint32_t  crc;
} ngx_hc_publish_about_t;


typedef struct {
    u_char                 *data;        /* what the entry points into */
    hc_entry_t              entry;
    ngx_hc_publish_about_t  about;
} ngx_hc_publish_sidecar_t;


extern const char *const  ngx_hc_publish_endings[NGX_HC_PUBLISH_ENDINGS];


/* ngx_hc_publish_run.c; _room: may such a job wait? _removals: does any wait
 * that removes? */
ngx_int_t ngx_hc_publish_pool(ngx_conf_t *cf, ngx_hc_publish_dir_t *dir);
ngx_uint_t ngx_hc_publish_room(size_t bytes);
ngx_uint_t ngx_hc_publish_removals(ngx_hc_publish_dir_t *dir);
void ngx_hc_publish_enqueue(ngx_hc_publish_job_t *job);
void ngx_hc_publish_log(ngx_hc_publish_job_t *job);

/* ngx_hc_publish_job.c: what the thread does. */
void ngx_hc_publish_work(ngx_hc_publish_job_t *job);

static ngx_inline void
ngx_hc_publish_count(uint64_t *counter, int64_t n)
{
    (void) __atomic_add_fetch(counter, (uint64_t) n, __ATOMIC_RELAXED);
}

/* ngx_hc_publish_write.c, _put.c: job->rc, what and err say what became of it;
 * _put is under the lock, OK: the file is there now. */
void ngx_hc_publish_do_write(ngx_hc_publish_job_t *job);
void ngx_hc_publish_do_remove(ngx_hc_publish_job_t *job);
ngx_int_t ngx_hc_publish_put(ngx_hc_publish_job_t *job,
    ngx_hc_publish_target_t *t);
ngx_uint_t ngx_hc_publish_full(ngx_hc_publish_job_t *job);
void ngx_hc_publish_fail(ngx_hc_publish_job_t *job, const char *what);
void ngx_hc_publish_refuse(ngx_hc_publish_job_t *job, const char *what);

static ngx_inline ngx_uint_t
ngx_hc_publish_current_job(ngx_hc_publish_job_t *job)
{
    return hc_tags_current(job->versions, job->entry.tags,
                           job->entry.core.ntags);
}

/* ngx_hc_publish_place.c: OK; DECLINED: a directory is not there, and was not
 * to be made; ERROR: job has what and err.  Left in any case but ERROR. */
ngx_int_t ngx_hc_publish_enter(ngx_hc_publish_job_t *job, ngx_uint_t make,
    ngx_hc_publish_place_t *place);
ngx_int_t ngx_hc_publish_enter_root(ngx_hc_publish_job_t *job,
    ngx_hc_publish_place_t *place);
void ngx_hc_publish_leave(ngx_hc_publish_place_t *place);
ngx_int_t ngx_hc_publish_lock(ngx_hc_publish_job_t *job,
    ngx_hc_publish_place_t *place);
void ngx_hc_publish_unlock(ngx_hc_publish_place_t *place);

/* ngx_hc_publish_walk.c; counting is under the lock. */
void ngx_hc_publish_do_sweep(ngx_hc_publish_job_t *job);
ngx_int_t ngx_hc_publish_count_files(ngx_hc_publish_job_t *job,
    ngx_hc_publish_place_t *place);

/* Under the lock: removes a file that has a sidecar, which is damaged or has a
 * tag that moved.  1: it did. */
ngx_uint_t ngx_hc_publish_remove_moved(ngx_hc_publish_job_t *job, int dir,
    const char *name);
ngx_uint_t ngx_hc_publish_unlink(ngx_hc_publish_job_t *job, int dir,
    const char *name);

/* ngx_hc_publish_sidecar.c.  Name of the sidecar of a file, both without
 * directory; data of _seal from the heap, NULL: cannot be stored. */
void ngx_hc_publish_sidecar_name(const char *name, char *sidecar);
u_char *ngx_hc_publish_seal(hc_entry_t *e, uint64_t life, size_t *size);

/* OK: to be closed.  DECLINED: there is none.  ABORT: damaged.  ERROR: errno. */
ngx_int_t ngx_hc_publish_open_sidecar(int dir, const char *name,
    ngx_hc_publish_sidecar_t *s);
void ngx_hc_publish_close_sidecar(ngx_hc_publish_sidecar_t *s);

static ngx_inline ngx_uint_t
ngx_hc_publish_current(hc_versions_t *versions, ngx_hc_publish_sidecar_t *s)
{
    return versions == NULL
           || hc_tags_current_of(versions, s->about.life, s->entry.tags,
                                 s->entry.core.ntags);
}


#endif /* NGX_HC_PUBLISH_PRIV_H_INCLUDED_ */
