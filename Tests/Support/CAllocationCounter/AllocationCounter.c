// Swift cannot define malloc; that is why this is C. The program's own definitions come before glibc's in symbol lookup, for
// the shared libraries too, and pass every call on to glibc's internal names. Sanitizers have definitions of their own, which must see
// every call.
#include "CAllocationCounter.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__GLIBC__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static __thread int64_t *counter_of_this_thread;
static __thread size_t smallest_of_this_thread;

static void count_one(size_t size) {
  if (counter_of_this_thread && size >= smallest_of_this_thread) {
    __atomic_fetch_add(counter_of_this_thread, 1, __ATOMIC_RELAXED);
  }
}

void *malloc(size_t size) {
  count_one(size);
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  count_one(count * size);
  return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
  count_one(size);
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  count_one(size);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
  *memory = memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}

bool allocations_can_be_counted(void) { return true; }

void count_allocations_of_this_thread(int64_t *counter, size_t smallest) {
  counter_of_this_thread = counter;
  smallest_of_this_thread = smallest;
}

#else

bool allocations_can_be_counted(void) { return false; }
void count_allocations_of_this_thread(int64_t *counter, size_t smallest) { (void)counter, (void)smallest; }

#endif

int64_t allocation_count(const int64_t *counter) { return __atomic_load_n(counter, __ATOMIC_RELAXED); }
