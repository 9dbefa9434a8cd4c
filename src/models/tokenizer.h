/* C2lTokenizer: CLIP's byte-pair tokens of a prompt (REFERENCE section 1). The vocabulary follows
 * from a file of merges; a loaded tokenizer does not change and may be used from several threads.
 *
 *   g_autoptr (C2lTokenizer) tokenizer = c2l_tokenizer_load ("data/merges.txt.gz", 49408, &error);
 *   gint32 ids[77];
 *   g_autofree char *dropped = NULL;
 *   c2l_tokenizer_encode (tokenizer, "a person with red hair", ids, 77, &dropped);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _C2lTokenizer C2lTokenizer;

/* Tokens of OpenAI's models. The file that they were published with goes on behind the merges that
 * make them: it has more than five times as many. */
#define C2L_TOKENIZER_PUBLISHED_SIZE 49408

/* c2l_tokenizer_load:
 * @path: a file of merges, plain or gzip: a comment line, then two symbols a line
 * @vocab_size: rows of the model's token table: 512 bytes, as many merges as that leaves room for,
 * start
 *   and end token;
 *   0 takes all merges of the file
 * A file with fewer merges than @vocab_size needs is an error (C2L_FORMAT_ERROR). */
C2lTokenizer *c2l_tokenizer_load (const char *path, int vocab_size, GError **error);

/* The same from memory; @name stands in messages. */
C2lTokenizer *c2l_tokenizer_parse (gconstpointer data, gsize size, const char *name, int vocab_size,
                                   GError **error);
void          c2l_tokenizer_free (C2lTokenizer *tokenizer);

int           c2l_tokenizer_get_vocab_size (C2lTokenizer *tokenizer);
/* Whether the file has merges beyond those that the vocabulary has room for. */
gboolean      c2l_tokenizer_is_part (C2lTokenizer *tokenizer);
gint32        c2l_tokenizer_get_start (C2lTokenizer *tokenizer);
gint32        c2l_tokenizer_get_end (C2lTokenizer *tokenizer);

/* c2l_tokenizer_encode:
 * @ids: [@context] receives start, the tokens of @text, end, then zeros
 * @dropped: (out) (optional): the words at the end of the cleaned text that did not fit, the first
 * of
 *   them perhaps in part;
 *   NULL where everything did. The end token is always there.
 * Returns the number of tokens with start and end. */
int           c2l_tokenizer_encode (C2lTokenizer *tokenizer, const char *text, gint32 *ids, int context,
                                    char **dropped);

/* Ids of the whole text, without start and end: (element-type gint32) (transfer full). @length as
 * in c2l_text_cleanup(). */
GArray       *c2l_tokenizer_encode_all (C2lTokenizer *tokenizer, const char *text, gssize length);

/* Words of @text that the vocabulary has no good pieces for, so that a small model ignores or
 * misreads them: those spelt in pieces of one or two letters. (transfer full), NULL-terminated,
 * each word once. */
char        **c2l_tokenizer_list_unknown_words (C2lTokenizer *tokenizer, const char *text);

/* The symbol with this id as the merges file writes it ("red</w>"), NULL past the end. Lent. */
const char   *c2l_tokenizer_get_symbol (C2lTokenizer *tokenizer, gint32 id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (C2lTokenizer, c2l_tokenizer_free)

G_END_DECLS
