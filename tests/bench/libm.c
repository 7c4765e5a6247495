/* The C library's elementary functions. Printed with few digits: the two machines' libraries may round apart. */
#include <math.h>
#include <stdio.h>

int main(void)
{
    double sum = 0;
    for (int i = 1; i <= 8000000; i++) {
        double x = i * 1e-4;
        sum += sin(x) + exp(-x) + log(x) + pow(x, 0.3) + atan2(x, 2.0);
    }
    printf("%.3f\n", sum);
    return 0;
}
