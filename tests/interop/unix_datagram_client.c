/* unix_datagram_client SERVER OWN TEXT: binds the path OWN, sends a datagram to the path SERVER, and prints the answer. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_un server = {.sun_family = AF_UNIX}, own = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = 60};
    char text[4096];
    ssize_t got;
    int s;

    if (argc != 4 || strlen(argv[1]) >= sizeof server.sun_path || strlen(argv[2]) >= sizeof own.sun_path)
        return 2;
    strcpy(server.sun_path, argv[1]);
    strcpy(own.sun_path, argv[2]);
    s = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (s < 0 || setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0
        || bind(s, (struct sockaddr *)&own, sizeof own) != 0
        || sendto(s, argv[3], strlen(argv[3]), 0, (struct sockaddr *)&server, sizeof server) < 0
        || (got = recv(s, text, sizeof text - 1, 0)) < 0) {
        perror("unix_datagram_client");
        return 1;
    }

    text[got] = '\0';
    puts(text);
    unlink(argv[2]);
    return 0;
}
