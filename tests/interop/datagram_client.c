/* datagram_client PORT TEXT: sends a datagram of a text and its NUL, and prints the answer. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    struct timeval patience = {.tv_sec = 60};
    char text[4096];
    ssize_t got;
    int s;

    if (argc != 3)
        return 2;
    server.sin_port = htons((unsigned short)atoi(argv[1]));
    s = socket(AF_INET, SOCK_DGRAM, 0);
    if (s < 0 || setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0
        || sendto(s, argv[2], strlen(argv[2]) + 1, 0, (struct sockaddr *)&server, sizeof server) < 0
        || (got = recv(s, text, sizeof text - 1, 0)) < 0) {
        perror("datagram_client");
        return 1;
    }

    text[got] = '\0';
    puts(text);
    close(s);
    return 0;
}
