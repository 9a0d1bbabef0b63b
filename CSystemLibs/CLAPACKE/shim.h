// Swift does not import C complex types, and the game solver needs none.
#include <lapacke.h>
