/*
 * A herd: so many clients, each on a connection of its own, ask for one target
 * at once.  Prints a line of JSON: how many answers were good, what became of
 * the others, and the times in us from the request to the answer's end: p50, p99
 * and max of each client's own; end is when 99 % had theirs, by the monotonic
 * clock.
 *
 *   herd port clients target
 *
 * All are connected before the first one asks.
 */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>


#define SECONDS      30
#define EVENTS       256
#define ANSWER_SIZE  16384


typedef struct {
    int       fd;
    size_t    got;
    uint64_t  sent;              /* us */
    uint64_t  ended;             /* us; 0: no good answer */
    char      answer[ANSWER_SIZE];
} client_t;


static uint64_t
now_us(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}


static void
die(const char *what)
{
    fprintf(stderr, "herd: %s: %s\n", what, strerror(errno));
    exit(1);
}


static int
connect_to(int port)
{
    int                 fd, one;
    struct sockaddr_in  to;

    memset(&to, 0, sizeof(to));
    to.sin_family = AF_INET;
    to.sin_port = htons((uint16_t) port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd == -1 || connect(fd, (struct sockaddr *) &to, sizeof(to)) == -1) {
        die("connect");
    }

    one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));

    return fd;
}


static void
ask(client_t *clients, int n, const char *target)
{
    int   i, len;
    char  text[1024];

    len = snprintf(text, sizeof(text),
                   "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);

    for (i = 0; i < n; i++) {
        clients[i].sent = now_us();

        if (write(clients[i].fd, text, (size_t) len) != len) {
            die("write");
        }
    }
}


/* 1: the answer is there; -1: none will be. */

static int
read_some(client_t *c)
{
    char     *head, *length;
    ssize_t   n;

    n = recv(c->fd, c->answer + c->got, sizeof(c->answer) - 1 - c->got,
             MSG_DONTWAIT);

    if (n <= 0) {
        return n == -1 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
    }

    c->got += (size_t) n;
    c->answer[c->got] = '\0';

    head = strstr(c->answer, "\r\n\r\n");
    length = strstr(c->answer, "Content-Length: ");

    if (head == NULL) {
        return 0;
    }

    if (length == NULL || strncmp(c->answer, "HTTP/1.1 200 ", 13) != 0) {
        return -1;
    }

    return c->got >= (size_t) (head + 4 - c->answer) + strtoul(length + 16,
                                                               NULL, 10);
}


static void
collect(client_t *clients, int n, int ep)
{
    int                  i, ready, left, rc;
    uint64_t             end;
    client_t            *c;
    struct epoll_event   events[EVENTS];

    left = n;
    end = now_us() + SECONDS * 1000000ULL;

    while (left && now_us() < end) {
        ready = epoll_wait(ep, events, EVENTS, 100);

        for (i = 0; i < ready; i++) {
            c = &clients[events[i].data.u32];
            rc = read_some(c);

            if (rc == 0) {
                continue;
            }

            c->ended = rc == 1 ? now_us() : 0;
            epoll_ctl(ep, EPOLL_CTL_DEL, c->fd, NULL);
            left--;
        }
    }
}


static int
compare(const void *one, const void *two)
{
    uint64_t  a = *(const uint64_t *) one, b = *(const uint64_t *) two;

    return (a > b) - (a < b);
}


/* Sorted, of the good ones; from 0 on, or from each one's request. */

static int
times_of(const client_t *clients, int n, int own, uint64_t *times)
{
    int  i, good;

    good = 0;

    for (i = 0; i < n; i++) {
        if (clients[i].ended) {
            times[good++] = clients[i].ended - (own ? clients[i].sent : 0);
        }
    }

    qsort(times, (size_t) good, sizeof(*times), compare);

    return good;
}


static void
report(const client_t *clients, int n)
{
    int        good;
    uint64_t  *times;

    times = calloc((size_t) n, sizeof(*times));
    if (times == NULL) {
        die("calloc");
    }

    good = times_of(clients, n, 1, times);

#define at(percent)                                                           \
    (unsigned long long) (good ? times[(good - 1) * (percent) / 100] : 0)

    printf("{\"good\": %d, \"bad\": %d, \"p50\": %llu, \"p99\": %llu, "
           "\"max\": %llu, ", good, n - good, at(50), at(99), at(100));

    good = times_of(clients, n, 0, times);

    printf("\"end\": %llu}\n", at(99));

    free(times);
}


int
main(int argc, char **argv)
{
    int                  i, n, ep;
    client_t            *clients;
    struct epoll_event   ev;

    n = argc == 4 ? atoi(argv[2]) : 0;

    if (n < 1) {
        fprintf(stderr, "usage: herd port clients target\n");
        return 2;
    }

    clients = calloc((size_t) n, sizeof(*clients));
    ep = epoll_create1(0);

    if (clients == NULL || ep == -1) {
        die("no room");
    }

    for (i = 0; i < n; i++) {
        clients[i].fd = connect_to(atoi(argv[1]));

        ev.events = EPOLLIN;
        ev.data.u32 = (uint32_t) i;
        epoll_ctl(ep, EPOLL_CTL_ADD, clients[i].fd, &ev);
    }

    ask(clients, n, argv[3]);
    collect(clients, n, ep);
    report(clients, n);

    return 0;
}
