/*
 * Stands between Fairlead and the C library: the n-th of the calls below fails as if the kernel had no memory, all others go through.
 * What cannot fail, or gives something back (close, munmap, epoll_wait, futex), is left alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>

static atomic_int at;
static atomic_int calls;

/* The n-th call from now on fails; 0: none does, and none is counted. */
void fault_arm(int n)
{
    atomic_store(&at, 0);
    atomic_store(&calls, 0);
    atomic_store(&at, n);
}

/* How many there were. */
int fault_calls(void)
{
    return atomic_load(&calls);
}

static int is_due(void)
{
    int n = atomic_load(&at);
    return n != 0 && atomic_fetch_add(&calls, 1) + 1 == n;
}

/* Arguments and results go in registers on all 64-bit Linux machines, whatever their types. */
#define FAULTY(name)                                                                    \
    long name(long a, long b, long c, long d, long e, long f)                           \
    {                                                                                   \
        static long (*real)(long, long, long, long, long, long);                        \
        if (real == 0) {                                                                \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                                  \
        }                                                                               \
        if (is_due()) {                                                                 \
            errno = ENOMEM;                                                             \
            return -1;                                                                  \
        }                                                                               \
        return real(a, b, c, d, e, f);                                                  \
    }

FAULTY(accept4)
FAULTY(bind)
FAULTY(chmod)
FAULTY(connect)
FAULTY(epoll_create1)
FAULTY(epoll_ctl)
FAULTY(eventfd)
FAULTY(fchmod)
FAULTY(fcntl)
FAULTY(flock)
FAULTY(fstatfs)
FAULTY(ftruncate)
FAULTY(getpeername)
FAULTY(getsockname)
FAULTY(getsockopt)
FAULTY(linkat)
FAULTY(listen)
FAULTY(memfd_create)
FAULTY(mkdirat)
FAULTY(mmap)
FAULTY(openat)
FAULTY(pipe2)
FAULTY(pread)
FAULTY(pwrite)
FAULTY(read)
FAULTY(readv)
FAULTY(recvmmsg)
FAULTY(recvmsg)
FAULTY(renameat)
FAULTY(sendmmsg)
FAULTY(sendmsg)
FAULTY(setsockopt)
FAULTY(socket)
FAULTY(socketpair)
FAULTY(statx)
FAULTY(unlinkat)
FAULTY(write)
FAULTY(writev)
