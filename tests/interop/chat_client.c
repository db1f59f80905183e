/* chat_client HOST PORT [BLOCK]: a chat client over TCP. Lines of stdin go to the server, and its texts to stdout.
   With BLOCK it writes its whole buffer for each line, with garbage behind the NUL, and reads as many bytes; otherwise it writes
   the line, its newline and a NUL, and reads up to 1024 bytes at a time. The line "end" is the last one. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINE = 1024 };

static char from_server[2 * LINE];
static size_t have;

/* Prints the whole texts that have arrived. */
static void show(size_t block)
{
    if (block != 0) {
        for (; have >= block; memmove(from_server, from_server + block, have -= block)) {
            from_server[block - 1] = '\0';
            printf("%s\n", from_server);
        }
    } else {
        size_t i;

        for (i = 0; i < have; i++)
            if (from_server[i] != '\0')
                putchar(from_server[i]);
        have = 0;
    }

    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct sockaddr_in server = {.sin_family = AF_INET};
    size_t block = argc == 4 ? (size_t)atoi(argv[3]) : 0;
    char line[LINE];
    int s;

    if (argc < 3 || argc > 4 || block > LINE || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1)
        return 2;
    server.sin_port = htons((unsigned short)atoi(argv[2]));
    s = socket(AF_INET, SOCK_STREAM, 0);
    if (s < 0 || connect(s, (struct sockaddr *)&server, sizeof server) != 0) {
        perror("connect");
        return 1;
    }

    memset(line, '#', sizeof line);
    setvbuf(stdin, NULL, _IONBF, 0);
    for (;;) {
        struct pollfd ready[2] = {{.fd = s, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};

        if (poll(ready, 2, -1) < 0)
            return 1;
        if (ready[0].revents != 0) {
            ssize_t got = read(s, from_server + have, block != 0 ? sizeof from_server - have : LINE);

            if (got <= 0)
                return got < 0;
            have += (size_t)got;
            show(block);
        }

        if (ready[1].revents != 0) {
            size_t length;

            if (fgets(line, block != 0 ? (int)block : LINE - 1, stdin) == NULL)
                return 0;
            length = block != 0 ? block : strlen(line) + 1;
            if (write(s, line, length) != (ssize_t)length)
                return 1;
            if (strcmp(line, "end\n") == 0)
                return 0;
        }
    }
}
