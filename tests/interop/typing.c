/* typing PATH: types lines of stdin into a FIFO for a chat that runs in another window. It writes its whole buffer each time, with whatever
   stood behind the NUL before: the rest of longer lines. The line "end" is the last one. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char line[1024];
    int fd;

    if (argc != 2)
        return 2;
    (void)mkfifo(argv[1], 0666);
    memset(line, '#', sizeof line);
    fd = open(argv[1], O_WRONLY);
    if (fd < 0) {
        perror("open");
        return 1;
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (write(fd, line, sizeof line) != (ssize_t)sizeof line) {
            perror("write");
            return 1;
        }
        printf("typed %s", line);
        fflush(stdout);
        if (strcmp(line, "end\n") == 0)
            return 0;
    }
    return 0;
}
