/*
 * The baseline of a broadcast: libzmq's publish-subscribe over Unix sockets, started by Fairlead.Bench like its own workers:
 *
 *   worker server|client SIZE READERS SOCKET
 *
 * The server forks so many readers, each with one subscription; the client publishes, waiting for readers that have no room (XPUB_NODROP), and has published a round when every reader has said over a second
 * socket that the last message has come. Both say "ready" on stdout; see Running/Worker.cs.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <signal.h>
#include <zmq.h>

/* As many as Fairlead's subscribers take unread. */
#define ROOM 16384

static uint64_t clock_of(clockid_t which)
{
    struct timespec time;
    clock_gettime(which, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void *open_socket(void *context, int type, bool binds, const char *path, const char *suffix)
{
    char address[512];
    int room = ROOM, verbose = 1;
    void *opened = zmq_socket(context, type);
    snprintf(address, sizeof address, "ipc://%s%s", path, suffix);
    zmq_setsockopt(opened, ZMQ_SNDHWM, &room, sizeof room);
    zmq_setsockopt(opened, ZMQ_RCVHWM, &room, sizeof room);
    if (type == ZMQ_XPUB)
    {
        zmq_setsockopt(opened, ZMQ_XPUB_NODROP, &verbose, sizeof verbose);
        zmq_setsockopt(opened, ZMQ_XPUB_VERBOSE, &verbose, sizeof verbose);
    }

    if ((binds ? zmq_bind(opened, address) : zmq_connect(opened, address)) != 0)
    {
        perror(address);
        exit(1);
    }

    return opened;
}

static void read_all(const char *path, uint64_t size)
{
    void *context = zmq_ctx_new();
    void *reader = open_socket(context, ZMQ_SUB, false, path, "");
    void *back = open_socket(context, ZMQ_PUSH, false, path, "-back");
    zmq_setsockopt(reader, ZMQ_SUBSCRIBE, "t", 1);
    char *message = malloc(1 + size);
    uint64_t due = 0, number;
    while (zmq_recv(reader, message, 1 + size, 0) == (int)(1 + size))
    {
        memcpy(&number, message + 1, sizeof number);
        if (number != due++)
        {
            fputs("a message is missing\n", stderr);
            exit(1);
        }

        if (message[9] != 0)
        {
            zmq_send(back, "", 0, 0);
        }
    }
}

static void serve(const char *path, uint64_t size, int readers)
{
    for (int i = 0; i < readers; i++)
    {
        if (fork() == 0)
        {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            read_all(path, size);
            exit(0);
        }
    }

    puts("ready");
    fflush(stdout);

    /* Ends with the program that started it, and the readers with it. */
    while (getchar() != EOF)
    {
    }
}

static void measure(const char *path, uint64_t size, int readers)
{
    void *context = zmq_ctx_new();
    void *publisher = open_socket(context, ZMQ_XPUB, true, path, "");
    void *back = open_socket(context, ZMQ_PULL, true, path, "-back");
    char *message = calloc(1, 1 + size);
    message[0] = 't';
    for (int i = 0; i < readers; i++)
    {
        char subscription[16];
        zmq_recv(publisher, subscription, sizeof subscription, 0);
    }

    puts("ready");
    fflush(stdout);
    uint64_t number = 0;
    double milliseconds;
    while (scanf("%lf", &milliseconds) == 1)
    {
        uint64_t length = (uint64_t)(milliseconds * 1e6), first = number, batch = 16 * 1024 / size > 1 ? 16 * 1024 / size : 1;
        uint64_t begin = clock_of(CLOCK_MONOTONIC);
        bool is_last = false;
        while (!is_last)
        {
            is_last = clock_of(CLOCK_MONOTONIC) >= begin + length;
            for (uint64_t i = 0; i < (is_last ? 1 : batch); i++)
            {
                memcpy(message + 1, &number, sizeof number);
                message[9] = is_last;
                number++;
                zmq_send(publisher, message, 1 + size, 0);
            }
        }

        for (int i = 0; i < readers; i++)
        {
            zmq_recv(back, NULL, 0, 0);
        }

        uint64_t elapsed = clock_of(CLOCK_MONOTONIC) - begin;
        printf("{\"Operations\":%llu,\"Elapsed\":%llu,\"Allocated\":0,\"P50\":0,\"P99\":0,\"Min\":0,\"Max\":0}\n", (unsigned long long)((number - first) * (uint64_t)readers), (unsigned long long)elapsed);
        fflush(stdout);
    }
}

int main(int count, char **arguments)
{
    if (count != 5)
    {
        fputs("worker server|client SIZE READERS SOCKET\n", stderr);
        return 2;
    }

    uint64_t size = strtoull(arguments[2], NULL, 10);
    int readers = atoi(arguments[3]);
    if (strcmp(arguments[1], "server") == 0)
    {
        serve(arguments[4], size, readers);
    }
    else
    {
        measure(arguments[4], size, readers);
    }

    return 0;
}
