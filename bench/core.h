/*
 * What a process has of the machine's cores: which one, and how long it waited
 * for it.  Others use them too, and a measurement should not count that.
 */

#ifndef HC_BENCH_CORE_H_INCLUDED_
#define HC_BENCH_CORE_H_INCLUDED_


#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>


/* For core_waited(), in the process that asks; -1: not to be had. */

static inline int
core_open(void)
{
    return open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
}


/* ns this process was ready and had no core; 0 where it is not known. */

static inline uint64_t
core_waited(int fd)
{
    ssize_t             n;
    char                text[128];
    unsigned long long  waited;

    n = pread(fd, text, sizeof(text) - 1, 0);

    if (n <= 0) {
        return 0;
    }

    text[n] = '\0';

    return sscanf(text, "%*u %llu", &waited) == 1 ? waited : 0;
}


#endif /* HC_BENCH_CORE_H_INCLUDED_ */
