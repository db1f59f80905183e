/*
 * One side of a measurement, started by Fairlead.Bench like its own workers:
 *
 *   worker server|client spin|futex|brief|poll echo|copied|loaned SIZE CAPACITY SILENCE-MICROSECONDS SOCKET
 *
 * Both say "ready" on stdout. The client measures a round for each line on stdin (its length in milliseconds) and answers with a line of JSON; see Running/Worker.cs.
 * A byte over the socket begins a round for the server, which rests in between: a server that spins would take a processor from whoever is measured next. A record of length 0 ends it.
 */
#include "meeting.h"

#include <stdio.h>
#include <string.h>

/*
 * A reader of short messages that looks all the time fetches the line of the position for every single one, which costs the writer more than writing the message: looking every few microseconds
 * lets some come together, and makes the stream several times faster.
 */
#define STREAM_PATIENCE 256
#define SHORT 4096

#define MOST_SAMPLES (1u << 21)

enum work
{
    ECHO,   /* there and back */
    COPIED, /* one way, copied in and out */
    LOANED, /* one way, written and read in place */
};

static enum work work;
static uint64_t size;
static uint64_t silence;

static int order(const void *one, const void *other)
{
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

/* Looks at each cache line. */
static uint64_t touch(const char *bytes, uint64_t length)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i + 8 <= length; i += 64)
    {
        sum += *(const volatile uint64_t *)(bytes + i);
    }

    return sum;
}

/* Ordinary stores of a word, as a program makes them that builds a message in place; a routine of the C library has faster ways to clear memory. */
static void fill(char *bytes, uint64_t number)
{
    volatile uint64_t *words = (volatile uint64_t *)bytes;
    for (uint64_t i = 0; i < size / 8; i++)
    {
        words[i] = number + i;
    }
}

static void give(struct end *writer, const char *bytes, uint64_t length)
{
    memcpy(ring_reserve(writer, length), bytes, length);
    ring_publish(writer, length);
}

static void take(struct end *reader, char *into)
{
    uint64_t length;
    char *record = ring_read(reader, &length);
    memcpy(into, record, length);
    ring_release(reader, length);
}

static void serve(struct meeting *meeting)
{
    char *message = calloc(1, size);
    uint64_t due = 0;
    char byte;
    while (recv(meeting->socket, &byte, 1, 0) == 1)
    {
        while (true)
        {
            uint64_t length;
            char *record = ring_read(&meeting->reader, &length);
            if (length == 0)
            {
                ring_release(&meeting->reader, 0);
                break;
            }

            if (work == ECHO)
            {
                memcpy(message, record, length);
                ring_release(&meeting->reader, length);
                give(&meeting->writer, message, length);
                continue;
            }

            bool is_last = record[8] != 0;
            if (*(const uint64_t *)record != due++)
            {
                fputs("a message is missing\n", stderr);
                exit(1);
            }

            if (work == LOANED)
            {
                touch(record, length);
            }
            else
            {
                memcpy(message, record, length);
                *(volatile char *)message;
            }

            ring_release(&meeting->reader, length);
            if (is_last)
            {
                give(&meeting->writer, "", 1);
            }
        }
    }
}

static uint64_t measure_calls(struct meeting *meeting, uint64_t length, uint64_t *samples, uint64_t *elapsed)
{
    char *request = calloc(1, size);
    char *reply = calloc(1, size);
    uint64_t count = 0, begin = now(), time = begin;
    while (time < begin + length && count < MOST_SAMPLES)
    {
        uint64_t start = time;
        if (silence > 0)
        {
            struct timespec pause = {.tv_sec = (time_t)(silence / 1000000), .tv_nsec = (long)(silence % 1000000 * 1000)};
            nanosleep(&pause, NULL);
            start = now();
        }

        memcpy(request, &count, sizeof count);
        give(&meeting->writer, request, size);
        take(&meeting->reader, reply);
        time = now();
        samples[count] = time - start;
        if (memcmp(reply, &count, sizeof count) != 0)
        {
            fputs("the reply is another call's\n", stderr);
            exit(1);
        }

        count++;
    }

    *elapsed = time - begin;
    free(request);
    free(reply);
    qsort(samples, count, sizeof *samples, order);
    return count;
}

