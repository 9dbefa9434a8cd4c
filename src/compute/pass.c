/* The recorded pass: holds tensors and operations, plans memory, runs. Knows no operation's
 * meaning: shapes are checked in ops-*.c, work is done by the device. The pass owns its tensors;
 * weights are referenced until it goes. */
#include "compute/pass-private.h"

#include <string.h>

#define ALIGNMENT 64

struct _C2lPass
{
  C2lDevice *device;
  C2lPrecision precision;
  char *name;
  GPtrArray *tensors; /* C2lTensor, owned */
  GPtrArray *ops;     /* C2lOp, owned */
  GPtrArray *weights; /* C2lTensor, referenced */
  GHashTable *named;  /* char * → C2lTensor */
  GPtrArray *kept;    /* names, owned by `named` */
  GError *error;      /* the first mistake of the recording */
  gboolean taps;
  gboolean compiled;
  GArray *segments; /* Segment, where the device can capture: made by the second run */
  gboolean has_run;
  gpointer arena, scratch;
  gsize arena_size, scratch_size;
  double flops;
  gboolean profiling;
  gint64 profile[C2L_N_OPS]; /* µs */
};

/* Operations that are captured together: up to one with a mark, which the host must see in between.
 */
typedef struct
{
  guint first, end;
  gpointer capture; /* (nullable): it could not be captured */
} Segment;

C2lPass *
c2l_pass_new (C2lDevice *device, C2lPrecision precision, const char *name)
{
  C2lPass *pass = g_new0 (C2lPass, 1);

  pass->device = c2l_device_ref (device);
  pass->precision = precision;
  pass->name = g_strdup (name);
  pass->tensors = g_ptr_array_new ();
  pass->ops = g_ptr_array_new ();
  pass->weights = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_tensor_unref);
  pass->named = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  pass->kept = g_ptr_array_new ();
  if (!c2l_device_supports (device, precision))
    c2l_pass_fail (pass, C2L_COMPUTE_ERROR_UNSUPPORTED,
                   "This device (%s) has no precision “%s”: choose another one",
                   c2l_device_get_description (device), c2l_precision_get_name (precision));
  return pass;
}

/* Memory of its own: inputs and kept results. Everything else lies in the arena or in another
 * tensor. */
static gboolean
tensor_owns_memory (const C2lTensor *tensor)
{
  return !tensor->base && (tensor->kind == C2L_TENSOR_INPUT || tensor->kept);
}

void
c2l_pass_free (C2lPass *pass)
{
  g_return_if_fail (pass != NULL);

  C2lDevice *device = pass->device;

  for (guint i = 0; pass->segments && i < pass->segments->len; i++)
    {
      Segment *segment = &g_array_index (pass->segments, Segment, i);
      if (segment->capture)
        device->klass->free_capture (device, segment->capture);
    }
  g_clear_pointer (&pass->segments, g_array_unref);
  for (guint i = 0; i < pass->ops->len; i++)
    {
      C2lOp *op = g_ptr_array_index (pass->ops, i);
      if (op->plan && device->ops[op->kind].release)
        device->ops[op->kind].release (device, op);
      g_free (op);
    }
  for (guint i = 0; i < pass->tensors->len; i++)
    {
      C2lTensor *tensor = g_ptr_array_index (pass->tensors, i);
      if (tensor_owns_memory (tensor) && tensor->data)
        device->klass->free (device, tensor->data);
      g_free (tensor);
    }
  if (pass->arena)
    device->klass->free (device, pass->arena);
  if (pass->scratch)
    device->klass->free (device, pass->scratch);
  g_ptr_array_unref (pass->ops);
  g_ptr_array_unref (pass->tensors);
  g_ptr_array_unref (pass->weights);
  g_ptr_array_unref (pass->kept);
  g_hash_table_unref (pass->named);
  g_clear_error (&pass->error);
  g_free (pass->name);
  c2l_device_unref (device);
  g_free (pass);
}

C2lDevice *
c2l_pass_get_device (C2lPass *pass)
{
  return pass->device;
}

C2lPrecision
c2l_pass_get_precision (C2lPass *pass)
{
  return pass->precision;
}

