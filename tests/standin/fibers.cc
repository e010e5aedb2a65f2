/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "fibers.h"
#include "inside.h"
#include <sys/mman.h>

#if !defined(__x86_64__)
#error "the stand-in switches fibers on x86-64 only"
#endif

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { STACK = 256 << 10 };
#else
enum { STACK = 64 << 10 };
#endif
enum { GUARD = 4096, SAVED = 6 };

/* The ABI's callee-saved registers go on the stack; the rest the compiler has saved around the call. */
extern "C" void standin_switch(void **from, void *to);
asm(".text\n.globl standin_switch\n.type standin_switch,@function\n"
    "standin_switch:\n"
    "\tpushq %rbp\n\tpushq %rbx\n\tpushq %r12\n\tpushq %r13\n\tpushq %r14\n\tpushq %r15\n"
    "\tmovq %rsp, (%rdi)\n\tmovq %rsi, %rsp\n"
    "\tpopq %r15\n\tpopq %r14\n\tpopq %r13\n\tpopq %r12\n\tpopq %rbx\n\tpopq %rbp\n\tret\n"
    ".size standin_switch, .-standin_switch\n");

struct standin_fiber *standin_fiber_make(void (*start)(void))
{
	char *memory = (char *)mmap(NULL, GUARD + STACK, PROT_READ | PROT_WRITE,
	                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED || mprotect(memory, GUARD, PROT_NONE) != 0)
		standin_fatal("no memory for the stack of a thread");
	struct standin_fiber *f = new standin_fiber();
	f->stack = memory + GUARD;
	f->stack_bytes = STACK;
	void **top = (void **)(f->stack + STACK);
	*--top = NULL;   /* start is called by nobody, at the alignment that a call has */
	*--top = (void *)start;
	for (int i = 0; i < SAVED; i++)
		*--top = NULL;
	f->sp = top;
	return f;
}

void standin_fiber_free(struct standin_fiber *f)
{
#if defined(__SANITIZE_THREAD__)
	__tsan_destroy_fiber(f->tsan);
#endif
	munmap(f->stack - GUARD, GUARD + STACK);
	delete f;
}

#if defined(__SANITIZE_ADDRESS__)
/* Where it was come from: a host's own stack is known only so. */
static struct standin_fiber *left;

static void finish(void *fake)
{
	const void *bottom;
	size_t bytes;
	__sanitizer_finish_switch_fiber(fake, &bottom, &bytes);
	left->stack = (char *)(uintptr_t)bottom;
	left->stack_bytes = bytes;
}
#endif

UNSEEN void standin_fiber_switch(struct standin_fiber *from, struct standin_fiber *to)
{
#if defined(__SANITIZE_ADDRESS__)
	__sanitizer_start_switch_fiber(&from->fake, to->stack, to->stack_bytes);
	left = from;
#endif
	standin_switch(&from->sp, to->sp);
#if defined(__SANITIZE_ADDRESS__)
	finish(from->fake);
#endif
}

UNSEEN void standin_fiber_began(void)
{
#if defined(__SANITIZE_ADDRESS__)
	finish(NULL);
#endif
}