static uint64_t measure_stream(struct meeting *meeting, uint64_t length, uint64_t *number, uint64_t *elapsed)
{
    char *message = calloc(1, size);
    uint64_t first = *number, begin = now(), batch = 16 * 1024 / size > 1 ? 16 * 1024 / size : 1;
    bool is_last = false;
    while (!is_last)
    {
        is_last = now() >= begin + length;
        for (uint64_t i = 0; i < (is_last ? 1 : batch); i++)
        {
            char *body = work == LOANED ? ring_reserve(&meeting->writer, size) : message;
            if (work == LOANED)
            {
                fill(body, *number);
            }

            memcpy(body, number, sizeof *number);
            body[8] = is_last;
            ++*number;
            if (work == LOANED)
            {
                ring_publish(&meeting->writer, size);
            }
            else
            {
                give(&meeting->writer, message, size);
            }
        }
    }

    char receipt;
    take(&meeting->reader, &receipt);
    *elapsed = now() - begin;
    free(message);
    return *number - first;
}

static void measure(struct meeting *meeting)
{
    uint64_t *samples = calloc(MOST_SAMPLES, sizeof *samples);
    uint64_t number = 0;
    double milliseconds;
    while (scanf("%lf", &milliseconds) == 1)
    {
        uint64_t elapsed, count, length = (uint64_t)(milliseconds * 1e6);
        if (send(meeting->socket, "", 1, MSG_NOSIGNAL) != 1)
        {
            exit(1);
        }

        bool is_echo = work == ECHO;
        count = is_echo ? measure_calls(meeting, length, samples, &elapsed) : measure_stream(meeting, length, &number, &elapsed);
        give(&meeting->writer, "", 0);
        printf("{\"Operations\":%llu,\"Elapsed\":%llu,\"Allocated\":0,\"P50\":%llu,\"P99\":%llu,\"Min\":%llu,\"Max\":%llu}\n",
            (unsigned long long)count, (unsigned long long)elapsed,
            (unsigned long long)(is_echo ? samples[count / 2] : 0), (unsigned long long)(is_echo ? samples[count * 99 / 100] : 0),
            (unsigned long long)(is_echo ? samples[0] : 0), (unsigned long long)(is_echo ? samples[count - 1] : 0));
        fflush(stdout);
    }
}

static int find(const char *what, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
    {
        if (strcmp(what, names[i]) == 0)
        {
            return i;
        }
    }

    fprintf(stderr, "%s?\n", what);
    exit(2);
}

int main(int count, char **arguments)
{
    static const char *const waits[] = {"spin", "futex", "brief", "poll"};
    static const char *const works[] = {"echo", "copied", "loaned"};
    if (count != 8)
    {
        fputs("worker server|client WAITING WORK SIZE CAPACITY SILENCE SOCKET\n", stderr);
        return 2;
    }

    enum waiting waiting = (enum waiting)find(arguments[2], waits, 4);
    work = (enum work)find(arguments[3], works, 3);
    size = strtoull(arguments[4], NULL, 10);
    uint64_t capacity = strtoull(arguments[5], NULL, 10);
    silence = strtoull(arguments[6], NULL, 10);
    if (strcmp(arguments[1], "server") == 0)
    {
        struct meeting meeting = meet_client(arguments[7], capacity, waiting);
        meeting.reader.patience = work != ECHO && size < SHORT ? STREAM_PATIENCE : 1;
        serve(&meeting);
    }
    else
    {
        struct meeting meeting = meet_server(arguments[7], capacity, waiting);
        puts("ready");
        fflush(stdout);
        measure(&meeting);
    }

    return 0;
}