C2lDtype
c2l_pass_get_compute_dtype (C2lPass *pass)
{
  switch (pass->precision)
    {
    case C2L_PRECISION_BF16:
      return C2L_BF16;
    case C2L_PRECISION_FP16:
      return C2L_F16;
    default:
      return C2L_F32;
    }
}

void
c2l_pass_fail (C2lPass *pass, C2lComputeError code, const char *format, ...)
{
  if (pass->error)
    return;

  va_list args;

  va_start (args, format);
  pass->error = g_error_new_valist (C2L_COMPUTE_ERROR, code, format, args);
  va_end (args);
}

gboolean
c2l_pass_has_failed (C2lPass *pass)
{
  return pass->error != NULL;
}

static C2lTensor *
pass_new_tensor (C2lPass *pass, C2lTensorKind kind, C2lDtype dtype, int n_dims, const gint64 *dims)
{
  g_return_val_if_fail (n_dims >= 0 && n_dims <= C2L_MAX_DIMS, NULL);

  gsize size = c2l_dtype_get_size (dtype);

  for (int i = 0; i < n_dims; i++)
    if (dims[i] < 0 || !g_size_checked_mul (&size, size, (gsize) dims[i]) || size > G_MAXSSIZE / 2)
      {
        c2l_pass_fail (pass, C2L_COMPUTE_ERROR_SHAPE,
                       "%s: a tensor's size overflows: the model's sizes are damaged", pass->name);
        return NULL;
      }

  C2lTensor *tensor = g_new0 (C2lTensor, 1);

  tensor->kind = kind;
  tensor->dtype = dtype;
  tensor->n_dims = n_dims;
  /* One by one: a scalar's @dims may be NULL, which memcpy() must not see. */
  for (int i = 0; i < n_dims; i++)
    tensor->dims[i] = dims[i];
  tensor->device = pass->device;
  tensor->first_op = tensor->last_op = -1;
  g_ptr_array_add (pass->tensors, tensor);
  return tensor;
}

/* Device memory; a failure is the recording's. */
static gpointer
pass_alloc (C2lPass *pass, gsize size)
{
  gpointer memory = pass->device->klass->alloc (pass->device, size);

  if (!memory && !pass->error && !c2l_device_is_lost (pass->device, &pass->error))
    c2l_pass_fail (pass, C2L_COMPUTE_ERROR_MEMORY,
                   "%s: not enough memory for %.1f MiB: draw fewer or smaller pictures at once",
                   pass->name, (double) size / (1 << 20));
  return memory;
}

/* Gives @tensor memory of its own. */
static gboolean
pass_allocate (C2lPass *pass, C2lTensor *tensor)
{
  gsize size = c2l_tensor_get_size (tensor);

  tensor->data = pass_alloc (pass, size);
  return tensor->data != NULL;
}

static void
pass_name_tensor (C2lPass *pass, const char *name, C2lTensor *tensor)
{
  g_hash_table_replace (pass->named, g_strdup (name), tensor);
}

C2lTensor *
c2l_pass_add_input (C2lPass *pass, const char *name, C2lDtype dtype, int n_dims, const gint64 *dims)
{
  g_return_val_if_fail (!pass->compiled, NULL);

  C2lTensor *tensor = pass_new_tensor (pass, C2L_TENSOR_INPUT, dtype, n_dims, dims);

  if (!tensor || !pass_allocate (pass, tensor))
    return NULL;
  if (name)
    pass_name_tensor (pass, name, tensor);
  return tensor;
}

C2lTensor *
c2l_pass_add_constant (C2lPass *pass,
                       C2lDtype dtype,
                       int n_dims,
                       const gint64 *dims,
                       gconstpointer data)
{
  C2lTensor *tensor = c2l_pass_add_input (pass, NULL, dtype, n_dims, dims);

  if (tensor)
    c2l_tensor_write (tensor, data, c2l_tensor_get_size (tensor));
  return tensor;
}

static C2lTensor *
tensor_get_root (C2lTensor *tensor)
{
  while (tensor->base)
    tensor = tensor->base;
  return tensor;
}

