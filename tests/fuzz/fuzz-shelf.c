/* The reader of a model's shelf of directions: what it takes, it can write and take again. */
#include "studio/shelf-private.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  C2lWeights *const none[C2L_N_ROLES] = { NULL };
  g_autoptr (C2lBundle) bundle = c2l_bundle_new_from_weights ("fuzz", none);
  g_autofree char *notice = NULL;
  g_autoptr (C2lShelf) shelf = c2l_shelf_open_file (bundle, NULL, &notice), again = c2l_shelf_open_file (bundle, NULL, &notice);

  if (c2l_shelf_read_json (shelf, (const char *) data, size, "fuzz", NULL))
    {
      g_autofree char *written = c2l_shelf_to_json (shelf), *rewritten = NULL;

      g_assert_true (c2l_shelf_read_json (again, written, -1, "fuzz", NULL));
      rewritten = c2l_shelf_to_json (again);
      g_assert_cmpstr (rewritten, ==, written);
    }
  return 0;
}
