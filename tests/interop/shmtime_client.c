/* shmtime_client KEY COUNT: asks the clock in a System V segment so many times, and prints its last answer. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

int main(int argc, char **argv)
{
    volatile char *shared;
    char text[128];
    int id, i, count;

    if (argc != 3)
        return 2;
    count = atoi(argv[2]);
    id = shmget((key_t)strtol(argv[1], NULL, 0), 128, 0);
    if (id < 0 || (shared = shmat(id, NULL, 0)) == (void *)-1) {
        perror("shmget");
        return 1;
    }

    for (i = 0; i < count; i++) {
        shared[0] = '?';
        while (shared[0] == '?')
            sched_yield();
        memcpy(text, (const char *)shared, sizeof text);
        if (strlen(text) != 19 || text[4] != '-' || text[13] != ':') {
            fprintf(stderr, "answer %d is '%.127s'\n", i, text);
            return 1;
        }
    }

    puts(text);
    return 0;
}