void
c2l_pass_keep (C2lPass *pass, const char *name, C2lTensor *tensor)
{
  g_return_if_fail (!pass->compiled);
  if (!tensor)
    return;
  tensor->kept = TRUE;
  tensor_get_root (tensor)->kept = TRUE;
  if (!name)
    return;
  if (!g_hash_table_contains (pass->named, name))
    {
      pass_name_tensor (pass, name, tensor);
      gpointer stored;
      g_hash_table_lookup_extended (pass->named, name, &stored, NULL);
      g_ptr_array_add (pass->kept, stored);
    }
  else if (g_hash_table_lookup (pass->named, name) != tensor)
    c2l_pass_fail (pass, C2L_COMPUTE_ERROR_FAILED, "%s: two tensors are called “%s”", pass->name,
                   name);
}

void
c2l_pass_enable_taps (C2lPass *pass)
{
  pass->taps = TRUE;
}

gboolean
c2l_pass_has_taps (C2lPass *pass)
{
  return pass->taps;
}

void
c2l_pass_tap (C2lPass *pass, C2lTensor *tensor, const char *format, ...)
{
  if (!pass->taps || !tensor)
    return;

  g_autofree char *name = NULL;
  va_list args;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);
  c2l_pass_keep (pass, name, tensor);
}

C2lTensor *
c2l_pass_lookup (C2lPass *pass, const char *name)
{
  return g_hash_table_lookup (pass->named, name);
}

const char **
c2l_pass_list_kept (C2lPass *pass)
{
  const char **names = g_new0 (const char *, pass->kept->len + 1);

  for (guint i = 0; i < pass->kept->len; i++)
    names[i] = g_ptr_array_index (pass->kept, i);
  return names;
}

void
c2l_pass_add_flops (C2lPass *pass, double flops)
{
  pass->flops += flops;
}

C2lTensor *
c2l_pass_record (C2lPass *pass,
                 const C2lOp *template,
                 C2lDtype dtype,
                 int n_dims,
                 const gint64 *dims)
{
  g_return_val_if_fail (!pass->compiled, NULL);

  if (!pass->device->ops[template->kind].run)
    {
      c2l_pass_fail (pass, C2L_COMPUTE_ERROR_UNSUPPORTED,
                     "%s: this device (%s) lacks the operation “%s”", pass->name,
                     c2l_device_get_description (pass->device),
                     c2l_op_kind_get_name (template->kind));
      return NULL;
    }

  C2lTensor *out = pass_new_tensor (pass, C2L_TENSOR_INTERMEDIATE, dtype, n_dims, dims);

  if (!out)
    return NULL;

  C2lOp *op = g_memdup2 (template, sizeof *template);

  op->out = out;
  for (int i = 0; i < op->n_in; i++)
    if (op->in[i] && op->in[i]->kind == C2L_TENSOR_WEIGHT)
      g_ptr_array_add (pass->weights, c2l_tensor_ref (op->in[i]));
  g_ptr_array_add (pass->ops, op);
  return out;
}

C2lTensor *
c2l_pass_record_in_place (C2lPass *pass, const C2lOp *template, C2lTensor *variable)
{
  if (!tensor_get_root (variable)->is_variable)
    {
      g_autofree char *text = c2l_tensor_to_string (variable);

      c2l_pass_fail (pass, C2L_COMPUTE_ERROR_SHAPE,
                     "%s: %s: %s is no variable and cannot be changed", pass->name,
                     c2l_op_kind_get_name (template->kind), text);
      return NULL;
    }

  C2lTensor *view = c2l_pass_record_view (pass, variable, 0, variable->n_dims, variable->dims);
  C2lTensor *out = view ? c2l_pass_record (pass, template, C2L_F32, 0, NULL) : NULL;

  if (!out)
    return NULL;

  /* The result that c2l_pass_record() made stays behind, without memory or readers. */
  C2lOp *op = g_ptr_array_index (pass->ops, pass->ops->len - 1);

  op->out = view;
  op->is_in_place = TRUE;
  return view;
}

void
c2l_pass_mark (C2lPass *pass, C2lPassMark function, gpointer user_data)
{
  g_return_if_fail (!pass->compiled);

  if (pass->error || pass->ops->len == 0)
    return;

  C2lOp *op = g_ptr_array_index (pass->ops, pass->ops->len - 1);

  op->mark = function;
  op->mark_data = user_data;
}

