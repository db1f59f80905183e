/*
 * A ring of variable-length records between one writer and one reader in shared memory: what C makes of the shape that shm:// has. No protocol above it: no credit, no acknowledgements, no
 * peers that are not trusted. It is what the figures of Fairlead are held against, and nothing else.
 *
 *   0  tail      writer: position behind the last published record
 * 128  head      reader: position before which all has been given back
 * 256  sleeper   1 while the reader sleeps
 *
 * A record is its length in 8 bytes and its body, up to the next 8 bytes. The data is mapped twice in a row, so that no record is cut.
 */
#ifndef RING_H
#define RING_H

#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum waiting
{
    SPIN,   /* looks without end */
    FUTEX,  /* sleeps on the memory at once */
    BRIEF,  /* looks for 50 us, then sleeps on the memory */
    POLL,   /* sleeps in poll() on an eventfd */
};

struct control
{
    _Alignas(128) _Atomic uint64_t tail;
    _Alignas(128) _Atomic uint64_t head;
    _Alignas(128) _Atomic uint32_t sleeper;
};

/* One end of one direction; each process has a writer and a reader. */
struct end
{
    struct control *control;
    char *data;
    uint64_t capacity;
    enum waiting waiting;
    int bell;          /* the eventfd behind which the reader sleeps */
    int socket;        /* its end is the peer's */
    uint64_t position; /* written, or read, up to here */
    uint64_t seen;     /* the other side's position when it was last looked at */
    uint64_t given;    /* reader: given back up to here */
    unsigned patience; /* how long it pauses between two looks when it spins */
};

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

static inline uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline uint64_t whole(uint64_t length)
{
    return (8 + length + 7) & ~(uint64_t)7;
}

/* Whoever spins asks now and then whether the other side is still there. */
static inline void leave_if_alone(const struct end *end)
{
    char byte;
    if (recv(end->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
    {
        exit(0);
    }
}

static inline char *ring_reserve(struct end *writer, uint64_t length)
{
    uint64_t needed = whole(length);
    for (unsigned tries = 1; writer->capacity - (writer->position - writer->seen) < needed; tries++)
    {
        writer->seen = atomic_load_explicit(&writer->control->head, memory_order_acquire);
        if (writer->capacity - (writer->position - writer->seen) < needed)
        {
            relax();
            if (tries % 65536 == 0)
            {
                leave_if_alone(writer);
            }
        }
    }

    return writer->data + (writer->position & (writer->capacity - 1)) + 8;
}

static inline void ring_publish(struct end *writer, uint64_t length)
{
    *(uint64_t *)(writer->data + (writer->position & (writer->capacity - 1))) = length;
    writer->position += whole(length);
    atomic_store_explicit(&writer->control->tail, writer->position, memory_order_release);
    if (writer->waiting == SPIN)
    {
        return;
    }

    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&writer->control->sleeper, memory_order_relaxed) != 0 && atomic_exchange(&writer->control->sleeper, 0) != 0)
    {
        if (writer->waiting == POLL)
        {
            uint64_t one = 1;
            if (write(writer->bell, &one, sizeof one) < 0)
            {
                exit(1);
            }
        }
        else
        {
            syscall(SYS_futex, &writer->control->sleeper, FUTEX_WAKE, 1, NULL, NULL, 0);
        }
    }
}

static inline void ring_sleep(struct end *reader)
{
    atomic_store(&reader->control->sleeper, 1);
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&reader->control->tail, memory_order_acquire) != reader->position)
    {
        atomic_store(&reader->control->sleeper, 0);
        return;
    }

    if (reader->waiting == POLL)
    {
        struct pollfd both[2] = {{.fd = reader->bell, .events = POLLIN}, {.fd = reader->socket, .events = POLLIN}};
        poll(both, 2, -1);
        uint64_t count;
        if ((both[0].revents & POLLIN) != 0 && read(reader->bell, &count, sizeof count) < 0)
        {
            exit(1);
        }
    }
    else
    {
        /* Awake now and then, to see whether the other side is still there. */
        struct timespec second = {.tv_sec = 1};
        syscall(SYS_futex, &reader->control->sleeper, FUTEX_WAIT, 1, &second, NULL, 0);
    }

    atomic_store(&reader->control->sleeper, 0);
    leave_if_alone(reader);
}

/* The next record, waiting for it. */
static inline char *ring_read(struct end *reader, uint64_t *length)
{
    if (reader->position == reader->seen)
    {
        uint64_t until = reader->waiting == BRIEF ? now() + 50000 : 0;
        for (unsigned tries = 1; (reader->seen = atomic_load_explicit(&reader->control->tail, memory_order_acquire)) == reader->position; tries++)
        {
            if (reader->waiting == SPIN)
            {
                for (unsigned i = 0; i < reader->patience; i++)
                {
                    relax();
                }

                if (tries % 65536 == 0)
                {
                    leave_if_alone(reader);
                }
            }
            else if (reader->waiting == BRIEF && (tries % 64 != 0 || now() < until))
            {
                relax();
            }
            else
            {
                ring_sleep(reader);
            }
        }
    }

    char *record = reader->data + (reader->position & (reader->capacity - 1));
    *length = *(uint64_t *)record;
    return record + 8;
}

/* Gives the record that was read back: at once when nothing lies behind it, else some at a time. */
static inline void ring_release(struct end *reader, uint64_t length)
{
    reader->position += whole(length);
    if (reader->position == reader->seen || reader->position - reader->given >= reader->capacity / 8)
    {
        reader->given = reader->position;
        atomic_store_explicit(&reader->control->head, reader->position, memory_order_release);
    }
}

#endif
