/* fifo_talk IN OUT BLOCK: one side of a talk over two FIFOs, in blocks with garbage behind the NUL. Lines of stdin go to OUT, and the
   texts from IN to stdout, both one after the other: a line, then its answer. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char line[1024], heard[1024];
    size_t block = argc == 4 ? (size_t)atoi(argv[3]) : 0;
    int in, out;

    if (block < 2 || block > sizeof line)
        return 2;
    (void)mkfifo(argv[1], 0600);
    (void)mkfifo(argv[2], 0600);
    out = open(argv[2], O_WRONLY);
    in = open(argv[1], O_RDONLY);
    if (in < 0 || out < 0) {
        perror("open");
        return 1;
    }

    memset(line, '#', sizeof line);
    while (fgets(line, (int)block, stdin) != NULL) {
        size_t have = 0;
        ssize_t got;

        line[strcspn(line, "\n")] = '\0';
        if (write(out, line, block) != (ssize_t)block)
            return 1;
        if (strcmp(line, "end") == 0)
            return 0;
        for (; have < block; have += (size_t)got)
            if ((got = read(in, heard + have, block - have)) <= 0)
                return 1;
        heard[block - 1] = '\0';
        printf("%s\n", heard);
        fflush(stdout);
    }

    return 0;
}
