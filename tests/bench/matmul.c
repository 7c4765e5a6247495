/* test: cflags=-O3 */
/* Vector arithmetic: matrices of float, which the compiler vectorises. */
#include <stdio.h>

#define N 384

static float a[N][N], b[N][N], c[N][N];

int main(void)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i][j] = (float)((i * 7 + j) % 13);
            b[i][j] = (float)((i + j * 5) % 11);
        }
    for (int round = 0; round < 90; round++)
        for (int i = 0; i < N; i++)
            for (int k = 0; k < N; k++) {
                float f = a[i][k];
                for (int j = 0; j < N; j++)
                    c[i][j] += f * b[k][j];
            }
    double sum = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            sum += c[i][j];
    printf("%.1f\n", sum);
    return 0;
}
