#define _GNU_SOURCE
#include "meeting.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/un.h>

#define PASSED 3

static void require(bool holds, const char *what)
{
    if (!holds)
    {
        perror(what);
        exit(1);
    }
}

static uint64_t page(void)
{
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

static struct end map(int memory, int index, uint64_t capacity, enum waiting waiting, int bell, int socket)
{
    off_t control = (off_t)(page() * (uint64_t)index);
    off_t data = (off_t)(2 * page() + capacity * (uint64_t)index);
    char *place = mmap(NULL, 2 * capacity, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    require(place != MAP_FAILED, "mmap");
    struct end end = {.data = place, .capacity = capacity, .waiting = waiting, .bell = bell, .socket = socket, .patience = 1};
    end.control = mmap(NULL, page(), PROT_READ | PROT_WRITE, MAP_SHARED, memory, control);
    require(end.control != MAP_FAILED, "mmap");
    for (int i = 0; i < 2; i++)
    {
        require(mmap(place + (uint64_t)i * capacity, capacity, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memory, data) != MAP_FAILED, "mmap");
    }

    return end;
}

static struct meeting settle(const int *passed, int socket, bool is_server, uint64_t capacity, enum waiting waiting)
{
    struct meeting meeting = {.socket = socket};
    meeting.reader = map(passed[0], is_server, capacity, waiting, passed[1 + is_server], socket);
    meeting.writer = map(passed[0], !is_server, capacity, waiting, passed[1 + !is_server], socket);
    return meeting;
}

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    require(strlen(path) < sizeof address.sun_path, "the path is too long");
    strcpy(address.sun_path, path);
    return address;
}

struct meeting meet_client(const char *path, uint64_t capacity, enum waiting waiting)
{
    struct sockaddr_un address = address_of(path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 1) == 0, "listen");
    puts("ready");
    fflush(stdout);
    int socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    require(socket >= 0, "accept");
    close(listener);

    int passed[PASSED] = {memfd_create("ring", MFD_CLOEXEC), eventfd(0, EFD_CLOEXEC), eventfd(0, EFD_CLOEXEC)};
    require(passed[0] >= 0 && ftruncate(passed[0], (off_t)(2 * page() + 2 * capacity)) == 0, "memfd");
    char byte = 0;
    _Alignas(struct cmsghdr) char space[CMSG_SPACE(sizeof passed)] = {0};
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof passed);
    memcpy(CMSG_DATA(rights), passed, sizeof passed);
    require(sendmsg(socket, &message, MSG_NOSIGNAL) == 1, "sendmsg");
    return settle(passed, socket, true, capacity, waiting);
}

struct meeting meet_server(const char *path, uint64_t capacity, enum waiting waiting)
{
    struct sockaddr_un address = address_of(path);
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(connect(server, (struct sockaddr *)&address, sizeof address) == 0, "connect");

    int passed[PASSED];
    char byte;
    _Alignas(struct cmsghdr) char space[CMSG_SPACE(sizeof passed)];
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    require(recvmsg(server, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message) != NULL, "recvmsg");
    memcpy(passed, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof passed);
    return settle(passed, server, false, capacity, waiting);
}
