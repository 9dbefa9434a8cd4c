/* The threads of a block as fibres: see cu-host.h. A fibre runs one thread after another until one has to wait; then the next thread
 * gets a fibre of its own. So kernels without barriers cost a call a thread. Every switch is announced to the address sanitizer. */
#include "kernels/host/cu-host.h"

#include <deque>
#include <mutex>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <vector>

#ifndef __x86_64__
#include <ucontext.h>
#endif

#if defined __SANITIZE_ADDRESS__
#define C2L_ASAN 1
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define C2L_ASAN 1
#endif
#endif
#ifdef C2L_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace cu_host
{
namespace
{
constexpr size_t STACK = 256 << 10;
constexpr unsigned WARP = 32;

/* Copies that a thread has begun, oldest first; a group ends where @groups says. */
struct Copies
{
  struct Copy { void *to; const void *from; size_t size; };
  std::vector<Copy> copies;
  std::vector<size_t> groups;
};

struct Fibre
{
  Thread thread;
  Copies copies;
  char *stack;
#ifdef __x86_64__
  void *sp;
#else
  ucontext_t context;
#endif
  void *fake_stack; /* the sanitizer's */
};

struct Warp
{
  unsigned live, arrived, mask, generation;
  std::vector<Fibre *> waiting;
  alignas (16) char slots[2][WARP * SLOT];
};

struct Scheduler
{
  Fibre main;
  const void *main_stack = nullptr;
  size_t main_size = 0;
  Fibre *running = nullptr;
  std::vector<Fibre *> all, idle, barrier;
  std::deque<Fibre *> ready;
  std::vector<Warp> warps;
  unsigned n_threads = 0, n_started = 0, n_live = 0;
  bool backwards = false;
  void (*body) (void *) = nullptr;
  void *data = nullptr;

  ~Scheduler ()
  {
    for (Fibre *fibre : all)
      {
        munmap (fibre->stack, STACK);
        delete fibre;
      }
  }
};

std::mutex lock;
Scheduler s;

[[noreturn]] void
die (const char *what)
{
  fprintf (stderr, "kernel on the host: block (%u, %u, %u): %s\n", block_index.x, block_index.y, block_index.z, what);
  abort ();
}

#ifdef __x86_64__
/* Saves what a call must preserve on this stack, goes over to the other. */
asm (".text\n"
     ".type cu_host_switch, @function\n"
     "cu_host_switch:\n"
     "  push %rbp\n  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
     "  mov %rsp, (%rdi)\n"
     "  mov %rsi, %rsp\n"
     "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbx\n  pop %rbp\n"
     "  ret\n"
     ".size cu_host_switch, . - cu_host_switch\n");
extern "C" void cu_host_switch (void **from, void *to);
#endif

void
switch_to (Fibre *from, Fibre *to)
{
#ifdef C2L_ASAN
  const bool is_main = to == &s.main;
  __sanitizer_start_switch_fiber (&from->fake_stack, is_main ? s.main_stack : to->stack, is_main ? s.main_size : STACK);
#endif
#ifdef __x86_64__
  cu_host_switch (&from->sp, to->sp);
#else
  swapcontext (&from->context, &to->context);
#endif
#ifdef C2L_ASAN
  /* Back here. A fibre was resumed by the main stack of whichever thread launches now. */
  __sanitizer_finish_switch_fiber (from->fake_stack, from == &s.main ? nullptr : &s.main_stack,
                                   from == &s.main ? nullptr : &s.main_size);
#endif
}

void
wake (std::vector<Fibre *> &waiting)
{
  s.ready.insert (s.ready.end (), waiting.begin (), waiting.end ());
  waiting.clear ();
}

void
release_warp (Warp &warp)
{
  warp.arrived = 0;
  warp.generation++;
  wake (warp.waiting);
}

void
thread_end (Fibre *fibre)
{
  Warp &warp = s.warps[fibre->thread.warp];

  if (!fibre->copies.copies.empty ())
    die ("a thread ended with copies that nobody waited for");
  warp.live &= ~(1u << fibre->thread.lane);
  s.n_live--;
  if (s.n_live > 0 && s.barrier.size () == s.n_live)
    wake (s.barrier);
  if (warp.arrived != 0 && warp.arrived == (warp.mask & warp.live))
    release_warp (warp);
}

void
thread_begin (Fibre *fibre)
{
  const unsigned at = s.backwards ? s.n_threads - 1 - s.n_started : s.n_started;

  s.n_started++;
  fibre->thread.index = dim3 (at % block.x, at / block.x % block.y, at / (block.x * block.y));
  fibre->thread.lane = at % WARP;
  fibre->thread.warp = at / WARP;
  current = &fibre->thread;
}

[[noreturn]] void
fibre_main ()
{
#ifdef C2L_ASAN
  __sanitizer_finish_switch_fiber (nullptr, &s.main_stack, &s.main_size);
#endif
  for (;;)
    {
      Fibre *self = s.running;

      while (s.n_started < s.n_threads)
        {
          thread_begin (self);
          s.body (s.data);
          thread_end (self);
        }
      s.idle.push_back (self);
      switch_to (self, &s.main);
    }
}

Fibre *
fibre_new ()
{
  Fibre *fibre = new Fibre ();

  fibre->stack = (char *) mmap (nullptr, STACK, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (fibre->stack == MAP_FAILED)
    die ("no memory for a stack");
  s.all.push_back (fibre);
#ifdef __x86_64__
  void **sp = (void **) (fibre->stack + STACK);

  /* As if called: a return address that nobody uses, the entry, six registers. */
  *--sp = nullptr;
  *--sp = (void *) fibre_main;
  sp -= 6;
  memset (sp, 0, 6 * sizeof *sp);
  fibre->sp = sp;
#else
  getcontext (&fibre->context);
  fibre->context.uc_stack.ss_sp = fibre->stack;
  fibre->context.uc_stack.ss_size = STACK;
  fibre->context.uc_link = nullptr;
  makecontext (&fibre->context, fibre_main, 0);
#endif
  return fibre;
}

void
resume (Fibre *fibre)
{
  s.running = fibre;
  current = &fibre->thread;
  switch_to (&s.main, fibre);
}

void
wait_in (std::vector<Fibre *> &waiting)
{
  Fibre *self = s.running;

  waiting.push_back (self);
  switch_to (self, &s.main);
}

void
run_block ()
{
  const unsigned n_warps = (s.n_threads + WARP - 1) / WARP;

  s.n_started = 0;
  s.n_live = s.n_threads;
  s.warps.resize (n_warps);
  for (unsigned i = 0; i < n_warps; i++)
    {
      const unsigned n = s.n_threads - i * WARP;

      s.warps[i].live = n >= WARP ? ~0u : (1u << n) - 1;
      s.warps[i].arrived = 0;
    }
  for (;;)
    {
      Fibre *next;

      if (s.n_started < s.n_threads)
        {
          next = s.idle.empty () ? fibre_new () : s.idle.back ();
          if (!s.idle.empty ())
            s.idle.pop_back ();
        }
      else if (!s.ready.empty ())
        {
          next = s.ready.front ();
          s.ready.pop_front ();
        }
      else
        break;
      resume (next);
    }
  if (s.n_live > 0)
    die ("threads wait for others that never come (a barrier or a warp operation that not all reach)");
}
}

Thread *current;
dim3 grid, block, block_index;
char *dynamic_shared;

void
launch (dim3 grid_size, dim3 block_size, size_t shared, void (*body) (void *), void *data)
{
  std::lock_guard<std::mutex> guard (lock);
  const uint64_t n_threads = (uint64_t) block_size.x * block_size.y * block_size.z;

  grid = grid_size;
  block = block_size;
  block_index = dim3 (0, 0, 0);
  if (n_threads < 1 || n_threads > 1024 || grid.x < 1 || grid.y < 1 || grid.z < 1 || grid.x > 0x7fffffff || grid.y > 65535
      || grid.z > 65535 || shared > 227 << 10)
    die ("no GPU could launch this: grid, block or shared memory are outside of its limits");
  s.n_threads = (unsigned) n_threads;
  s.body = body;
  s.data = data;
  for (block_index.z = 0; block_index.z < grid.z; block_index.z++)
    for (block_index.y = 0; block_index.y < grid.y; block_index.y++)
      for (block_index.x = 0; block_index.x < grid.x; block_index.x++)
        {
          /* Of exactly this size, so that the sanitizer sees what reaches beyond. */
          dynamic_shared = shared > 0 ? (char *) aligned_alloc (16, (shared + 15) & ~(size_t) 15) : nullptr;
          if (shared > 0)
            memset (dynamic_shared, 0xff, shared);
          s.backwards = ((block_index.x + block_index.y + block_index.z) & 1) != 0;
          run_block ();
          free (dynamic_shared);
        }
}

void
sync_block ()
{
  if (s.barrier.size () + 1 == s.n_live)
    wake (s.barrier);
  else
    wait_in (s.barrier);
}

const char *
exchange (unsigned mask, const void *mine, size_t size)
{
  Warp &warp = s.warps[current->warp];
  const unsigned bit = 1u << current->lane;
  char *slots = warp.slots[warp.generation & 1];

  if ((mask & bit) == 0)
    die ("a lane takes part in a warp operation whose mask leaves it out");
  if (warp.arrived != 0 && warp.mask != mask)
    die ("lanes of one warp have different masks");
  if (size > 0)
    memcpy (slots + current->lane * SLOT, mine, size);
  warp.mask = mask;
  warp.arrived |= bit;
  if (warp.arrived == (mask & warp.live))
    release_warp (warp);
  else
    wait_in (warp.waiting);
  return slots;
}

void
copy_later (void *to, const void *from, size_t size)
{
  s.running->copies.copies.push_back ({ to, from, size });
  memset (to, 0xff, size);
}

void
copy_commit ()
{
  s.running->copies.groups.push_back (s.running->copies.copies.size ());
}

void
copy_wait (unsigned n_left)
{
  Copies &c = s.running->copies;

  if (c.groups.size () <= n_left)
    return;

  const size_t n_groups = c.groups.size () - n_left, n = c.groups[n_groups - 1];

  for (size_t i = 0; i < n; i++)
    if (c.copies[i].from != nullptr)
      memcpy (c.copies[i].to, c.copies[i].from, c.copies[i].size);
    else
      memset (c.copies[i].to, 0, c.copies[i].size);
  c.copies.erase (c.copies.begin (), c.copies.begin () + n);
  c.groups.erase (c.groups.begin (), c.groups.begin () + n_groups);
  for (size_t &end : c.groups)
    end -= n;
}
}
