/* OpenGL as the module with its kernels on the host sees it: what a test that has a context says. Without, no buffer can be registered. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  gpointer (*map) (guint name, gsize size);
  void (*unmap) (guint name);
} CuHostGl;

/* The module exports it beside what the real one has. @gl: (nullable) */
#define CU_SET_GL_SYMBOL "c2l_cuda_host_set_gl"
typedef void (*CuSetGl) (const CuHostGl *gl);
void c2l_cuda_host_set_gl (const CuHostGl *gl);

G_END_DECLS
