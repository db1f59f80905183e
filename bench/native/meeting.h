/* Where the two processes meet: a Unix socket, over which the server passes the memory of both directions and the two eventfds. */
#ifndef MEETING_H
#define MEETING_H

#include "ring.h"

struct meeting
{
    struct end writer;
    struct end reader;
    int socket;
};

/* Listens, says so on stdout, and waits for one client. */
struct meeting meet_client(const char *path, uint64_t capacity, enum waiting waiting);

struct meeting meet_server(const char *path, uint64_t capacity, enum waiting waiting);

#endif
