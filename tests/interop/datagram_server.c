/* datagram_server N: answers N datagrams with their own bytes, the first byte in upper case, over UDP. It prints its port first. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in peer;
    socklen_t length = sizeof own;
    char datagram[1024];
    int left = argc == 2 ? atoi(argv[1]) : 1;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) != 0 || getsockname(fd, (struct sockaddr *)&own, &length) != 0) {
        perror("bind");
        return 1;
    }
    printf("%d\n", ntohs(own.sin_port));
    fflush(stdout);
    while (left-- > 0) {
        socklen_t size = sizeof peer;
        ssize_t got = recvfrom(fd, datagram, sizeof datagram, 0, (struct sockaddr *)&peer, &size);

        if (got < 0)
            return 1;
        datagram[0] = (char)toupper((unsigned char)datagram[0]);
        if (sendto(fd, datagram, (size_t)got, 0, (struct sockaddr *)&peer, size) != got)
            return 1;
    }
    return 0;
}
