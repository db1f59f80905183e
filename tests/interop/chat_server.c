/* chat_server [BLOCK]: a chat server over TCP for one client after the other. It prints its port, then the texts of its client.
   Lines of stdin go to the client. With BLOCK both sides write whole blocks. It ends with its client. */
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINE = 1024 };

int main(int argc, char **argv)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof own;
    size_t block = argc == 2 ? (size_t)atoi(argv[1]) : 0, have = 0;
    int listener = socket(AF_INET, SOCK_STREAM, 0), client;
    char line[LINE], heard[2 * LINE];

    if (block > LINE || listener < 0 || bind(listener, (struct sockaddr *)&own, size) != 0 || listen(listener, 5) != 0
        || getsockname(listener, (struct sockaddr *)&own, &size) != 0)
        return 2;
    printf("%d\n", ntohs(own.sin_port));
    fflush(stdout);
    client = accept(listener, NULL, NULL);
    if (client < 0)
        return 1;
    memset(line, '#', sizeof line);
    setvbuf(stdin, NULL, _IONBF, 0);
    for (;;) {
        struct pollfd ready[2] = {{.fd = client, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};

        if (poll(ready, 2, -1) < 0)
            return 1;
        if (ready[0].revents != 0) {
            ssize_t got = read(client, heard + have, sizeof heard - have);
            size_t i;

            if (got <= 0)
                return got < 0;
            have += (size_t)got;
            if (block != 0) {
                for (; have >= block; memmove(heard, heard + block, have -= block)) {
                    heard[block - 1] = '\0';
                    printf("%s\n", heard);
                }
            } else {
                for (i = 0; i < have; i++)
                    if (heard[i] != '\0')
                        putchar(heard[i]);
                have = 0;
            }

            fflush(stdout);
        }

        if (ready[1].revents != 0) {
            size_t length;

            if (fgets(line, block != 0 ? (int)block : LINE - 1, stdin) == NULL)
                return 0;
            length = block != 0 ? block : strlen(line) + 1;
            if (write(client, line, length) != (ssize_t)length)
                return 1;
        }
    }
}