C2lTensor *
c2l_pass_record_view (C2lPass *pass, C2lTensor *base, gsize offset, int n_dims, const gint64 *dims)
{
  C2lTensor *view = pass_new_tensor (pass, C2L_TENSOR_INTERMEDIATE, base->dtype, n_dims, dims);

  if (!view)
    return NULL;
  if (base->kind == C2L_TENSOR_WEIGHT)
    g_ptr_array_add (pass->weights, c2l_tensor_ref (base));
  view->base = base;
  view->base_offset = offset;
  return view;
}

/* --- planning: life times, then a free list over one arena, in the order of the operations --- */

static void
op_free (C2lPass *pass, guint index)
{
  g_free (g_ptr_array_steal_index (pass->ops, index));
}

/* Drops operations whose results nobody reads. */
static void
pass_drop_dead_ops (C2lPass *pass)
{
  g_autoptr (GHashTable) read = g_hash_table_new (NULL, NULL);

  for (guint i = pass->ops->len; i-- > 0;)
    {
      C2lOp *op = g_ptr_array_index (pass->ops, i);

      if (!op->out->kept && !op->is_in_place && !op->mark && !g_hash_table_contains (read, op->out))
        {
          op_free (pass, i);
          continue;
        }
      for (int j = 0; j < op->n_in; j++)
        if (op->in[j])
          g_hash_table_add (read, tensor_get_root (op->in[j]));
    }
}

static void
pass_find_life_times (C2lPass *pass)
{
  for (guint i = 0; i < pass->ops->len; i++)
    {
      C2lOp *op = g_ptr_array_index (pass->ops, i);

      op->out->first_op = op->out->last_op = (int) i;
      for (int j = 0; j < op->n_in; j++)
        if (op->in[j])
          tensor_get_root (op->in[j])->last_op = (int) i;
    }
}

typedef struct
{
  gsize offset, size;
} FreeBlock;

static gsize
free_list_take (GArray *blocks, gsize size, gsize *end)
{
  guint best = G_MAXUINT;

  for (guint i = 0; i < blocks->len; i++)
    {
      FreeBlock *block = &g_array_index (blocks, FreeBlock, i);
      if (block->size >= size
          && (best == G_MAXUINT || block->size < g_array_index (blocks, FreeBlock, best).size))
        best = i;
    }
  if (best != G_MAXUINT)
    {
      FreeBlock *block = &g_array_index (blocks, FreeBlock, best);
      gsize offset = block->offset;
      block->offset += size;
      block->size -= size;
      if (block->size == 0)
        g_array_remove_index (blocks, best);
      return offset;
    }
  /* Grow: a free block at the end is the beginning of the new one. */
  if (blocks->len > 0)
    {
      FreeBlock last = g_array_index (blocks, FreeBlock, blocks->len - 1);
      if (last.offset + last.size == *end)
        {
          g_array_set_size (blocks, blocks->len - 1);
          *end = last.offset + size;
          return last.offset;
        }
    }
  gsize offset = *end;
  *end += size;
  return offset;
}

static void
free_list_give (GArray *blocks, gsize offset, gsize size)
{
  guint i = 0;

  while (i < blocks->len && g_array_index (blocks, FreeBlock, i).offset < offset)
    i++;
  FreeBlock block = { offset, size };
  g_array_insert_val (blocks, i, block);
  if (i + 1 < blocks->len)
    {
      FreeBlock *this = &g_array_index (blocks, FreeBlock, i);
      FreeBlock *next = &g_array_index (blocks, FreeBlock, i + 1);
      if (this->offset + this->size == next->offset)
        {
          this->size += next->size;
          g_array_remove_index (blocks, i + 1);
        }
    }
  if (i > 0)
    {
      FreeBlock *previous = &g_array_index (blocks, FreeBlock, i - 1);
      FreeBlock *this = &g_array_index (blocks, FreeBlock, i);
      if (previous->offset + previous->size == this->offset)
        {
          previous->size += this->size;
          g_array_remove_index (blocks, i);
        }
    }
}

static gsize
tensor_get_aligned_size (const C2lTensor *tensor)
{
  return (c2l_tensor_get_size (tensor) + ALIGNMENT - 1) & ~(gsize) (ALIGNMENT - 1);
}

