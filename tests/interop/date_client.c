/* date_client HOST PORT: prints what a date server over TCP sends, up to its NUL. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in server = {.sin_family = AF_INET};
    char text[1024];
    size_t length = 0;
    ssize_t got;
    int s;

    if (argc != 3 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1)
        return 2;
    server.sin_port = htons((unsigned short)atoi(argv[2]));
    s = socket(AF_INET, SOCK_STREAM, 0);
    if (s < 0 || connect(s, (struct sockaddr *)&server, sizeof server) != 0) {
        perror("connect");
        return 1;
    }

    /* To the end of the connection: the server closes it. */
    while (length < sizeof text && (got = read(s, text + length, sizeof text - length)) > 0)
        length += (size_t)got;
    close(s);
    if (length == 0 || text[length - 1] != '\0') {
        fprintf(stderr, "no NUL at the end of %zu bytes\n", length);
        return 1;
    }

    puts(text);
    return 0;
}
