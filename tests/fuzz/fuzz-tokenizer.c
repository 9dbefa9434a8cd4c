/* The reader of merges, and the way of a prompt to its tokens. Text before the first U+0001 is a file of merges, the rest a
 * prompt; without one, everything is a prompt. */
#include "models/tokenizer.h"

#include <string.h>

#define CONTEXT 16

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const guint8 *mark = memchr (data, 1, size);
  gsize merges_size = mark != NULL ? (gsize) (mark - data) : 0;
  const guint8 *prompt = mark != NULL ? mark + 1 : data;
  g_autofree char *text = g_strndup ((const char *) prompt, data + size - prompt);
  g_autoptr (C2lTokenizer) tokenizer = c2l_tokenizer_parse (data, merges_size, "fuzz", 0, NULL);
  g_autoptr (GArray) all = NULL;
  g_auto (GStrv) unknown = NULL;
  g_autofree char *dropped = NULL;
  gint32 ids[CONTEXT];
  int n;

  if (tokenizer == NULL)
    return 0;
  all = c2l_tokenizer_encode_all (tokenizer, (const char *) prompt, data + size - prompt);
  unknown = c2l_tokenizer_list_unknown_words (tokenizer, text);
  n = c2l_tokenizer_encode (tokenizer, text, ids, CONTEXT, &dropped);
  g_assert_cmpint (n, <=, CONTEXT);
  for (int i = 0; i < CONTEXT; i++)
    g_assert_true (ids[i] >= 0 && ids[i] < c2l_tokenizer_get_vocab_size (tokenizer));
  return 0;
}
