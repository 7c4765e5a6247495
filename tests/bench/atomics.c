/* Two threads: atomic additions, compare-and-swap loops, a spinlock and a mutex. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static atomic_long counter, maximum;
static atomic_flag spin = ATOMIC_FLAG_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long plain;

static void *work(void *arg)
{
    for (long i = 0; i < 12000000; i++) {
        atomic_fetch_add_explicit(&counter, i & 3, memory_order_relaxed);
        long seen = atomic_load(&maximum);
        while (seen < i && !atomic_compare_exchange_weak(&maximum, &seen, i))
            ;
        if (i % 16 == 0) {
            while (atomic_flag_test_and_set_explicit(&spin, memory_order_acquire))
                ;
            plain++;
            atomic_flag_clear_explicit(&spin, memory_order_release);
        }
        if (i % 16 == 8) {
            pthread_mutex_lock(&mutex);
            counter += 1;
            pthread_mutex_unlock(&mutex);
        }
    }
    return arg;
}

int main(void)
{
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, work, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    printf("%ld %ld %ld\n", counter, maximum, plain);
    return 0;
}
