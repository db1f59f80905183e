/*
 * One side of a measurement of a robust process-shared mutex of the C library, started by Fairlead.Bench like its own workers:
 *
 *   worker server|client alone|handover FILE SOCKET
 *
 * Both say "ready" on stdout. The client measures a round for each line on stdin (its length in milliseconds) and answers with a line of JSON; see Running/Worker.cs.
 * A byte over the socket begins a round for the server where two take turns (handover); the page says when it is over. What a turn is stands in Contenders/TurnPage.cs.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MOST_SAMPLES (1u << 16)
#define TURN 200000 /* nanoseconds inside: the other one is asleep by then */
#define BATCH 1000

struct page
{
    pthread_mutex_t mutex;
    _Atomic uint64_t left;   /* when the last one left */
    _Atomic uint32_t inside; /* who is, or was last */
    _Atomic uint32_t over;   /* the round */
};

static struct page *page;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void enter(void)
{
    int error = pthread_mutex_lock(&page->mutex);
    if (error != 0)
    {
        errno = error;
        fail("pthread_mutex_lock");
    }
}

static void map(const char *path, bool is_server)
{
    int file = open(path, O_RDWR | O_CREAT, 0600);
    if (file < 0 || ftruncate(file, sizeof(struct page)) != 0)
    {
        fail(path);
    }

    page = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (page == MAP_FAILED)
    {
        fail("mmap");
    }

    if (is_server)
    {
        pthread_mutexattr_t how;
        if (pthread_mutexattr_init(&how) != 0 || pthread_mutexattr_setpshared(&how, PTHREAD_PROCESS_SHARED) != 0 || pthread_mutexattr_setrobust(&how, PTHREAD_MUTEX_ROBUST) != 0 || pthread_mutex_init(&page->mutex, &how) != 0)
        {
            fail("pthread_mutex_init");
        }
    }
}

/* Takes turns with the other one until the round is over. Who enters after the other has left notes how long that was ago. */
static uint64_t take_turns(uint32_t me, uint64_t end, uint64_t *samples)
{
    uint64_t count = 0;
    while (atomic_load(&page->over) == 0)
    {
        enter();
        uint64_t entered = now();
        uint32_t before = atomic_exchange(&page->inside, me);
        if (before != me && before != 0 && samples != NULL && count < MOST_SAMPLES)
        {
            samples[count++] = entered - atomic_load(&page->left);
        }

        if (entered >= end)
        {
            atomic_store(&page->over, 1);
        }

        while (now() < entered + TURN)
        {
        }

        atomic_store(&page->left, now());
        pthread_mutex_unlock(&page->mutex);

        /* Else this one would be in again before the other has woken. */
        while (atomic_load(&page->inside) == me && atomic_load(&page->over) == 0)
        {
        }
    }

    return count;
}

static uint64_t enter_and_leave(uint64_t end)
{
    uint64_t count = 0;
    for (; now() < end; count += BATCH)
    {
        for (int i = 0; i < BATCH; i++)
        {
            enter();
            pthread_mutex_unlock(&page->mutex);
        }
    }

    return count;
}

static int order(const void *one, const void *other)
{
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

static struct sockaddr_un address(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof name.sun_path)
    {
        fputs("the path of the socket is too long\n", stderr);
        exit(2);
    }

    strcpy(name.sun_path, path);
    return name;
}

static void serve(const char *path)
{
    struct sockaddr_un name = address(path);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&name, sizeof name) != 0 || listen(listener, 1) != 0)
    {
        fail(path);
    }

    puts("ready");
    fflush(stdout);
    int client = accept(listener, NULL, NULL);
    char byte;
    while (recv(client, &byte, 1, 0) == 1)
    {
        take_turns(2, UINT64_MAX, NULL);
        if (send(client, &byte, 1, MSG_NOSIGNAL) != 1)
        {
            return;
        }
    }
}

static void measure(bool takes_turns, const char *path)
{
    struct sockaddr_un name = address(path);
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(server, (struct sockaddr *)&name, sizeof name) != 0)
    {
        fail(path);
    }

    puts("ready");
    fflush(stdout);
    uint64_t *samples = calloc(MOST_SAMPLES, sizeof *samples);
    double milliseconds;
    while (scanf("%lf", &milliseconds) == 1)
    {
        uint64_t begin = now(), count;
        if (takes_turns)
        {
            char byte = 0;
            do
            {
                atomic_store(&page->inside, 0);
                atomic_store(&page->over, 0);
                if (send(server, &byte, 1, MSG_NOSIGNAL) != 1)
                {
                    exit(1);
                }

                count = take_turns(1, now() + (uint64_t)(milliseconds * 1e6), samples);
                if (recv(server, &byte, 1, 0) != 1)
                {
                    exit(1);
                }
            }
            while (count == 0); /* not one in a whole round: that happens on a machine that does much else */

            qsort(samples, count, sizeof *samples, order);
        }
        else
        {
            count = enter_and_leave(begin + (uint64_t)(milliseconds * 1e6));
        }

        printf("{\"Operations\":%llu,\"Elapsed\":%llu,\"Allocated\":0,\"P50\":%llu,\"P99\":%llu,\"Min\":%llu,\"Max\":%llu}\n",
            (unsigned long long)count, (unsigned long long)(now() - begin),
            (unsigned long long)(takes_turns ? samples[count / 2] : 0), (unsigned long long)(takes_turns ? samples[count * 99 / 100] : 0),
            (unsigned long long)(takes_turns ? samples[0] : 0), (unsigned long long)(takes_turns ? samples[count - 1] : 0));
        fflush(stdout);
    }
}

int main(int count, char **arguments)
{
    if (count != 5)
    {
        fputs("worker server|client alone|handover FILE SOCKET\n", stderr);
        return 2;
    }

    bool is_server = strcmp(arguments[1], "server") == 0;
    map(arguments[3], is_server);
    if (is_server)
    {
        serve(arguments[4]);
    }
    else
    {
        measure(strcmp(arguments[2], "handover") == 0, arguments[4]);
    }

    return 0;
}