static gboolean
tensor_is_in_arena (const C2lTensor *tensor)
{
  return tensor->kind == C2L_TENSOR_INTERMEDIATE && !tensor->base && !tensor->kept;
}

static void
pass_plan_arena (C2lPass *pass)
{
  g_autoptr (GArray) blocks = g_array_new (FALSE, FALSE, sizeof (FreeBlock));

  for (guint i = 0; i < pass->ops->len; i++)
    {
      C2lOp *op = g_ptr_array_index (pass->ops, i);

      if (tensor_is_in_arena (op->out))
        op->out->arena_offset
            = free_list_take (blocks, tensor_get_aligned_size (op->out), &pass->arena_size);
      for (int j = 0; j < op->n_in; j++)
        {
          C2lTensor *root = op->in[j] ? tensor_get_root (op->in[j]) : NULL;
          if (!root || !tensor_is_in_arena (root) || root->last_op != (int) i)
            continue;
          free_list_give (blocks, root->arena_offset, tensor_get_aligned_size (root));
          root->last_op = -2; /* given back: the same tensor may be read twice by this operation */
        }
    }
}

static gboolean
pass_allocate_memory (C2lPass *pass)
{
  if (pass->arena_size > 0 && !(pass->arena = pass_alloc (pass, pass->arena_size)))
    return FALSE;
  for (guint i = 0; i < pass->tensors->len; i++)
    {
      C2lTensor *tensor = g_ptr_array_index (pass->tensors, i);

      if (tensor_is_in_arena (tensor))
        tensor->data = (char *) pass->arena + tensor->arena_offset;
      else if (tensor_owns_memory (tensor) && !tensor->data && !pass_allocate (pass, tensor))
        return FALSE;
    }
  /* Views were made after what they look at. */
  for (guint i = 0; i < pass->tensors->len; i++)
    {
      C2lTensor *tensor = g_ptr_array_index (pass->tensors, i);
      if (tensor->base)
        tensor->data = (char *) tensor->base->data + tensor->base_offset;
    }
  return TRUE;
}

static gboolean
pass_prepare_ops (C2lPass *pass)
{
  C2lDevice *device = pass->device;

  for (guint i = 0; i < pass->ops->len; i++)
    {
      C2lOp *op = g_ptr_array_index (pass->ops, i);
      const C2lOpImpl *impl = &device->ops[op->kind];

      if (impl->prepare && !impl->prepare (device, pass->precision, op, &pass->error))
        return FALSE;
      pass->scratch_size = MAX (pass->scratch_size, op->scratch_size);
    }
  if (pass->scratch_size > 0 && !(pass->scratch = pass_alloc (pass, pass->scratch_size)))
    return FALSE;
  for (guint i = 0; i < pass->ops->len; i++)
    ((C2lOp *) g_ptr_array_index (pass->ops, i))->scratch = pass->scratch;
  return TRUE;
}

gboolean
c2l_pass_compile (C2lPass *pass, GError **error)
{
  g_return_val_if_fail (!pass->compiled, FALSE);

  if (!pass->error)
    {
      if (pass->device->klass->begin)
        pass->device->klass->begin (pass->device);
      pass_drop_dead_ops (pass);
      pass_find_life_times (pass);
      pass_plan_arena (pass);
      pass->compiled = pass_allocate_memory (pass) && pass_prepare_ops (pass);
    }
  if (pass->error)
    {
      g_propagate_error (error, g_error_copy (pass->error));
      return FALSE;
    }
  return TRUE;
}

/* --- running --- */

static C2lOp *
pass_get_op (C2lPass *pass, guint i)
{
  return g_ptr_array_index (pass->ops, i);
}

static void
pass_refresh_ops (C2lPass *pass)
{
  for (guint i = 0; i < pass->ops->len; i++)
    {
      C2lOp *op = pass_get_op (pass, i);
      const C2lOpImpl *impl = &pass->device->ops[op->kind];

      if (impl->refresh)
        impl->refresh (pass->device, op);
    }
}

/* What the host does when an operation has run, or is sure to run next: whatever a mark begins on
 * the device, or reads from it, comes behind it. */
