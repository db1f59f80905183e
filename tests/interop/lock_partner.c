/* A program that knows nothing of Fairlead, and shares a lock with it.
 *
 * lock_partner sysv KEY DATA    a System V semaphore, with SEM_UNDO
 * lock_partner file PATH DATA   flock(2)
 *
 * Obeys lines: "make COUNT VALUE" creates a set (without a value if that is negative), "enter", "leave", "add COUNT" (each time: enter,
 * add one to the number in DATA, leave). Answers "ok". Ends with its input.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <unistd.h>

static int is_sysv;
static key_t key;
static int file = -1;

static int fail(const char *what)
{
    perror(what);
    exit(1);
}

static void change(int by)
{
    int id = semget(key, 0, 0);
    struct sembuf operation = {0, (short)by, SEM_UNDO};
    if (id < 0 || semop(id, &operation, 1) != 0)
        fail("semop");
}

static void enter(void)
{
    if (is_sysv)
        change(-1);
    else if (flock(file, LOCK_EX) != 0)
        fail("flock");
}

static void leave(void)
{
    if (is_sysv)
        change(1);
    else if (flock(file, LOCK_UN) != 0)
        fail("flock");
}

static void make(int count, int value)
{
    int id = semget(key, count, IPC_CREAT | IPC_EXCL | 0600);
    if (id < 0)
        fail("semget");
    for (int i = 0; value >= 0 && i < count; i++)
        if (semctl(id, i, SETVAL, value) != 0)
            fail("semctl");
}

static void add(const char *path)
{
    long number = 0;
    int data = open(path, O_RDWR);
    enter();
    if (data < 0 || pread(data, &number, sizeof number, 0) != (ssize_t)sizeof number)
        fail(path);
    number++;
    if (pwrite(data, &number, sizeof number, 0) != (ssize_t)sizeof number)
        fail(path);
    leave();
    close(data);
}

int main(int argc, char **argv)
{
    char line[100];
    int count, value;
    if (argc != 4)
        return 2;
    is_sysv = strcmp(argv[1], "sysv") == 0;
    if (is_sysv)
        key = (key_t)strtol(argv[2], NULL, 0);
    else if ((file = open(argv[2], O_RDONLY | O_CREAT, 0600)) < 0)
        fail(argv[2]);
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "make %d %d", &count, &value) == 2)
            make(count, value);
        else if (strcmp(line, "enter\n") == 0)
            enter();
        else if (strcmp(line, "leave\n") == 0)
            leave();
        else if (sscanf(line, "add %d", &count) == 1)
            while (count-- > 0)
                add(argv[3]);
        else
            return 2;
        puts("ok");
        fflush(stdout);
    }
    return 0;
}
