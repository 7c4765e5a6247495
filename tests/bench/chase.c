/* Loads that depend on each other: a list of 256 KiB walked in random order, and a tree. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct node {
    struct node *next, *left, *right;
    uint64_t key;
};

#define N 8192

static struct node node[N];

int main(void)
{
    uint32_t random = 7, order[N];
    uint64_t sum = 0;
    for (uint32_t i = 0; i < N; i++)
        order[i] = i;
    for (uint32_t i = N - 1; i > 0; i--) {
        random = random * 1664525 + 1013904223;
        uint32_t j = (uint32_t)((uint64_t)random * (i + 1) >> 32), t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
    struct node *root = NULL;
    for (uint32_t i = 0; i < N; i++) {
        struct node *n = &node[order[i]], **at = &root;
        n->next = &node[order[(i + 1) % N]];
        n->key = order[i];
        while (*at)
            at = n->key < (*at)->key ? &(*at)->left : &(*at)->right;
        *at = n;
    }
    struct node *n = root;
    for (long i = 0; i < 80000000; i++) {
        sum += n->key;
        n = n->next;
    }
    for (uint64_t key = 0; key < 4000000; key++)
        for (n = root; n && n->key != key % N; n = key % N < n->key ? n->left : n->right)
            sum++;
    printf("%llu\n", (unsigned long long)sum);
    return 0;
}
