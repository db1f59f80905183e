/* echo_udp_client HOST PORT COUNT: sends so many datagrams, one after the other, and compares what comes back. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in server = {.sin_family = AF_INET};
    struct timeval patience = {.tv_sec = 60};
    int s, i, count;

    if (argc != 4 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1)
        return 2;
    server.sin_port = htons((unsigned short)atoi(argv[2]));
    count = atoi(argv[3]);
    s = socket(AF_INET, SOCK_DGRAM, 0);
    if (s < 0 || setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)
        return 1;
    for (i = 0; i < count; i++) {
        char sent[1024], heard[2048];
        int length = snprintf(sent, sizeof sent, "datagram %d", i);
        ssize_t got;

        if (sendto(s, sent, (size_t)length, 0, (struct sockaddr *)&server, sizeof server) != length) {
            perror("sendto");
            return 1;
        }

        got = recv(s, heard, sizeof heard, 0);
        if (got != length || memcmp(sent, heard, (size_t)length) != 0) {
            fprintf(stderr, "datagram %d came back with %zd bytes\n", i, got);
            return 1;
        }
    }

    printf("%d\n", count);
    return 0;
}
