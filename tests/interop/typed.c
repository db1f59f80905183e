/* typed PATH: the other side of typing.c: it makes the FIFO, reads buffers of 1,024 bytes and prints the text before their NUL. "end" ends it. */
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
    printf("ready\n");
    fflush(stdout);
    fd = open(argv[1], O_RDONLY);
    if (fd < 0) {
        perror("open");
        return 1;
    }
    while (read(fd, line, sizeof line) == (ssize_t)sizeof line) {
        line[sizeof line - 1] = '\0';
        printf("pipe input: %s", line);
        fflush(stdout);
        if (strcmp(line, "end\n") == 0)
            return 0;
    }
    return 0;
}
