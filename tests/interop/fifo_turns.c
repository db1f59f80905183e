/* fifo_turns PATH first|second BLOCK: a talk in turns over one FIFO. The side that is first writes a line of stdin; then each side reads and
   writes in turn, and opens and closes the FIFO for each line. It writes its whole buffer, with the rest of longer lines behind the NUL. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int says(const char *path, size_t block)
{
    static char line[1024] = "################################################################";
    int fd = open(path, O_WRONLY);
    int ends;

    if (fd < 0 || fgets(line, (int)block, stdin) == NULL)
        return 0;
    if (write(fd, line, block) != (ssize_t)block) {
        perror("write");
        exit(1);
    }
    ends = strcmp(line, "end\n") == 0;
    close(fd);
    return !ends;
}

static int hears(const char *path, size_t block)
{
    char heard[1024];
    int fd = open(path, O_RDONLY);
    ssize_t got = fd < 0 ? -1 : read(fd, heard, block);

    if (got <= 0) {
        printf("(read %zd)\n", got);
        return 0;
    }
    heard[got < (ssize_t)block ? got : (ssize_t)block - 1] = '\0';
    printf("%s", heard);
    fflush(stdout);
    close(fd);
    return strcmp(heard, "end\n") != 0;
}

int main(int argc, char **argv)
{
    size_t block = argc == 4 ? (size_t)atoi(argv[3]) : 0;

    if (block < 2 || block > 1024)
        return 2;
    (void)mkfifo(argv[1], 0666);
    if (strcmp(argv[2], "first") == 0 && !says(argv[1], block))
        return 0;
    while (hears(argv[1], block) && says(argv[1], block))
        ;
    return 0;
}
