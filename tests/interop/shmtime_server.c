/* shmtime_server KEY COUNT: answers so many times as a clock in a System V segment, and removes it. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <time.h>

int main(int argc, char **argv)
{
    volatile char *shared;
    int id, i, count;

    if (argc != 3)
        return 2;
    count = atoi(argv[2]);
    id = shmget((key_t)strtol(argv[1], NULL, 0), 128, IPC_CREAT | 0600);
    if (id < 0 || (shared = shmat(id, NULL, 0)) == (void *)-1) {
        perror("shmget");
        return 1;
    }

    puts("ready");
    fflush(stdout);
    for (i = 0; i < count; i++) {
        char text[32];
        time_t now;
        int at;

        while (shared[0] != '?')
            sched_yield();
        now = time(NULL);
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", localtime(&now));
        for (at = (int)strlen(text); at >= 0; at--)
            shared[at] = text[at];
    }

    return shmctl(id, IPC_RMID, NULL) == 0 ? 0 : 1;
}
