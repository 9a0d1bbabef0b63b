// Counts the heap allocations of chosen threads, so that tests can say "this allocates nothing".
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether this platform's allocator can be counted.
bool allocations_can_be_counted(void);

/// From now on every malloc, calloc, realloc and aligned allocation of the calling thread of at least `smallest` bytes adds
/// one to `*counter`, whoever else counts there; NULL ends it.
void count_allocations_of_this_thread(int64_t *counter, size_t smallest);

/// The count so far.
int64_t allocation_count(const int64_t *counter);
