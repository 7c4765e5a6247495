/* The flags of clone(2) and clone3(2) are rows of flags.def. */
#ifndef ABI_CLONE_H
#define ABI_CLONE_H

#include "abi/flags.h"

#endif
