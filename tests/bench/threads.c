/*
 * Two threads (or as many as the argument says), each with the same work on what is its own and on what is shared:
 * atomics, mutexes, malloc and free, threads that begin and end.
 * One and two threads take the same time where two processors are free and nothing serialises.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_THREADS = 8, BLOCKS = 512 };

static struct own {
    _Alignas(128) atomic_long counter;
    pthread_mutex_t mutex;
    long guarded;
    void *block[BLOCKS];
    unsigned random;
} own[MAX_THREADS];

static pthread_mutex_t shared_mutex = PTHREAD_MUTEX_INITIALIZER;
static _Alignas(128) long shared;

static void *nothing(void *arg)
{
    return arg;
}

static void *work(void *arg)
{
    struct own *o = arg;

    for (long i = 0; i < 6000000; i++) {
        atomic_fetch_add(&o->counter, i & 7);
        pthread_mutex_lock(&o->mutex);
        o->guarded += i & 3;
        pthread_mutex_unlock(&o->mutex);
        if (i % 4096 == 0) {
            pthread_mutex_lock(&shared_mutex);
            shared++;
            pthread_mutex_unlock(&shared_mutex);
        }
        o->random = o->random * 1103515245 + 12345;
        unsigned at = o->random >> 16 & (BLOCKS - 1);
        free(o->block[at]);
        o->block[at] = malloc(16 + (o->random >> 8 & 511));
    }
    for (int i = 0; i < 300; i++) {
        pthread_t t;
        pthread_create(&t, NULL, nothing, NULL);
        pthread_join(t, NULL);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 2;
    pthread_t t[MAX_THREADS];
    long sum = 0;

    for (int i = 0; i < threads; i++) {
        pthread_mutex_init(&own[i].mutex, NULL);
        own[i].random = (unsigned)i;
        pthread_create(&t[i], NULL, work, &own[i]);
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(t[i], NULL);
        sum += own[i].counter + own[i].guarded;
    }
    printf("%ld %ld\n", sum, shared);
    return 0;
}
