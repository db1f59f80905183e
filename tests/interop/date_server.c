/* date_server COUNT: serves the date to so many clients over TCP, one after the other, and prints its port first. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof own;
    int count = argc == 2 ? atoi(argv[1]) : 0;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    if (count < 1 || listener < 0 || bind(listener, (struct sockaddr *)&own, size) != 0 || listen(listener, 5) != 0
        || getsockname(listener, (struct sockaddr *)&own, &size) != 0)
        return 2;
    printf("%d\n", ntohs(own.sin_port));
    fflush(stdout);
    while (count-- > 0) {
        char text[32];
        time_t now = time(NULL);
        int client = accept(listener, NULL, NULL);

        if (client < 0)
            return 1;
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", localtime(&now));
        if (write(client, text, strlen(text) + 1) < 0)
            return 1;
        close(client);
    }

    return 0;
}
