/* stream_client PORT TEXT: connects over TCP, sends a text and its NUL, ends its direction, and prints what comes back. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    char text[4096];
    size_t have = 0;
    ssize_t got;
    int s;

    if (argc != 3)
        return 2;
    server.sin_port = htons((unsigned short)atoi(argv[1]));
    s = socket(AF_INET, SOCK_STREAM, 0);
    if (s < 0 || connect(s, (struct sockaddr *)&server, sizeof server) != 0) {
        perror("connect");
        return 1;
    }

    if (write(s, argv[2], strlen(argv[2]) + 1) < 0 || shutdown(s, SHUT_WR) != 0)
        return 1;
    while (have < sizeof text - 1 && (got = read(s, text + have, sizeof text - 1 - have)) > 0)
        have += (size_t)got;
    text[have] = '\0';
    puts(text);
    close(s);
    return 0;
}