static void
op_finish (C2lOp *op)
{
  if (op->is_in_place)
    tensor_get_root (op->out)->generation++;
  if (op->mark)
    op->mark (op->mark_data);
}

static gboolean
device_wait (C2lDevice *device, GError **error)
{
  return device->klass->synchronize ? device->klass->synchronize (device, error) : TRUE;
}

static gboolean
pass_run_ops (C2lPass *pass, guint first, guint end, GCancellable *cancellable, GError **error)
{
  C2lDevice *device = pass->device;

  for (guint i = first; i < end; i++)
    {
      C2lOp *op = pass_get_op (pass, i);
      gint64 start = pass->profiling ? g_get_monotonic_time () : 0;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      device->ops[op->kind].run (device, op);
      if (pass->profiling && !device_wait (device, error))
        return FALSE;
      op_finish (op);
      if (pass->profiling)
        pass->profile[op->kind] += g_get_monotonic_time () - start;
    }
  return TRUE;
}

static gpointer
pass_capture (C2lPass *pass, guint first, guint end)
{
  C2lDevice *device = pass->device;

  if (!device->klass->begin_capture (device))
    return NULL;
  for (guint i = first; i < end; i++)
    {
      C2lOp *op = pass_get_op (pass, i);
      device->ops[op->kind].run (device, op);
    }
  return device->klass->end_capture (device);
}

static void
pass_capture_segments (C2lPass *pass)
{
  pass->segments = g_array_new (FALSE, FALSE, sizeof (Segment));
  for (guint i = 0; i < pass->ops->len;)
    {
      Segment segment = { .first = i };

      while (i < pass->ops->len && !pass_get_op (pass, i++)->mark)
        ;
      segment.end = i;
      segment.capture = pass_capture (pass, segment.first, segment.end);
      g_array_append_val (pass->segments, segment);
    }
}

static gboolean
pass_run_segment (C2lPass *pass, const Segment *segment, GCancellable *cancellable, GError **error)
{
  C2lDevice *device = pass->device;

  if (!segment->capture)
    return pass_run_ops (pass, segment->first, segment->end, cancellable, error);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  device->klass->replay (device, segment->capture);
  for (guint i = segment->first; i < segment->end; i++)
    op_finish (pass_get_op (pass, i));
  return TRUE;
}

static gboolean
pass_run_segments (C2lPass *pass, GCancellable *cancellable, GError **error)
{
  for (guint i = 0; i < pass->segments->len; i++)
    if (!pass_run_segment (pass, &g_array_index (pass->segments, Segment, i), cancellable, error))
      return FALSE;
  return TRUE;
}

gboolean
c2l_pass_run (C2lPass *pass, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (pass->compiled, FALSE);

  C2lDevice *device = pass->device;
  gboolean done;

  if (device->klass->begin)
    device->klass->begin (device);
  pass_refresh_ops (pass);
  /* The first run is one by one: a pass that runs once is not worth a capture, and kernels are
   * loaded when they first run. */
  if (pass->has_run && !pass->segments && !pass->profiling && device->klass->begin_capture)
    pass_capture_segments (pass);
  pass->has_run = TRUE;
  if (pass->segments && !pass->profiling)
    done = pass_run_segments (pass, cancellable, error);
  else
    done = pass_run_ops (pass, 0, pass->ops->len, cancellable, error);
  /* Whatever was begun ends before the caller goes on, the cancelled included. */
  return device_wait (device, done ? error : NULL) && done;
}

gsize
c2l_pass_get_arena_size (C2lPass *pass)
{
  return pass->arena_size + pass->scratch_size;
}

double
c2l_pass_get_flops (C2lPass *pass)
{
  return pass->flops;
}

void
c2l_pass_enable_profile (C2lPass *pass)
{
  pass->profiling = TRUE;
}

char *
c2l_pass_dup_profile (C2lPass *pass)
{
  GString *text = g_string_new (NULL);

  for (guint kind = 0; kind < C2L_N_OPS; kind++)
    if (pass->profile[kind] > 0)
      {
        g_string_append_printf (text, "%-20s %10.3f ms\n", c2l_op_kind_get_name (kind),
                                pass->profile[kind] * 1e-3);
        pass->profile[kind] = 0;
      }
  return g_string_free (text, FALSE);
}
