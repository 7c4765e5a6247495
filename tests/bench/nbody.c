/* Scalar double arithmetic: planets on their orbits. */
#include <math.h>
#include <stdio.h>

#define BODIES 5

struct body {
    double x[3], v[3], mass;
};

static void step(struct body *b, double dt)
{
    for (int i = 0; i < BODIES; i++) {
        for (int j = i + 1; j < BODIES; j++) {
            double d[3], r2 = 0;
            for (int k = 0; k < 3; k++) {
                d[k] = b[i].x[k] - b[j].x[k];
                r2 += d[k] * d[k];
            }
            double f = dt / (r2 * sqrt(r2));
            for (int k = 0; k < 3; k++) {
                b[i].v[k] -= d[k] * b[j].mass * f;
                b[j].v[k] += d[k] * b[i].mass * f;
            }
        }
    }
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < 3; k++)
            b[i].x[k] += dt * b[i].v[k];
}

int main(void)
{
    struct body b[BODIES] = {
        {{0, 0, 0}, {0, 0, 0}, 39.5},      {{1, 0, 0}, {0, 6.2, 0.1}, 1.2e-4},
        {{0, 5.2, 0}, {-2.7, 0, 0}, 0.04}, {{-9.5, 0, 0.3}, {0, -2.0, 0}, 0.01},
        {{0, -19, 0}, {1.4, 0, 0}, 0.002},
    };
    double e = 0;
    for (int i = 0; i < 5000000; i++)
        step(b, 0.0001);
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < 3; k++)
            e += b[i].mass * b[i].v[k] * b[i].v[k] / 2;
    printf("%.3f\n", e);
    return 0;
}
